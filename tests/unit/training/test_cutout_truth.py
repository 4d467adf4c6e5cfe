"""The benchmark's photos: complete, small enough, and what the catalogue says."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from inference.training.cutout_truth.catalogue import PHOTOS
from tests.bench.bench_cutout_truth import TRUTH

CATEGORIES = {"thin", "holes", "fur", "white", "dark", "glass", "busy", "plain"}
MOST_BYTES = 8_000_000


def test_the_photos_are_those_of_the_catalogue() -> None:
    listed = json.loads((TRUTH / "categories.json").read_text(encoding="utf-8"))
    assert listed == {photo.name: photo.category for photo in PHOTOS}
    assert set(listed.values()) == CATEGORIES
    assert len(listed) >= 40
    assert {path.stem for path in TRUTH.glob("*.jpg")} == set(listed) == {path.stem for path in TRUTH.glob("*.png")}


def test_all_photos_together_are_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in TRUTH.iterdir()) <= MOST_BYTES


@pytest.mark.parametrize("name", [photo.name for photo in PHOTOS])
def test_a_photo_has_an_alpha_of_its_size_with_a_whole_product(name: str) -> None:
    rgb = cv2.imread(str(TRUTH / f"{name}.jpg"))
    alpha = cv2.imread(str(TRUTH / f"{name}.png"), cv2.IMREAD_UNCHANGED)
    assert alpha.dtype == np.uint8
    assert alpha.shape == rgb.shape[:2]
    assert max(alpha.shape) == 800
    assert 0.01 < (alpha > 127).mean() < 0.8
    assert not np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]]).any()


def test_every_model_has_finite_points_and_a_camera_that_sees_it() -> None:
    for photo in PHOTOS[::6]:
        scene = photo.world()
        points = np.concatenate([part.mesh.vertices for part in scene.product])
        assert np.isfinite(points).all()
        assert points[:, 2].min() == pytest.approx(0, abs=1e-9)
        sight = scene.camera.target - scene.camera.origin
        assert ((points - scene.camera.origin) @ sight > 0).all()
