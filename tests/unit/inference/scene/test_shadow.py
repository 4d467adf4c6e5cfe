"""Shadows of a box on a table, against what geometry says."""

from __future__ import annotations

import numpy as np
import pytest

from inference.ops.body import Body, build_body
from inference.ops.geometry import Camera, Frame
from inference.ops.light import mix
from inference.ops.shadow import AreaLight, _may_shade, visibility
from inference.ops.surface import Raster, find_surfaces, without_holes

RAW = {"origin": [0.0, -2.0, 1.0], "target": [0.0, 0.0, 0.1], "fov_x_deg": 30.0}
SIZE = 240
LEFT_LAMP = AreaLight((-2.0, 0.0, 2.0), (0.02, 0.0, 0.0), (0.0, 0.02, 0.0))
WIDE_LAMP = AreaLight((-2.0, 0.0, 2.0), (0.4, 0.0, 0.0), (0.0, 0.4, 0.0))


@pytest.fixture(scope="module")
def camera() -> Camera:
    return Camera.from_look_at(RAW, (SIZE, SIZE))


@pytest.fixture(scope="module")
def table(camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Planar depth and normals of z = 0."""
    x, y = np.meshgrid(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5)
    ray = camera.forward + ((x - SIZE / 2) / camera.focal_px)[..., None] * camera.right
    ray = ray + ((y - SIZE / 2) / camera.focal_px)[..., None] * camera.down
    depth = np.where(ray[..., 2] < 0, -camera.origin[2] / np.minimum(ray[..., 2], -1e-9), 0)
    return depth.astype(np.float32), np.broadcast_to(np.float32([0, 0, 1]), (SIZE, SIZE, 3)).copy()


@pytest.fixture(scope="module")
def box(camera: Camera) -> Body:
    """A block 40 px wide and 30 px high that stands at the origin."""
    alpha = np.full((30, 40), 255, np.uint8)
    return build_body(alpha, 30, 20.0, camera, Frame.facing(camera, np.zeros(3)), 0.1)


def at(camera: Camera, point: tuple[float, float, float]) -> tuple[int, int]:
    x, y, _ = camera.project(np.array(point))
    return int(y), int(x)


def test_a_shadow_lies_where_the_lamp_says(camera: Camera, table: tuple[np.ndarray, np.ndarray], box: Body) -> None:
    maps = visibility(*table, camera, box, [LEFT_LAMP])
    half_width, height = box.metrics[1], box.metrics[2]
    # A lamp at 45 degrees throws the top edge as far as it is high, to the right of the right side.
    reach = half_width + height * (2 + half_width) / (2 - height)
    assert maps[at(camera, (half_width + 0.05, 0.04, 0))][0] < 0.05
    assert maps[at(camera, (0.8 * reach, 0.04, 0))][0] < 0.05
    assert maps[at(camera, (1.15 * reach, 0.04, 0))][0] == 1.0
    assert maps[at(camera, (-half_width - 0.05, 0.04, 0))][0] == 1.0


def test_a_larger_lamp_makes_a_softer_shadow(camera: Camera, table: tuple[np.ndarray, np.ndarray], box: Body) -> None:
    def partly(lamp: AreaLight) -> int:
        _, beside = at(camera, (box.metrics[1] + 0.06, 0.05, 0))
        plane = visibility(*table, camera, box, [lamp])[:, beside:, 0]
        return int(((plane > 0.1) & (plane < 0.9)).sum())

    assert partly(WIDE_LAMP) > 1.3 * partly(LEFT_LAMP)


def test_occlusion_fades_with_distance(camera: Camera, table: tuple[np.ndarray, np.ndarray], box: Body) -> None:
    sky = visibility(*table, camera, box, [])[..., -1]
    side = box.metrics[1]
    values = [sky[at(camera, (side + gap, 0.05, 0))] for gap in (0.01, 0.05, 0.15, 0.4)]
    assert values == sorted(values)
    assert values[0] < 0.7
    assert values[-1] > 0.9
    assert sky[at(camera, (0.0, 0.05, 0))] < 0.1


def test_nothing_shades_what_is_not_there(camera: Camera, box: Body) -> None:
    empty = np.zeros((SIZE, SIZE), np.float32)
    maps = visibility(empty, np.zeros((SIZE, SIZE, 3), np.float32), camera, box, [LEFT_LAMP])
    assert (maps == 1.0).all()


def test_light_is_only_ever_taken_away(camera: Camera, table: tuple[np.ndarray, np.ndarray], box: Body) -> None:
    maps = visibility(*table, camera, box, [WIDE_LAMP])
    assert maps.min() >= 0.0
    assert maps.max() <= 1.0 + 1e-6
    codes = np.random.Generator(np.random.PCG64(1)).integers(0, 65536, (2, SIZE, SIZE, 3)).astype(np.uint16)
    nearness = np.divide(1, table[0], out=np.zeros_like(table[0]), where=table[0] > 0)
    everywhere = Raster(nearness, find_surfaces(np.full((1, SIZE, SIZE), 255, np.uint8)))
    gains, plane = np.ones((2, 3), np.float32), np.array([0, -1])
    lit, _ = mix(codes, gains, plane, np.ones_like(maps), everywhere, everywhere)
    shaded, left = mix(codes, gains, plane, maps, everywhere, everywhere)
    assert (shaded <= lit + 1e-6).all()
    assert left.min() < 0.2
    assert lit.mean() == pytest.approx(2 / 3, rel=0.01)


def test_what_is_ruled_out_before_any_ray_is_shot_has_no_shadow() -> None:
    """Against rays shot one by one, from points and to lamps all around a box."""
    rng = np.random.default_rng(7)
    box = np.array([[-0.2, 0.1], [0.0, 0.15], [0.0, 0.3]])
    met, ruled_out = 0, 0
    for _ in range(400):
        start = rng.uniform(-0.6, 0.6, 3)
        ends = rng.uniform(-1.5, 1.5, 3) + rng.uniform(-0.3, 0.3, (64, 3))
        reach = np.stack([ends.min(axis=0), ends.max(axis=0)], axis=1)
        along = start + np.linspace(0, 1, 200)[:, None, None] * (ends - start)
        hits = bool(((along >= box[:, 0]) & (along <= box[:, 1])).all(axis=2).any())
        possible = _may_shade(tuple(start), box, reach)
        assert possible or not hits
        met, ruled_out = met + hits, ruled_out + (not possible)
    assert met > 30
    assert ruled_out > 150


def test_a_sample_that_saw_past_a_surface_is_taken_from_beside_it_and_edges_stay() -> None:
    nearness = np.full((40, 40), 0.5, np.float32)
    nearness[:, 20:] = 0.4  # an edge of one material before the other one
    nearness[:, 30:] = 0.3  # a step within a material
    holed = nearness.copy()
    holed[10, 8], holed[25, 25] = 0.44, 0.0
    coverage = np.zeros((2, 40, 40), np.uint8)
    coverage[0, :, :20], coverage[1, :, 20:] = 255, 255
    assert np.array_equal(without_holes(holed, find_surfaces(coverage)), nearness)
