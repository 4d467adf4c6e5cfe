"""What the product's own judging is worth, and each means to a palette: ``pipelines.generated`` as Studio runs it.

A trial here is made key by key (see ``journal``): ``judging(artist, count, seed)`` gives a function from the key to its
rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import permutations

import cv2
import numpy as np

from inference.generation import LayoutObject
from inference.ops.colour import delta_e, hex_to_rgb
from inference.pipelines.generated.canvas import PlacedProduct
from inference.pipelines.generated.drawing import Drawn, draw_candidates
from inference.pipelines.generated.judging import judge, marked, ranked, score
from inference.pipelines.generated.result import GeneratedCandidate
from inference.pipelines.generated.spec import PaletteMeans
from inference.pipelines.generated.story import Story
from inference.scene.colour_words import WORDS, colour_words
from inference.training.small_sefi import measures
from inference.training.small_sefi.artist import Artist
from inference.training.small_sefi.asked import Product, distance, items_of, placed, product_of, story_of
from inference.training.small_sefi.measures import CHROMATIC
from inference.training.small_sefi.scenes import Says, Scenes, caption
from inference.training.small_sefi.trials import BRANDS, LEFT, NONE, RIGHT, Row, other_grounds, plain_scenes
from inference.training.small_sefi.words import COLOURS, SURFACES, WALLS
from inference.types import U8, no_progress

ByKey = Callable[[int], list[Row]]
Figures = Mapping[str, float]
_NAMES_ALONE = Says(places=False, surface=False, wall=False, light=False)
_SIDES = ((LEFT, 0, 0.24), (RIGHT, 2, 0.76))
# Nearer than this is the product's own colour; no ground comes that near to any colour of objects.
_SAME_DELTA_E = 12.0
_AGAIN = 0.2
EACH = 4
"""Candidates of a shot: as many as the product draws unasked."""


def pairs(count: int, seed: int) -> Scenes:
    """Scenes of two objects, one on the left and one on the right: a product and something beside it."""
    made = plain_scenes(count, np.random.default_rng(seed), 2)
    slot, middle = made.slot.copy(), made.middle.copy()
    for scene in range(len(made)):
        for column, (_, side, x) in zip(made.objects(scene), _SIDES, strict=True):
            slot[scene, column], middle[scene, column] = side, x
    return replace(made, slot=slot, middle=middle)


def judging(artist: Artist, count: int, seed: int) -> ByKey:
    """Candidates of an exact shot, ranked by the product's judging: gates, then palette and layout.

    A product, something else that a box is given for, brand colours for grounds that the prompt leaves open; the
    palette is neither told, graded nor pulled, so that only choosing can bring it about. Compared with choosing by each
    mark alone, with a judge that also reads the prompt without fault, and with choosing by the figures themselves.
    """
    scenes = pairs(count, seed)

    def rows(key: int) -> list[Row]:
        product, story = _with_prop(artist, scenes, key, seed, EACH)
        candidates = judge(story, draw_candidates(story, on_progress=no_progress))
        candidates.sort(key=lambda one: one.seed)
        found = {one.seed: _beside(one, scenes, key, placed(story)) for one in candidates}
        chosen = _choices(candidates, found)
        won = [Row(condition, key, found[one.seed], one.rgb) for condition, one in chosen.items()]
        return [Row("the product's photo", key, {}, product.photo), *won]

    return rows


def words_of_the_product(artist: Artist, count: int, seed: int) -> ByKey:
    """Where words reach in an exact shot: anywhere, the prop's to its box alone, the product's to its own as well."""
    scenes = pairs(count, seed)

    def rows(key: int) -> list[Row]:
        product, story = _with_prop(artist, scenes, key, seed, 1)
        (item,) = items_of(story)
        own = LayoutObject(product.label, product.box)
        prop = tuple(one for one in item.layout if one.phrase != product.label)
        made = [Row("the product's photo", key, {}, product.photo)]
        for condition, layout, share in (
            (NONE, (), 0.4),
            ("the prop's", prop, 0.4),
            ("the prop's and the product's", (*prop, own), 0.4),
            ("both, through all steps", (*prop, own), 1.0),
        ):
            (rgb,) = artist.draw([replace(item, layout=layout)], layout_share=share)
            drawn = Drawn(item.seed, story.size, rgb, bool(layout), {}, {})
            (candidate,) = judge(story, [drawn])
            made.append(Row(condition, key, _beside(candidate, scenes, key, placed(story)), candidate.rgb))
        return made

    return rows


def words_of_a_lone_product(artist: Artist, count: int, seed: int) -> ByKey:
    """The same where nothing else is named but the grounds, which are other ones than the photo's."""
    scenes = plain_scenes(count, np.random.default_rng(seed), 1)
    asked = other_grounds(scenes)

    def rows(key: int) -> list[Row]:
        (column,) = scenes.objects(key)
        product = product_of(scenes, key, column, artist.side_px)
        means = PaletteMeans(words=False, rank=False, grade=0.0, pull=0.0)
        spec = product.spec(artist, "exact", seed=seed + key, palette_means=means)
        prompt = caption(asked, key, Says(places=False, light=False))
        story = story_of(artist, spec, product.inputs(), prompt)
        (item,) = items_of(story)
        made = [Row("the product's photo", key, {}, product.photo)]
        for condition, layout in ((NONE, ()), ("the product's", (LayoutObject(product.label, product.box),))):
            (rgb,) = artist.draw([replace(item, layout=layout)])
            (candidate,) = judge(story, [Drawn(item.seed, story.size, rgb, bool(layout), {}, {})])
            there, colour = placed(story), list(COLOURS)[scenes.colour[key, column]]
            figures = {
                "gates passed": float(candidate.passed),
                "drawn again": float(spill(candidate.rgb, there, colour) > _AGAIN),
                "product dE00": distance(rgb, there),
                "wall": float(measures.wall_of(rgb) == list(WALLS)[asked.wall[key]]),
                "surface": float(measures.surface_of(rgb) == list(SURFACES)[asked.surface[key]]),
            }
            made.append(Row(condition, key, figures, candidate.rgb))
        return made

    return rows


