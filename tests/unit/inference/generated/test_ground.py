"""Shadows on a ground that was never measured, and what layout figures see."""

from __future__ import annotations

import numpy as np
import pytest

from inference.ops.ground_shadow import ground_shade, shaded
from inference.ops.layout_figures import calm, presence
from inference.types import F32, U8

BASE = (150, 220)


def mask() -> U8:
    cover = np.zeros((300, 300), np.uint8)
    cover[100:220, 120:180] = 255
    return cover


def shade(view: str = "high", comes_from: str = "left", softness: float = 0.2, focal_mm: int = 50) -> F32:
    found = ground_shade(mask(), BASE, view=view, focal_mm=focal_mm, comes_from=comes_from, softness=softness)
    assert found is not None
    return found


@pytest.mark.parametrize("view", ["eye_level", "high", "low"])
@pytest.mark.parametrize("comes_from", ["left", "right", "behind", "above", "all"])
def test_it_is_darkest_at_the_base_and_gone_far_away(view: str, comes_from: str) -> None:
    found = shade(view, comes_from)
    assert found.shape == (300, 300)
    assert 0 <= found.min() <= found.max() <= 1
    assert found[215:224, 125:175].mean() < 0.7
    assert found[:90].min() > 0.98
    assert found[:, :4].min() > 0.7


def test_it_falls_away_from_the_light() -> None:
    left, right = shade(comes_from="left"), shade(comes_from="right")
    beside = np.s_[190:222]
    assert left[beside, 185:230].mean() < left[beside, 70:115].mean() - 0.05
    assert right[beside, 70:115].mean() < right[beside, 185:230].mean() - 0.05
    behind = shade(comes_from="behind")
    assert behind[226:245, 120:180].mean() < left[226:245, 120:180].mean() - 0.05


def test_a_softer_light_has_a_softer_edge() -> None:
    steepest = [float(np.abs(np.diff(shade(softness=value)[200, 182:260])).max()) for value in (0.05, 0.9)]
    assert steepest[1] < 0.6 * steepest[0]


def test_from_straight_above_there_is_no_ground() -> None:
    assert ground_shade(mask(), BASE, view="top_down", focal_mm=50, comes_from="left", softness=0.5) is None
    assert ground_shade(np.zeros_like(mask()), BASE, view="high", focal_mm=50, comes_from="left", softness=0.5) is None


def test_amount_scales_in_linear_light_and_untouched_pixels_stay() -> None:
    plate = np.random.default_rng(0).integers(0, 256, (300, 300, 3)).astype(np.uint8)
    found = shade()
    none, some, all_of_it = (shaded(plate, found, amount).astype(int) for amount in (0.0, 0.5, 1.0))
    assert np.array_equal(none, plate)
    assert (some <= plate).all()
    assert (all_of_it <= some).all()
    assert np.array_equal(all_of_it[found == 1], plate[found == 1])


def test_presence_tells_something_from_nothing() -> None:
    picture = np.full((200, 200, 3), 180, np.uint8)
    picture[60:100, 60:100] = (200, 60, 40)
    there, nothing = (0.3, 0.3, 0.2, 0.2), (0.7, 0.7, 0.2, 0.2)
    assert presence(picture, [there]) > 0.8
    assert presence(picture, [nothing]) < 0.05
    assert presence(picture, []) == 1.0
    assert 0.4 < presence(picture, [there, nothing]) < 0.6


def test_calm_tells_a_wall_from_a_crowd() -> None:
    picture = np.full((200, 200, 3), 180, np.uint8)
    picture[:, 100:] = np.random.default_rng(1).integers(0, 256, (200, 100, 3))
    left, right = (0.0, 0.0, 0.4, 1.0), (0.6, 0.0, 0.4, 1.0)
    assert calm(picture, left) > 0.95
    assert calm(picture, right) < 0.2
    assert calm(picture, None) == 1.0
