"""What each control is worth: the same prompts and seeds drawn with it and without, measured alike.

A trial gives rows: one picture each, with the condition it was drawn under, a key that is equal for pictures that
differ in the condition alone, and figures. ``statistics`` makes a table of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch

from inference.generation import GenerateItem, LayoutObject, ReferencePicture
from inference.ops.colour import delta_e
from inference.ops.palette_figures import palette_figures
from inference.training.small_sefi import measures
from inference.training.small_sefi.artist import Artist
from inference.training.small_sefi.measures import CHROMATIC, GREY_SURFACES, GREY_WALLS
from inference.training.small_sefi.render import draw
from inference.training.small_sefi.scenes import Says, Scenes, caption, random_scenes
from inference.training.small_sefi.words import COLOURS, KINDS, SURFACES, WALLS
from inference.types import U8

Rng = np.random.Generator
Box = tuple[float, float, float, float]
NONE = "none"
_PREVIEW_STEPS = 8


@dataclass(frozen=True, eq=False)
class Row:
    """One picture: ``figures`` by name; ``rgb`` for the sheet."""

    condition: str
    key: int
    figures: Mapping[str, float]
    rgb: U8


def plain_scenes(count: int, rng: Rng, objects: int) -> Scenes:
    """Scenes of exactly ``objects`` objects of different bright colours on grey grounds: those that can be measured."""
    made = random_scenes(40 * count, rng)
    bright = [list(COLOURS).index(name) for name in CHROMATIC]
    colour = np.stack([rng.permutation(bright)[: made.colour.shape[1]] for _ in range(len(made))])
    walls, surfaces = ([list(table).index(name) for name in names] for table, names in _GREYS)
    made = replace(made, colour=colour, wall=rng.choice(walls, len(made)), surface=rng.choice(surfaces, len(made)))
    kinds = [np.sort(row[row >= 0]) for row in made.kind]
    right = [len(row) == objects and len(set(row)) == objects for row in kinds]
    return chosen(made, np.flatnonzero(right)[:count])


_GREYS: tuple[tuple[Mapping[str, object], Sequence[str]], ...] = ((WALLS, GREY_WALLS), (SURFACES, GREY_SURFACES))


def chosen(scenes: Scenes, rows: Sequence[int] | np.ndarray) -> Scenes:
    """The scenes with these numbers."""
    return Scenes(**{name: values[rows] for name, values in scenes.__dict__.items()})


def other_grounds(scenes: Scenes) -> Scenes:
    """The same scenes, each with the other grey wall and the other grey surface."""
    walls, surfaces = ([list(table).index(name) for name in names] for table, names in _GREYS)
    return replace(scenes, wall=walls[0] + walls[1] - scenes.wall, surface=surfaces[0] + surfaces[1] - scenes.surface)


def pictures(scenes: Scenes, side: int) -> list[U8]:
    """The true pictures, uint8."""
    images = (draw(scenes, side).images * 255.0).round().to(torch.uint8)
    return [np.asarray(image.permute(1, 2, 0)) for image in images]


def adherence(rgb: U8, scenes: Scenes, scene: int) -> dict[str, float]:
    """Shares of what the full caption says that the picture shows: colour, place and kind of each object, grounds."""
    told: dict[str, list[float]] = {"colour": [], "place": [], "kind": []}
    for column in scenes.objects(scene):
        colour = list(COLOURS)[scenes.colour[scene, column]]
        found = measures.find(rgb, colour)
        told["colour"].append(float(found is not None))
        told["place"].append(float(found is not None and measures.place_of(found) == scenes.slot[scene, column]))
        is_kind = found is not None and measures.kind_of(found, colour) == scenes.kind[scene, column]
        told["kind"].append(float(is_kind))
    figures = {name: float(np.mean(values)) for name, values in told.items()}
    figures["wall"] = float(measures.wall_of(rgb) == list(WALLS)[scenes.wall[scene]])
    figures["surface"] = float(measures.surface_of(rgb) == list(SURFACES)[scenes.surface[scene]])
    figures["all right"] = float(min(figures.values()) == 1.0)
    return figures


def rulers(count: int, side: int, seed: int) -> list[Row]:
    """How often the measures are right where the picture is the true one."""
    scenes = plain_scenes(count, np.random.default_rng(seed), 2)
    return [
        Row("true pictures", scene, adherence(rgb, scenes, scene), rgb)
        for scene, rgb in enumerate(pictures(scenes, side))
    ]


def prompts(artist: Artist, count: int, seed: int) -> list[Row]:
    """Guidance: with its own prompt without and with guidance, against another picture's prompt (chance)."""
    scenes = plain_scenes(count, np.random.default_rng(seed), 2)
    items = [GenerateItem(caption(scenes, scene, Says()), seed + scene) for scene in range(count)]
    others = [replace(item, prompt=items[(place + 1) % count].prompt) for place, item in enumerate(items)]
    asked = (("another prompt", others, None), ("no guidance", items, 1.0), ("guidance 3", items, None))
    rows = []
    for condition, these, guidance in asked:
        for scene, rgb in enumerate(artist.draw(these, guidance=guidance)):
            rows.append(Row(condition, scene, adherence(rgb, scenes, scene), rgb))
    return rows


