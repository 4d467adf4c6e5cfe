"""What sets are made of looks like it: veins run, chips grow, broken edges carry their texture."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from inference.engines.studio_sets.render import minerals, passes, stones

WHITE = np.full(3, 0.8, np.float32)
MARBLE = {"seed": 26, "pixels_per_m": 800, "cell_m": 0.06, "vein": "#404040", "cloud": 0.0}
TERRAZZO = {"seed": 4, "pixels_per_m": 800, "chips": ["#B4674A", "#3F4A4C"]}
SHAPE = (480, 480)


def changes(picture: np.ndarray) -> tuple[float, float]:
    """Mean change from pixel to pixel, down and across, of the green channel."""
    down, across = np.gradient(picture[..., 1].astype(np.float64))
    return float(np.abs(down).mean()), float(np.abs(across).mean())


@pytest.mark.parametrize(("flow_deg", "crossed"), [(0, 0), (90, 1)])
def test_veins_run_the_way_that_a_marble_says(flow_deg: int, crossed: int) -> None:
    stone = minerals.marble(SHAPE, {**MARBLE, "flow_deg": flow_deg}, WHITE)
    seen = changes(cv2.GaussianBlur(stone, (0, 0), 2))  # without its grain, which runs nowhere
    assert seen[crossed] > 1.1 * seen[1 - crossed]


def test_a_halo_greys_the_stone_beside_strong_veins_and_lightens_nothing() -> None:
    recipe: dict[str, Any] = {**MARBLE, "flow_deg": 40}
    plain, haloed = (minerals.marble(SHAPE, {**recipe, "halo": halo}, WHITE) for halo in (0.0, 0.25))
    darker = plain - haloed
    assert darker.min() > -1e-5
    assert 0.1 < (darker[..., 1] > 0.004).mean() < 0.9


def test_coarse_terrazzo_has_larger_and_fewer_chips_in_as_much_cement() -> None:
    fine, coarse = (minerals.terrazzo(SHAPE, {**TERRAZZO, "coarse": size}, WHITE) for size in (1.0, 2.0))
    assert sum(changes(coarse)) < 0.7 * sum(changes(fine))
    chips = [(picture.std(axis=-1) > 0.03).mean() for picture in (fine, coarse)]
    assert chips[1] == pytest.approx(chips[0], abs=0.12)


def test_the_broken_edge_of_a_slab_carries_its_texture_undistorted() -> None:
    slab = stones.slab([0.30, 0.24, 0.036], seed=7)
    # 361 points a ring from the middle out; the last rings fall from the rim to the ground.
    points, uv = slab.vertices.reshape(-1, 361, 3), slab.uv.reshape(-1, 361, 2)
    front = slice(250, 290)
    fallen = np.linalg.norm(np.diff(points[4:8, front], axis=0), axis=-1)
    painted = np.linalg.norm(np.diff(uv[4:8, front], axis=0), axis=-1)
    assert 0.6 < (painted / fallen).mean() < 1.4


def test_a_ray_that_slips_between_two_triangles_leaves_no_dot() -> None:
    hits = np.array([9, 8, 7, 6, 0], np.float32)
    # What sees nothing at all, or mostly nothing, is the open sky and stays as dark as it is.
    assert passes.counted(hits, 9).tolist() == [9, 8, 7, 9, 9]
