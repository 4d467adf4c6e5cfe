"""What the product's sliders do: from faithful to free, how far a style picture is followed, how much an edit changes.

Trials are made key by key (see ``journal``), through ``pipelines.generated`` as Studio runs it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from inference.ops.colour import delta_e
from inference.ops.layout_figures import presence
from inference.ops.oklab import to_oklab
from inference.pipelines.generated.canvas import PlacedProduct
from inference.pipelines.generated.drawing import draw_candidates
from inference.pipelines.generated.finishing import finish
from inference.pipelines.generated.spec import GeneratedInputs, GeneratedSpec
from inference.training.small_sefi import measures
from inference.training.small_sefi.artist import Artist
from inference.training.small_sefi.asked import distance, placed, product_of, sizes, story_of
from inference.training.small_sefi.judged import ByKey
from inference.training.small_sefi.measures import CHROMATIC
from inference.training.small_sefi.render import boxes, draw
from inference.training.small_sefi.scenes import I64, Says, Scenes, caption
from inference.training.small_sefi.trials import NONE, Row, chosen, other_grounds, pictures, plain_scenes
from inference.training.small_sefi.words import COLOURS, KINDS, SURFACES, WALLS
from inference.types import U8, no_progress

Region = tuple[float, float, float, float]
_FREE_TO_FAITHFUL = (1.0, 0.75, 0.5, 0.25, 0.1, 0.0)
_STYLES = (0.0, 0.25, 0.5, 1.0)
_EDITS = (0.0, 0.25, 0.5, 0.75, 1.0)
# Between which heights the surface begins in pictures of this world, and a bit beyond.
_HORIZONS = (0.45, 0.73)
_MARGIN = 0.03


def reimagined(artist: Artist, count: int, seed: int) -> ByKey:
    """A product drawn anew, from free to faithful, while the prompt asks for other grounds than its photo has."""
    scenes = plain_scenes(count, np.random.default_rng(seed), 1)
    asked = other_grounds(scenes)

    def rows(key: int) -> list[Row]:
        (column,) = scenes.objects(key)
        product = product_of(scenes, key, column, artist.side_px)
        made = [Row("the product's photo", key, {}, product.photo)]
        for strength in _FREE_TO_FAITHFUL:
            spec = product.spec(artist, "reimagined", strength=strength, seed=seed + key)
            story = story_of(artist, spec, product.inputs(), caption(asked, key, Says(light=False)))
            (drawn,) = draw_candidates(story, on_progress=no_progress)
            figures = _likeness(drawn.rgb, placed(story), asked, key)
            made.append(Row(_named(strength, {1.0: "free", 0.0: "faithful"}), key, figures, drawn.rgb))
        return made

    return rows


def _named(strength: float, ends: dict[float, str]) -> str:
    return f"{strength:g}: {ends[strength]}" if strength in ends else f"{strength:g}"


def _likeness(rgb: U8, product: PlacedProduct, asked: Scenes, key: int) -> dict[str, float]:
    (column,) = asked.objects(key)
    colour = list(COLOURS)[asked.colour[key, column]]
    found, mask = measures.find(rgb, colour), product.mask > 127
    shared = 0.0 if found is None else float((found.mask & mask).sum() / (found.mask | mask).sum())
    return {
        "product dE00": distance(rgb, product),
        "outline IoU": shared,
        "kind": float(found is not None and measures.kind_of(found, colour) == asked.kind[key, column]),
        "wall": float(measures.wall_of(rgb) == list(WALLS)[asked.wall[key]]),
        "surface": float(measures.surface_of(rgb) == list(SURFACES)[asked.surface[key]]),
    }


def styles(artist: Artist, count: int, seed: int) -> ByKey:
    """A picture with other grounds and another object as style: does the scene go there, does the object stay out?"""
    rng = np.random.default_rng(seed)
    scenes = plain_scenes(count, rng, 1)
    looks = _looks(scenes, rng)
    truth, cover = pictures(looks, artist.side_px), draw(looks, artist.side_px).coverage.amax(dim=1)

    def rows(key: int) -> list[Row]:
        product = product_of(scenes, key, scenes.objects(key)[0], artist.side_px)
        prompt = caption(scenes, key, Says(surface=False, wall=False, light=False))
        made = [Row("the picture to follow", key, {}, truth[key])]
        for strength in _STYLES:
            spec = product.spec(artist, "exact", style_strength=strength, seed=seed + key)
            story = story_of(artist, spec, product.inputs(truth[key]), prompt)
            (drawn,) = draw_candidates(story, on_progress=no_progress)
            taken = (np.asarray(cover[key] > 0.01) | (placed(story).mask > 0)).any(axis=0)
            free = np.flatnonzero(~taken) if not taken.all() else np.arange(artist.side_px)
            figures = _followed(drawn.rgb, truth[key], free, region(cover[key]))
            figures["product dE00"] = distance(drawn.rgb, placed(story))
            made.append(Row(_named(strength, {0.0: NONE}), key, figures, drawn.rgb))
        return made

    return rows


def _looks(scenes: Scenes, rng: np.random.Generator) -> Scenes:
    """Pictures to follow: coloured grounds, an object of another kind, colour and place than the scene's own."""
    walls, surfaces = (
        [place for place, name in enumerate(table) if name not in greys]
        for table, greys in ((WALLS, measures.GREY_WALLS), (SURFACES, measures.GREY_SURFACES))
    )
    bright = [list(COLOURS).index(name) for name in CHROMATIC]
    other = np.array([bright[(bright.index(int(colour)) + 4) % len(bright)] for colour in scenes.colour.ravel()])
    slot = (scenes.slot + 1) % 3
    return replace(
        scenes,
        kind=np.where(scenes.kind < 0, -1, (scenes.kind + 1) % len(KINDS)),
        colour=other.reshape(scenes.colour.shape),
        slot=slot,
        middle=np.array([0.24, 0.5, 0.76], np.float32)[slot],
        wall=rng.choice(walls, len(scenes)),
        surface=rng.choice(surfaces, len(scenes)),
    )