def _with_prop(artist: Artist, scenes: Scenes, key: int, seed: int, candidates: int) -> tuple[Product, Story]:
    """An exact shot of one object with the other as a prop whose box the model is told, as the product's solver has it
    told: by a mask, not in words."""
    ours, theirs = _columns(scenes, key)
    product = product_of(scenes, key, ours, artist.side_px)
    spec = product.spec(
        artist,
        "exact",
        palette=BRANDS[key % len(BRANDS)],
        candidates=candidates,
        seed=seed + EACH * key,
        palette_means=PaletteMeans(words=False, rank=True, grade=0.0, pull=0.0),
    )
    layout = (LayoutObject(scenes.name(key, theirs), _box_of(scenes, key, theirs)),)
    return product, story_of(artist, spec, product.inputs(), caption(scenes, key, _NAMES_ALONE), layout)


def _columns(scenes: Scenes, key: int) -> tuple[int, int]:
    """The product and the prop, each on either side in turn."""
    ours, theirs = scenes.objects(key)[:: 1 if key % 2 else -1]
    return ours, theirs


def _box_of(scenes: Scenes, key: int, column: int) -> tuple[float, float, float, float]:
    return _SIDES[scenes.objects(key).index(column)][0]


def _choices(candidates: Sequence[GeneratedCandidate], found: Mapping[int, Figures]) -> dict[str, GeneratedCandidate]:
    """Which candidate wins under each condition; ``candidates`` in the order of their seeds."""

    def best(marks: Callable[[GeneratedCandidate], Mapping[str, float]], most: int = EACH) -> GeneratedCandidate:
        return ranked([replace(one, score=score(marks(one))) for one in candidates[:most]])[0]

    def told(one: GeneratedCandidate) -> Mapping[str, float]:
        figures = found[one.seed]
        return {**marked(one.figures), "prompt": 0.5 * (figures["there"] + figures["kind"])}

    return {
        NONE: candidates[0],
        "gates alone": best(lambda one: {}),
        "best of 2": best(lambda one: one.marks, 2),
        f"best of {EACH}": best(lambda one: one.marks),
        f"best of {EACH} by palette alone": best(lambda one: {"palette": one.marks["palette"]}),
        f"best of {EACH} by layout alone": best(lambda one: {"layout": one.marks["layout"]}),
        f"best of {EACH} with a faultless reader": best(told),
        f"best of {EACH} by these figures": max(candidates, key=lambda one: _truth(found[one.seed])),
    }


def _truth(figures: Figures) -> float:
    """By which the best candidate is the best: everything that is wanted, in equal parts."""
    wanted = ("gates passed", "there", "in its box", "kind", "coverage", "recall")
    return float(np.mean([*(figures[name] for name in wanted), 1.0 - figures["drawn again"]]))