# For how much of the way the product's texture is held; its meaning always is, to the end.
_HELD = (("meaning held, texture free", 0.0), ("exact: texture half the way", 0.5), ("both held to the end", 1.0))


def references(artist: Artist, count: int, seed: int) -> list[Row]:
    """Reference pictures: a product kept in its cells while the prompt asks for other grounds."""
    rng = np.random.default_rng(seed)
    scenes = plain_scenes(count, rng, 1)
    drawn = draw(scenes, artist.side_px)
    truth = pictures(scenes, artist.side_px)
    keeps = [np.asarray((one.amax(dim=0) > 0.5).to(torch.uint8) * 255) for one in drawn.coverage]
    asked = other_grounds(scenes)
    items = [GenerateItem(caption(asked, scene, Says(light=False)), seed + scene) for scene in range(count)]
    rows = []
    for condition, held in ((NONE, None), *_HELD):
        these = items
        if held is not None:
            these = [
                replace(item, reference=ReferencePicture(rgb, keep=_grown(keep), hold_texture=held, hold_semantics=1.0))
                for item, rgb, keep in zip(items, truth, keeps, strict=True)
            ]
        for scene, rgb in enumerate(artist.draw(these)):
            rows.append(Row(condition, scene, _kept(rgb, truth[scene], keeps[scene], asked, scene), rgb))
    cells = [_grown(keep) for keep in keeps]
    codec_alone = (
        ("codec alone: cells in true surroundings", pictures(asked, artist.side_px)),
        ("codec alone: there and back", truth),
    )
    for condition, others in codec_alone:
        for scene, rgb in enumerate(artist.pasted(truth, others, cells)):
            rows.append(Row(condition, scene, _kept(rgb, truth[scene], keeps[scene], asked, scene), rgb))
    return rows


