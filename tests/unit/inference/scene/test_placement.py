"""Product pixels: found, scaled once, set down on whole pixels."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from inference.errors import InputRejected
from inference.ops.placement import Placement, find_outline, on_canvas, place, resample, widest_place
from inference.pipelines.product_shot import make_shot
from inference.ports import SceneOptions
from inference.types import Cutout, ShotSpec


def test_the_base_line_ignores_a_stray_hair() -> None:
    alpha = np.zeros((200, 300), np.uint8)
    alpha[20:150, 50:250] = 255
    alpha[150:165, 100] = 255
    outline = find_outline(alpha)
    assert (outline.base_row, outline.bottom) == (150, 165)
    assert (outline.left, outline.right, outline.top) == (50, 250, 20)


@pytest.mark.parametrize(("across", "down"), [(300, 300), (900, 300), (1600, 1600)])
def test_the_widest_place_is_a_share_of_the_outlines_width(across: int, down: int) -> None:
    bar = np.zeros((down + 40, across + 80), np.uint8)
    bar[20 : 20 + down, 40 : 40 + across] = 255
    assert widest_place(bar) == pytest.approx(min(across, down) / across, rel=0.03)
    ring = bar.copy()
    wall = across // 10
    ring[20 + wall : 20 + down - wall, 40 + wall : 40 + across - wall] = 0
    assert widest_place(ring) == pytest.approx(0.11, abs=0.02)
    assert widest_place(np.zeros((50, 50), np.uint8)) == 0


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


def test_a_thin_thing_that_lies_is_flat_and_a_round_one_is_thick() -> None:
    disc = np.zeros((400, 400), np.uint8)
    cv2.circle(disc, (200, 200), 150, 255, -1)
    ring = disc.copy()
    cv2.circle(ring, (200, 200), 135, 0, -1)
    found = []
    for alpha in (ring, disc):
        picture = np.full((400, 400, 3), 120, np.uint8)
        cutout = Cutout(rgb=picture, alpha=alpha, engine="test", confidence=1.0)
        shot = make_shot(picture, cutout, ShotSpec("flatlay-linen", width=200, height=200))
        found.append(shot.recipe["parameters"]["thickness_m"])
    assert found[0] < 0.02
    assert found[1] > 0.08


def test_an_enlarged_picture_is_composed_as_the_small_one_however_small_the_photo(
    photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    large = ShotSpec("synthetic", width=1600, height=1600, scale=1.3)
    composed = make_shot(photo, cutout, replace(large, width=400, height=400), options=options)
    again = make_shot(photo, cutout, replace(large, enlarged=4.0), options=options)
    drawn_large = make_shot(photo, cutout, large, options=options)
    windows = [shot.recipe["parameters"]["window"] for shot in (composed, again, drawn_large)]
    assert windows[0] == windows[1]
    assert windows[2][2] > windows[0][2]  # composed for 1600 px, the small photo is seen from further away
    assert again.measures["fill_height"] == pytest.approx(composed.measures["fill_height"], abs=0.003)
    assert (again.recipe["spec"]["enlarged"], "enlarged" in composed.recipe["spec"]) == (4.0, False)
