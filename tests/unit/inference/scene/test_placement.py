"""Product pixels: found, scaled once, set down on whole pixels."""

from __future__ import annotations

import numpy as np
import pytest

from inference.errors import InputRejected
from inference.ops.placement import Placement, find_outline, on_canvas, place, resample


def test_the_base_line_ignores_a_stray_hair() -> None:
    alpha = np.zeros((200, 300), np.uint8)
    alpha[20:150, 50:250] = 255
    alpha[150:165, 100] = 255
    outline = find_outline(alpha)
    assert (outline.base_row, outline.bottom) == (150, 165)
    assert (outline.left, outline.right, outline.top) == (50, 250, 20)


def test_nothing_to_stand_on_is_refused() -> None:
    with pytest.raises(InputRejected, match="empty"):
        find_outline(np.full((50, 50), 90, np.uint8))


@pytest.mark.parametrize("scale", [0.37, 0.5, 1.0, 1.7])
def test_the_base_lands_on_a_whole_row(scale: float) -> None:
    alpha = np.zeros((200, 300), np.uint8)
    alpha[20:151, 51:250] = 255
    placement = place(find_outline(alpha), scale=scale, base=(160.4, 170.3))
    canvas = on_canvas(resample(alpha, placement), placement, (320, 240))
    assert canvas[169, 160] >= 200
    assert canvas[170, 160] <= 55
    columns = np.flatnonzero(canvas[168] >= 128)
    assert (columns[0] + columns[-1] + 1) / 2 == pytest.approx(160, abs=0.51)


def test_at_scale_one_pixels_are_copied() -> None:
    photo = np.random.Generator(np.random.PCG64(3)).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    placement = Placement(scale=1.0, x=0, y=0, width=40, height=30, source_x=11.0, source_y=7.0)
    assert np.array_equal(resample(photo, placement), photo[7:37, 11:51])


def test_outside_the_photo_is_transparent() -> None:
    photo = np.full((20, 20, 4), 200, np.uint8)
    photo[..., 3] = 255
    placement = Placement(scale=1.0, x=0, y=0, width=30, height=30, source_x=-5.0, source_y=-5.0)
    part = resample(photo, placement)
    assert part[15, 15, 3] == 255
    assert part[1, 15, 3] == 0
    assert part[15, 28, 3] == 0


def test_shrinking_weights_colours_by_alpha() -> None:
    picture = np.zeros((64, 64, 4), np.uint8)
    picture[:, :32] = (200, 100, 50, 255)
    picture[:, 32:] = (0, 255, 0, 0)
    placement = Placement(scale=0.25, x=0, y=0, width=16, height=16, source_x=0.0, source_y=0.0)
    edge = resample(picture, placement)
    soft = edge[..., 3] > 32
    assert (soft & (edge[..., 3] < 250)).any()
    assert np.abs(edge[soft][:, :3].astype(int) - [200, 100, 50]).max() <= 8


def test_what_sticks_out_of_the_canvas_is_cut() -> None:
    part = np.full((10, 10), 9, np.uint8)
    placement = Placement(scale=1.0, x=-4, y=15, width=10, height=10, source_x=0.0, source_y=0.0)
    canvas = on_canvas(part, placement, (20, 20))
    assert canvas.sum() == 9 * 6 * 5
    assert canvas[15:, :6].min() == 9