def _grown(keep: U8) -> U8:
    """The cells that the product touches, whole."""
    cells = keep.reshape(keep.shape[0] // 16, 16, -1, 16).max(axis=(1, 3))
    return np.asarray(cells.repeat(16, 0).repeat(16, 1), np.uint8)


def _kept(rgb: U8, truth: U8, keep: U8, asked: Scenes, scene: int) -> dict[str, float]:
    inside = cv2.erode(keep, np.ones((3, 3), np.uint8)) > 0
    (column,) = asked.objects(scene)
    colour = CHROMATIC.index(list(COLOURS)[asked.colour[scene, column]])
    named = measures.colour_names(rgb) == colour
    around = cv2.dilate(keep, np.ones((9, 9), np.uint8)) > 0
    return {
        "product dE00": float(delta_e(rgb[inside], truth[inside]).mean()),
        "spill": float((named & ~around).sum() / max(1, (keep > 0).sum())),
        "wall": float(measures.wall_of(rgb) == list(WALLS)[asked.wall[scene]]),
        "surface": float(measures.surface_of(rgb) == list(SURFACES)[asked.surface[scene]]),
    }


LEFT, MIDDLE, RIGHT = ((left, 0.4, 0.36, 0.48) for left in (0.06, 0.32, 0.58))
_HELD_SHARES = ((NONE, 0.0), ("40 % of the steps", 0.4), ("70 %", 0.7), ("all steps", 1.0))


def layouts_of_one(artist: Artist, count: int, seed: int) -> list[Row]:
    """A box for the only object, whose place the prompt does not name: on the left, in the middle, on the right."""
    scenes = plain_scenes(count, np.random.default_rng(seed), 1)
    boxes = [[(LEFT, MIDDLE, RIGHT)[scene % 3]] for scene in range(count)]
    return _in_boxes(artist, scenes, boxes, seed)


def layouts_of_two(artist: Artist, count: int, seed: int) -> list[Row]:
    """Boxes for two objects in the order in which the prompt names them."""
    scenes = plain_scenes(count, np.random.default_rng(seed), 2)
    return _in_boxes(artist, scenes, [[LEFT, RIGHT]] * count, seed)


def layouts_against(artist: Artist, count: int, seed: int) -> list[Row]:
    """Boxes for two objects against the order in which the prompt names them."""
    scenes = plain_scenes(count, np.random.default_rng(seed), 2)
    return _in_boxes(artist, scenes, [[RIGHT, LEFT]] * count, seed)


def _in_boxes(artist: Artist, scenes: Scenes, boxes: Sequence[Sequence[Box]], seed: int) -> list[Row]:
    """By the mask for growing shares of the steps, by words alone, and by both."""
    items = [_laid(scenes, scene, boxes[scene], seed, Says(places=False, light=False)) for scene in range(len(scenes))]
    slot = scenes.slot.copy()
    for scene in range(len(scenes)):
        slot[scene, scenes.objects(scene)] = [(LEFT, MIDDLE, RIGHT).index(box) for box in boxes[scene]]
    moved = replace(scenes, slot=slot)
    told = [_laid(moved, scene, boxes[scene], seed, Says(light=False)) for scene in range(len(scenes))]
    asked = [(condition, items, share) for condition, share in _HELD_SHARES]
    asked += [("told in words", told, 0.0), ("words and 40 %", told, 0.4)]
    rows = []
    for condition, these, share in asked:
        for scene, rgb in enumerate(artist.draw(these, layout_share=share)):
            rows.append(Row(condition, scene, _placed(rgb, scenes, scene, boxes[scene]), rgb))
    return rows


def _laid(scenes: Scenes, scene: int, boxes: Sequence[Box], seed: int, says: Says) -> GenerateItem:
    names = [scenes.name(scene, column) for column in scenes.objects(scene)]
    layout = tuple(map(LayoutObject, names, boxes))
    return GenerateItem(caption(scenes, scene, says), seed + scene, layout=layout)


def _placed(rgb: U8, scenes: Scenes, scene: int, boxes: Sequence[Sequence[float]]) -> dict[str, float]:
    inside, distances, overlaps, seen = [], [], [], []
    for column, box in zip(scenes.objects(scene), boxes, strict=True):
        found = measures.find(rgb, list(COLOURS)[scenes.colour[scene, column]])
        seen.append(found is not None)
        middle = (box[0] + box[2] / 2, box[1] + box[3] / 2)
        at = (0.5, 0.5) if found is None else found.centre
        inside.append(found is not None and abs(at[0] - middle[0]) < box[2] / 2 and abs(at[1] - middle[1]) < box[3] / 2)
        distances.append(float(np.hypot(at[0] - middle[0], at[1] - middle[1])))
        overlaps.append(0.0 if found is None else measures.overlap(found.box, box))
    return {
        "in its box": float(np.mean(inside)),
        "both in their boxes": float(all(inside)),
        "distance": float(np.mean(distances)),
        "IoU": float(np.mean(overlaps)),
        "both there": float(all(seen)),
    }


def candidates(artist: Artist, count: int, each: int, seed: int) -> list[Row]:
    """Best of N: the candidate whose quick preview keeps most of its prompt, drawn with all steps, for growing N."""
    scenes = plain_scenes(count, np.random.default_rng(seed), 2)
    items = [
        GenerateItem(caption(scenes, scene, Says()), seed + scene * each + one)
        for scene in range(count)
        for one in range(each)
    ]
    marks = [
        score(adherence(rgb, scenes, place // each))
        for place, rgb in enumerate(artist.draw(items, steps=_PREVIEW_STEPS))
    ]
    best = {
        (number, scene): scene * each + int(np.argmax(marks[scene * each : scene * each + number]))
        for number in _growing(each)
        for scene in range(count)
    }
    drawn = sorted(set(best.values()))
    finals = dict(zip(drawn, artist.draw([items[place] for place in drawn]), strict=True))
    return [
        Row(
            NONE if number == 1 else f"best of {number}",
            scene,
            adherence(finals[place], scenes, scene),
            finals[place],
        )
        for (number, scene), place in best.items()
    ]


def score(figures: Mapping[str, float]) -> float:
    """By which candidates are put in order."""
    return float(np.mean([value for name, value in figures.items() if name != "all right"]))


def _growing(most: int) -> Iterable[int]:
    number = 1
    while number <= most:
        yield number
        number *= 2


BRANDS: tuple[tuple[str, ...], ...] = (
    ("#1b4d3e", "#f4e9d8", "#c96f4a"),
    ("#28325a", "#a4c8e4", "#e8e4da"),
    ("#e2b2b2", "#6a4832", "#f0e8dc"),
    ("#b0dac2", "#285040", "#d8c8a8"),
)


def palettes(artist: Artist, count: int, seed: int) -> list[Row]:
    """Brand colours on the grounds that the prompt leaves open, by growing pull."""
    rng = np.random.default_rng(seed)
    brands = [BRANDS[one % len(BRANDS)] for one in range(count)]
    names = [KINDS[int(rng.integers(len(KINDS)))] for _ in range(count)]
    items = [GenerateItem(f"a white {name} in the middle", seed + one) for one, name in enumerate(names)]
    rows = []
    for condition, pull in ((NONE, 0.0), ("pull 0.1", 0.1), ("pull 0.2", 0.2), ("pull 0.4", 0.4)):
        these = [
            replace(item, palette=brand if pull else (), pull=pull) for item, brand in zip(items, brands, strict=True)
        ]
        for one, rgb in enumerate(artist.draw(these)):
            rows.append(Row(condition, one, palette_figures(rgb, brands[one]), rgb))
    return rows
