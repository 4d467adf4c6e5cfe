"""A second thing in the photo that the cutout left out is noticed where the background is calm."""

from __future__ import annotations

import numpy as np
import pytest

from inference.ops.bystanders import has_bystander
from inference.pipelines.cutout import cut_out
from inference.types import U8


def photo(*things: tuple[int, int, int, int], noise: float = 2.0) -> tuple[U8, U8]:
    """Coloured rectangles (left, top, right, bottom) on grey; the alpha is that of the first one."""
    grain = np.random.default_rng(3).normal(0, noise, (400, 400, 3))
    rgb = np.clip(np.array([205, 204, 200]) + grain, 0, 255).astype(np.uint8)
    alpha = np.zeros((400, 400), np.uint8)
    for number, (left, top, right, bottom) in enumerate(things):
        rgb[top:bottom, left:right] = (150, 40, 40) if number else (40, 90, 60)
        if not number:
            alpha[top:bottom, left:right] = 255
    return rgb, alpha


@pytest.mark.parametrize(
    ("things", "noise", "found"),
    [
        ([(60, 100, 160, 360)], 2, False),
        ([(60, 100, 160, 360), (240, 100, 340, 360)], 2, True),
        ([(60, 100, 160, 360), (300, 320, 330, 350)], 2, False),
        ([(60, 100, 160, 360), (240, 100, 340, 360)], 60, False),
    ],
)
def test_only_things_of_about_the_products_size_on_a_calm_ground_count(
    things: list[tuple[int, int, int, int]], noise: float, found: bool
) -> None:
    assert has_bystander(*photo(*things, noise=noise)) is found


def test_a_photo_of_two_things_says_so_and_a_box_around_one_ends_the_doubt() -> None:
    from inference.types import Box

    rgb, _ = photo((60, 100, 160, 360), (240, 100, 340, 360))
    assert "several_objects" in cut_out(rgb).warnings
    assert "several_objects" not in cut_out(rgb, box=Box(50, 90, 120, 280)).warnings
