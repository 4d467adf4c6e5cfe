"""Photos from the side and from above, told by the ground around the product; the benchmark knows its cameras."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.ops.viewpoint import Viewpoint, guess_viewpoint, surroundings
from inference.pipelines.cutout import taken_from
from inference.types import U8, Cutout

TRUTH = Path(__file__).parents[2] / "bench" / "cutout_truth"


def photo(name: str) -> tuple[U8, U8]:
    rgb = cv2.imread(str(TRUTH / f"{name}.jpg"))[..., ::-1]
    alpha = cv2.imread(str(TRUTH / f"{name}.png"), cv2.IMREAD_UNCHANGED)
    return np.ascontiguousarray(rgb), alpha if alpha.ndim == 2 else alpha[..., -1]


@pytest.mark.parametrize("name", ["keys-wood", "whisk-wood", "hanger-linen", "pretzel-brick"])
def test_a_patterned_ground_that_is_the_same_everywhere_was_seen_from_above(name: str) -> None:
    assert guess_viewpoint(*photo(name)) is Viewpoint.ABOVE


@pytest.mark.parametrize("name", ["mug-oak", "armchair-hallway", "can-marble", "car-carpet", "robot-toys"])
def test_ground_below_and_something_else_above_was_seen_from_the_side(name: str) -> None:
    assert guess_viewpoint(*photo(name)) is Viewpoint.SIDE


@pytest.mark.parametrize("name", ["scissors-card", "tee-white", "jug-white", "perfume-coral"])
def test_plain_paper_does_not_tell(name: str) -> None:
    assert guess_viewpoint(*photo(name)) is Viewpoint.UNCLEAR


def test_a_product_that_fills_the_photo_and_one_that_came_cut_out_do_not_tell() -> None:
    rgb, _ = photo("mug-oak")
    full = np.full(rgb.shape[:2], 255, np.uint8)
    assert surroundings(rgb, full) is None
    assert guess_viewpoint(rgb, full) is Viewpoint.UNCLEAR
    assert taken_from(rgb, Cutout(rgb, full, "alpha", 1.0)) == "unclear"


def test_the_photo_upside_down_was_still_taken_from_the_side() -> None:
    rgb, alpha = photo("mug-oak")
    assert guess_viewpoint(rgb[::-1].copy(), alpha[::-1].copy()) is Viewpoint.SIDE
