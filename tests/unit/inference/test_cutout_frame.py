"""Products that the photo's frame cuts: followed to the frame, or named, never half of them without a word."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.engines.classical.frame import Beyond, crossed_sides, cut_off, mirrored, on_sides
from inference.errors import InputRejected
from inference.ops.confidence import CUT_OFF, LOW_CONFIDENCE, STOPS_SHORT, judged, with_confidence
from inference.ops.finish import Segmentation
from inference.pipelines.cutout import cut_out
from inference.types import F32, U8, Box, Cutout, Mask

SAMPLES = Path(__file__).parents[3] / "apps" / "studio" / "samples"
GROUND, BRICK = (235, 235, 235), (60, 90, 160)


@pytest.fixture(scope="module")
def dropper() -> U8:
    """One of our product photos, 600 px on its longer side."""
    photo = cv2.cvtColor(cv2.imread(str(SAMPLES / "dropper-bottle.jpg")), cv2.COLOR_BGR2RGB)
    scale = 600 / max(photo.shape)
    return np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


@pytest.fixture(scope="module")
def whole(dropper: U8) -> Cutout:
    return cut_out(dropper)


def block(left: int, top: int, right: int, bottom: int) -> tuple[U8, Mask]:
    """A plain drawing, 320 px, of which a side cuts a block; and where the block is."""
    picture, mask = np.full((320, 320, 3), GROUND, np.uint8), np.zeros((320, 320), np.bool_)
    picture[top:bottom, left:right], mask[top:bottom, left:right] = BRICK, True
    return picture, mask


@dataclass(frozen=True)
class Adviser:
    """Sees bricks; expects ``between`` of a mask between mirrors, ``alone`` of the photo's."""

    alone: float
    between: float

    def look(self, rgb: U8, *, view: Box, box: Box | None) -> Adviser.Seen:
        part = rgb[view.y : view.y + view.height, view.x : view.x + view.width]
        is_photo = view.width == view.height
        return Adviser.Seen((part[..., 0] < 150).astype(np.float32), self.alone if is_photo else self.between)

    @dataclass(frozen=True)
    class Seen:
        probability: F32
        quality: float


def test_the_part_of_a_product_at_the_frame_is_kept(dropper: U8, whole: Cutout) -> None:
    product = whole.alpha > 127
    rows = np.flatnonzero(product.any(axis=1))
    stop = int(rows[-1] - 0.3 * (rows[-1] - rows[0]))
    result = cut_out(np.ascontiguousarray(dropper[:stop]))
    assert np.count_nonzero((result.alpha > 127) & product[:stop]) > 0.97 * np.count_nonzero(product[:stop])
    assert "touches_frame" in result.warnings
    assert not result.alpha[:, :8].any()


def test_a_whole_product_between_quiet_sides_is_whole(whole: Cutout) -> None:
    assert CUT_OFF not in whole.measures
    assert "touches_frame" not in whole.warnings


def test_a_plain_drawing_that_a_side_cuts_is_found_and_the_side_named() -> None:
    picture, mask = block(0, 100, 140, 240)
    result = cut_out(picture)
    assert np.count_nonzero((result.alpha > 127) & mask) > 0.95 * np.count_nonzero(mask)
    assert "touches_frame" in result.warnings


def test_a_mask_that_may_stop_short_of_the_frame_is_asked_about() -> None:
    picture, mask = block(120, 100, 200, 320)
    short = mask.copy()
    short[200:] = False
    assert cut_off(Adviser(alone=0.9, between=0.85), picture, short) == Beyond(None)
    assert cut_off(Adviser(alone=0.9, between=0.6), picture, short) is None  # the mirrors make no sense of it
    assert cut_off(Adviser(alone=0.9, between=0.9), picture, mask) is None  # the mask reaches the frame itself


def test_it_is_searched_for_as_far_as_it_goes_on_in_the_mirror() -> None:
    picture, mask = block(120, 200, 200, 320)
    mask[260:] = False
    found = cut_off(Adviser(alone=0.9, between=0.95), picture, mask)
    assert found is not None
    assert found.margins is not None
    (above, below), beside = found.margins
    assert (above, beside) == (0, (0, 0))
    assert 120 < below < 200


def test_something_else_at_the_frame_is_not_the_product() -> None:
    picture, _ = block(120, 200, 200, 320)
    elsewhere = np.zeros((320, 320), np.bool_)
    elsewhere[40:100, 40:100] = True
    assert cut_off(Adviser(alone=0.9, between=0.95), picture, elsewhere) is None


def test_sides_of_one_colour_are_not_asked_about() -> None:
    assert crossed_sides(block(120, 100, 200, 320)[0]) == [(False, True), (False, False)]
    assert on_sides(np.full((320, 320, 3), GROUND, np.uint8)) is None


def test_what_is_found_between_mirrors_lies_where_it_does_in_the_photo() -> None:
    picture, mask = block(120, 100, 200, 320)
    seen = mirrored(picture, ((0, 160), (0, 0)))
    view = Box(100, 80, 120, 400)
    part = (seen.rgb[80:480, 100:220, 0] < 150)[::2, ::2]
    back = seen.back(Segmentation(np.ascontiguousarray(part), view, {}))
    assert back.view == Box(100, 80, 120, 240)
    assert np.array_equal(back.mask, mask[80:320, 100:220][::2, ::2])
    with pytest.raises(InputRejected):
        seen.back(Segmentation(np.zeros((10, 10), np.bool_), Box(0, 300, 320, 100), {}))


def test_a_doubted_mask_is_never_a_sure_one() -> None:
    picture, _ = block(120, 100, 200, 320)
    alpha = np.zeros((320, 320), np.uint8)
    alpha[100:200, 120:200] = 255
    cutout = Cutout(picture, alpha, "guided", 0.0)
    doubted = with_confidence(judged(cutout, alpha > 0, {CUT_OFF: 1.0, STOPS_SHORT: 1.0}), 0.95)
    assert doubted.confidence < LOW_CONFIDENCE
    assert {"low_confidence", "touches_frame"} <= set(doubted.warnings)
    assert with_confidence(judged(cutout, alpha > 0, {}), 0.95).confidence == 0.95