def _beside(candidate: GeneratedCandidate, scenes: Scenes, key: int, product: PlacedProduct) -> dict[str, float]:
    """What is true of a candidate: of the thing beside the product, the grounds, the product's colour elsewhere."""
    columns = _columns(scenes, key)
    own, colour = (list(COLOURS)[scenes.colour[key, column]] for column in columns)
    left, top, width, height = _box_of(scenes, key, columns[1])
    found = measures.find(candidate.rgb, colour)
    x, y = (-1.0, -1.0) if found is None else found.centre
    is_kind = found is not None and measures.kind_of(found, colour) == scenes.kind[key, columns[1]]
    return {
        "gates passed": float(candidate.passed),
        "drawn again": float(spill(candidate.rgb, product, own) > _AGAIN),
        "there": float(found is not None),
        "in its box": float(left < x < left + width and top < y < top + height),
        "kind": float(is_kind),
        "coverage": candidate.figures["palette_coverage"],
        "recall": candidate.figures["palette_recall"],
    }


def spill(rgb: U8, product: PlacedProduct, colour: str) -> float:
    """How much of the product's own colour lies outside of it, in its areas: the model went on drawing the product."""
    inside, around = product.mask == 255, cv2.dilate((product.mask > 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    coloured = inside & (measures.colour_names(product.layer[..., :3]) == CHROMATIC.index(colour))
    own = np.median(product.layer[coloured][:, :3], axis=0).round().astype(np.uint8)
    near = delta_e(rgb, np.broadcast_to(own, rgb.shape).copy()) < _SAME_DELTA_E
    return float((near & ~around).sum() / max(1, inside.sum()))


_WORDS, _RANK, _GRADE, _PULL = True, True, 0.6, 0.15
MEANS: tuple[tuple[str, PaletteMeans], ...] = (
    (NONE, PaletteMeans(False, False, 0.0, 0.0)),
    ("words", PaletteMeans(_WORDS, False, 0.0, 0.0)),
    (f"rank of {EACH}", PaletteMeans(False, _RANK, 0.0, 0.0)),
    ("grade 0.6", PaletteMeans(False, False, _GRADE, 0.0)),
    ("pull 0.15", PaletteMeans(False, False, 0.0, _PULL)),
    ("words, rank and grade", PaletteMeans(_WORDS, _RANK, _GRADE, 0.0)),
    ("all four", PaletteMeans(_WORDS, _RANK, _GRADE, _PULL)),
)
"""Each of the product's means alone, what Studio does unasked, and all of them."""


def palette_means(artist: Artist, count: int, seed: int) -> ByKey:
    """Brand colours for grounds that the prompt leaves open, brought about by each of the product's means."""
    scenes = plain_scenes(count, np.random.default_rng(seed), 1)

    def rows(key: int) -> list[Row]:
        brand = BRANDS[key % len(BRANDS)]
        product = product_of(scenes, key, scenes.objects(key)[0], artist.side_px)
        plain = caption(scenes, key, replace(_NAMES_ALONE, places=True))
        drawn: dict[tuple[bool, float], list[Drawn]] = {}
        made = [Row("the brand's colours", key, {}, swatch(brand, artist.side_px))]
        for condition, means in MEANS:
            spec = product.spec(
                artist, "exact", palette=brand, candidates=EACH, seed=seed + EACH * key, palette_means=means
            )
            prompt = plain + in_words(brand) if means.words else plain
            story = story_of(artist, spec, product.inputs(), prompt)
            asked = means.words, means.pull
            if asked not in drawn:
                drawn[asked] = draw_candidates(story, on_progress=no_progress)
            made.append(_of_palette(condition, key, story, judge(story, drawn[asked])[0]))
        return made

    return rows


def _of_palette(condition: str, key: int, story: Story, chosen: GeneratedCandidate) -> Row:
    figures = {name: chosen.figures[f"palette_{name}"] for name in ("coverage", "recall", "wasserstein", "chromatic")}
    return Row(condition, key, {**figures, "gates passed": float(chosen.passed)}, chosen.rgb)


def swatch(palette: Sequence[str], side: int) -> U8:
    """uint8 (side, side, 3): the colours as upright stripes."""
    stripes = np.array([hex_to_rgb(code) for code in palette], np.uint8)[np.arange(side) * len(palette) // side]
    return np.asarray(np.broadcast_to(stripes, (side, side, 3)), np.uint8)


def in_words(palette: Sequence[str]) -> str:
    """The colours that the product would name in the prompt, as the surface and the wall that come nearest to them."""
    named = [np.array(hex_to_rgb(WORDS[word]), np.uint8) for word in colour_words(palette)]

    def apart(colour: U8, table: Mapping[str, tuple[int, int, int]], name: str) -> float:
        return float(delta_e(colour[None], np.array([table[name]], np.uint8))[0])

    best = min(
        (
            (apart(first, SURFACES, surface) + apart(second, WALLS, wall), surface, wall)
            for first, second in permutations(named if len(named) > 1 else 2 * named, 2)
            for surface in SURFACES
            for wall in WALLS
        )
    )
    return f" on {best[1]} before a {best[2]} wall"