def _followed(rgb: U8, style: U8, free: I64, box: Region) -> dict[str, float]:
    """How far the grounds are from those of the style picture: median colours of the upper quarter and of the lower
    edge, and where the surface begins (seen in the columns ``free`` of objects); and whether something stands where its
    object stands (``layout_figures.presence``)."""
    side = rgb.shape[0]
    parts = {"wall dE00": np.s_[: side // 4], "surface dE00": np.s_[round(0.94 * side) :]}
    figures = {name: _median_distance(rgb[part], style[part]) for name, part in parts.items()}
    figures["horizon off"] = abs(_horizon(rgb[:, free]) - _horizon(style[:, free]))
    figures["its object's place taken"] = presence(rgb, [box])
    return figures


def _horizon(rgb: U8) -> float:
    """Where the colours of the rows change most, in heights of the picture."""
    rows = np.median(to_oklab(rgb), axis=1)
    step = max(1, len(rows) // 42)
    apart = np.linalg.norm(rows[2 * step :] - rows[: -2 * step], axis=1)
    begin, end = (round(share * len(rows)) for share in _HORIZONS)
    return float((begin + apart[begin - step : end - step].argmax()) / len(rows))


def _median_distance(first: U8, second: U8) -> float:
    colours = [np.median(part.reshape(-1, 3), axis=0).round().astype(np.uint8)[None] for part in (first, second)]
    return float(delta_e(*colours)[0])


def edits(artist: Artist, count: int, seed: int) -> ByKey:
    """Another object instead of the one that is there, by an instruction for the box around both."""
    scenes = plain_scenes(count, np.random.default_rng(seed), 1)
    truth, asked = pictures(scenes, artist.side_px), _instead(scenes)

    def rows(key: int) -> list[Row]:
        picture = truth[key]
        where = _around(chosen(scenes, [key]), chosen(asked, [key]), artist.side_px)
        made = []
        for strength in _EDITS:
            spec = GeneratedSpec(
                "edit",
                instruction=caption(asked, key, Says(light=False)),
                strength=strength,
                region=where,
                seed=seed + key,
                candidates=1,
                **sizes(artist),
            )
            story = story_of(artist, spec, GeneratedInputs(picture=picture), spec.instruction)
            (drawn,) = draw_candidates(story, on_progress=no_progress)
            done = finish(story, drawn, story.size)
            figures = _changed(done.master, picture, where, asked, key)
            figures["old colour"] = _there(done.master, scenes, key)
            figures["outside"] = done.measures["outside_max_abs_diff"]
            made.append(Row(_named(strength, {0.0: NONE}), key, figures, done.master))
        return made

    return rows


def _instead(scenes: Scenes) -> Scenes:
    """The scenes with objects of another kind and colour in the same places."""
    bright = [list(COLOURS).index(name) for name in CHROMATIC]
    other = np.array([bright[(bright.index(int(colour)) + 3) % len(bright)] for colour in scenes.colour.ravel()])
    kind = np.where(scenes.kind < 0, -1, (scenes.kind + 3) % len(KINDS))
    return replace(scenes, kind=kind, colour=other.reshape(scenes.colour.shape))


def _around(before: Scenes, after: Scenes, side: int) -> Region:
    """The box around the object as it is and as it should be, with a margin, in fractions."""
    left, top, width, height = region(
        torch.cat([draw(scenes, side).coverage.amax(dim=1) for scenes in (before, after)]).amax(dim=0)
    )
    low = max(0.0, left - _MARGIN), max(0.0, top - _MARGIN)
    high = min(1.0, left + width + _MARGIN), min(1.0, top + height + _MARGIN)
    return round(low[0], 4), round(low[1], 4), round(high[0] - low[0], 4), round(high[1] - low[1], 4)


def region(cover: Tensor) -> Region:
    """The box around what is covered in (S, S), in fractions."""
    left, top, width, height = boxes(cover[None])[0].tolist()
    return left, top, width, height


def _changed(rgb: U8, picture: U8, where: Region, asked: Scenes, key: int) -> dict[str, float]:
    side = rgb.shape[0]
    left, top, right, bottom = (round(value * side) for value in (*where[:2], where[0] + where[2], where[1] + where[3]))
    inside = np.s_[top:bottom, left:right]
    (column,) = asked.objects(key)
    colour = list(COLOURS)[asked.colour[key, column]]
    found = measures.find(rgb, colour)
    return {
        "changed dE00": float(delta_e(rgb[inside], picture[inside]).mean()),
        "asked colour": _there(rgb, asked, key),
        "asked kind": float(found is not None and measures.kind_of(found, colour) == asked.kind[key, column]),
    }


def _there(rgb: U8, scenes: Scenes, key: int) -> float:
    (column,) = scenes.objects(key)
    return float(measures.find(rgb, list(COLOURS)[scenes.colour[key, column]]) is not None)
