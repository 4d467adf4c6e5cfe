"""The classical engine with an adviser: an opinion decides where colours can't, and is not believed blindly."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.engines.classical.cleaning import cleaned
from inference.engines.classical.engine import ClassicalEngine
from inference.engines.classical.scene import look
from inference.engines.cutout_net.model import CARD, WEIGHTS
from inference.engines.guided.engine import WITH_BOX, WITHOUT_BOX, GuidedEngine
from inference.errors import EngineUnavailable, InputRejected
from inference.ops.box_view import intersection_over_union
from inference.pipelines.cutout import cut_out
from inference.ports import CutoutOptions
from inference.registry import cutout_engine_names
from inference.types import F32, U8, Box, Mask, no_progress
from tests.bench.drawn_photos import draw

SIDE = 200
DOUBTFUL, TRUSTED = 0.7, 0.95


@dataclass(frozen=True)
class Said:
    probability: F32
    quality: float


class Knowing:
    """Sees ``mask``, a picture of the whole photo, wherever it is asked to look; between mirrors its mirror images."""

    def __init__(self, mask: Mask, quality: float) -> None:
        self._mask, self._quality = mask, quality

    def look(self, rgb: U8, *, view: Box, box: Box | None) -> Said:
        around = [((side - own) // 2,) * 2 for side, own in zip(rgb.shape[:2], self._mask.shape, strict=True)]
        mask = np.pad(self._mask, around, mode="symmetric")
        part = mask[view.y : view.y + view.height, view.x : view.x + view.width]
        return Said(np.where(part, 0.97, 0.03).astype(np.float32), self._quality)


def advised(mask: Mask, *, quality: float = TRUSTED) -> ClassicalEngine:
    class Advised(ClassicalEngine):
        adviser = Knowing(mask, quality)

    return Advised(CutoutOptions())


def disk(x: int, y: int, radius: int = 30) -> Mask:
    return cv2.circle(np.zeros((SIDE, SIDE), np.uint8), (x, y), radius, 1, -1) > 0


def two_disks() -> U8:
    """Two products that stand out alike, left and right, on grey paper."""
    photo = np.random.default_rng(3).normal(200, 3, (SIDE, SIDE, 3))
    for x, colour in ((55, (60, 90, 170)), (145, (170, 80, 60))):
        photo[disk(x, 100)] = colour
    return np.clip(photo, 0, 255).astype(np.uint8)


def alone(engine: ClassicalEngine, photo: U8, box: Box | None = None) -> Mask:
    return engine.cut(photo, box=box).alpha > 127


@pytest.mark.parametrize("x", [55, 145])
def test_of_two_products_the_one_is_taken_that_the_adviser_means(x: int) -> None:
    assert intersection_over_union(alone(advised(disk(x, 100)), two_disks()), disk(x, 100)) > 0.95


@pytest.mark.parametrize(("told", "stays_open"), [(0.0, False), (-3.0, True), (3.0, False)])
def test_a_hole_unlike_the_background_stays_open_where_the_adviser_sees_none_of_the_product(
    told: float, stays_open: bool
) -> None:
    hole, ring = disk(100, 100, 22), disk(100, 100, 45) & ~disk(100, 100, 22)
    photo = np.full((SIDE, SIDE, 3), 225, np.uint8)
    photo[ring], photo[hole] = (60, 90, 170), (120, 150, 60)
    inside = np.zeros((SIDE, SIDE), np.bool_)
    inside[50:150, 50:150] = True
    scene = look(photo, inside)[0].told(np.where(hole, told, 0).astype(np.float32))
    unlike = np.where(hole, -30, 0).astype(np.float32)
    found = cleaned(ring, scene, evidence=np.zeros((SIDE, SIDE), np.float32), background=unlike)
    assert found[hole].any() != stays_open


def test_doubtful_advice_against_every_colour_is_not_followed() -> None:
    found = alone(advised(disk(100, 40, 15), quality=DOUBTFUL), two_disks(), Box(15, 60, 80, 80))
    assert intersection_over_union(found, disk(55, 100)) > 0.9


def test_who_is_sure_finds_what_no_colour_shows() -> None:
    photo = np.random.default_rng(3).normal(200, 3, (SIDE, SIDE, 3)).astype(np.uint8)
    mask, box = disk(100, 100), Box(60, 60, 80, 80)
    assert intersection_over_union(alone(advised(mask), photo, box), mask) > 0.9
    with pytest.raises(InputRejected, match="stands out"):
        alone(advised(mask, quality=DOUBTFUL), photo, box)


def test_it_is_the_first_choice_where_nothing_was_downloaded() -> None:
    assert cutout_engine_names()[:3] == ("rembg", "guided", "classical")
    photo = draw("bottle", "paper", side_px=240)
    first, again = (cut_out(photo.rgb, box=Box(*photo.box())) for _ in range(2))
    assert first.engine == "guided"
    assert np.array_equal(first.alpha, again.alpha)
    assert first.confidence == again.confidence
    assert {"quality", "consent"} <= first.measures.keys()
    assert np.array_equal(first.rgb[first.alpha == 255], photo.rgb[first.alpha == 255])


def test_its_confidence_is_what_the_card_says(tmp_path: Path) -> None:
    weights, card = Path(shutil.copy(WEIGHTS, tmp_path)), Path(shutil.copy(CARD, tmp_path))
    about = json.loads(card.read_text(encoding="utf-8"))
    assert [len(about["confidence"][f"guided_{mode}"]) for mode in ("auto", "box")] == [
        1 + len(WITHOUT_BOX),
        1 + len(WITH_BOX),
    ]
    photo = draw("bottle", "paper", side_px=200)
    for bias, warned in ((-9.0, True), (9.0, False)):
        about["confidence"]["guided_box"] = [bias, *[0.0] * len(WITH_BOX)]
        card.write_text(json.dumps(about), encoding="utf-8")
        made = GuidedEngine(CutoutOptions(), weights=weights, card=card).cut(photo.rgb, box=Box(*photo.box()))
        assert ("low_confidence" in made.warnings) == warned


def test_without_intact_weights_it_is_not_there(tmp_path: Path) -> None:
    weights, card = Path(shutil.copy(WEIGHTS, tmp_path)), Path(shutil.copy(CARD, tmp_path))
    weights.write_bytes(weights.read_bytes()[:-1])
    engine = GuidedEngine(CutoutOptions(), weights=weights, card=card)
    with pytest.raises(EngineUnavailable, match="install the package again"):
        engine.cut(two_disks(), box=None, on_progress=no_progress)
    weights.unlink()
    assert not engine.status().available
