"""The training data's raw material: random objects, scenes and surfaces. Nothing is rendered here."""

from __future__ import annotations

import numpy as np
import pytest

from inference.training.cutout_net import forms, objects, patterns
from inference.training.cutout_net.world import World, world

SEEDS = range(24)


def points_of(parts: list[objects.Part]) -> np.ndarray:
    return np.concatenate([part.mesh.vertices for part in parts])


@pytest.mark.parametrize("seed", SEEDS)
def test_an_object_stands_on_the_floor_and_has_diameter_one(seed: int) -> None:
    points = points_of(objects.product(np.random.default_rng(seed)))
    low, high = points.min(0), points.max(0)
    assert low[2] == pytest.approx(0, abs=1e-9)
    assert np.linalg.norm(points - (low + high) / 2, axis=1).max() == pytest.approx(0.5)


@pytest.mark.parametrize("seed", SEEDS)
def test_meshes_are_whole_numbers_and_unit_normals(seed: int) -> None:
    for part in objects.product(np.random.default_rng(seed)):
        mesh = part.mesh
        assert np.isfinite(mesh.vertices).all()
        assert mesh.faces.min() >= 0
        assert mesh.faces.max() < len(mesh.vertices)
        lengths = np.linalg.norm(mesh.normals[np.unique(mesh.faces)], axis=1)
        assert np.percentile(lengths, 10) == pytest.approx(1, abs=1e-3)


def described(scene: World) -> tuple[float, ...]:
    points = points_of([*scene.product, *scene.others])
    return (*points.mean(0), float(scene.sky.sum()), *scene.camera.origin, float(len(scene.lamps)))


def test_the_same_seed_gives_the_same_scene_and_another_seed_another() -> None:
    first, again, other = (described(world(np.random.default_rng(seed))) for seed in (5, 5, 6))
    assert first == again
    assert first != other


@pytest.mark.parametrize("seed", SEEDS)
def test_the_camera_looks_at_the_product_and_no_lamp_stands_in_its_way(seed: int) -> None:
    scene = world(np.random.default_rng(seed))
    camera = scene.camera
    sight = (camera.target - camera.origin) / np.linalg.norm(camera.target - camera.origin)
    product = points_of(list(scene.product)).mean(0) - camera.origin
    angle = np.degrees(np.arccos(np.clip(product @ sight / np.linalg.norm(product), -1, 1)))
    assert angle < camera.fov_deg
    for lamp in scene.lamps:
        towards = lamp.position - camera.origin
        assert towards @ sight < 0 or np.linalg.norm(np.cross(towards, sight)) > lamp.size


@pytest.mark.parametrize("kind", sorted(patterns.PAINTERS))
def test_each_pattern_is_a_picture_of_its_size(kind: str) -> None:
    picture = patterns.pattern(np.random.default_rng(1), 64, kind=kind)
    assert picture.shape == (64, 64, 3)
    assert picture.dtype == np.uint8


def test_a_plain_pattern_has_the_colour_that_was_asked_for() -> None:
    tone = np.array([0.2, 0.4, 0.6], np.float32)
    pictures = [patterns.pattern(np.random.default_rng(seed), 64, base=tone, kind="plain") for seed in range(6)]
    assert any((picture == np.rint(tone * 255).astype(np.uint8)).all() for picture in pictures)


def test_a_plate_with_a_hole_is_open_in_the_middle() -> None:
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    outline = np.stack([np.cos(angle), np.sin(angle)], 1)
    open_plate = forms.plate(outline, 0.1, hole=outline * 0.5)
    assert np.hypot(open_plate.vertices[:, 0], open_plate.vertices[:, 2]).min() == pytest.approx(0.5)
    assert np.hypot(*forms.plate(outline, 0.1).vertices[:, [0, 2]].T).min() == pytest.approx(0, abs=1e-9)


def test_hair_grows_from_the_surface_outwards() -> None:
    ball = forms.superquadric(np.ones(3), (1, 1), 24)
    hair = forms.hair(ball, 500, 0.2, 0.01, np.random.default_rng(2), droop=0.0)
    reach = np.linalg.norm(hair.vertices, axis=1).reshape(500, 6)
    assert reach[:, :2].max() < 1.02
    assert reach[:, 4:].mean() > 1.08
