"""A drawn bottle with an exact cutout, and a certificate."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from inference.ops.certificate import Identity, make_identity
from inference.ports import SceneOptions
from inference.types import Cutout
from tests.unit.inference.scene.synthetic_set import write_synthetic_set

WIDTH, HEIGHT = 900, 1100


@pytest.fixture(scope="session")
def identity() -> Identity:
    return make_identity("Tests")


@pytest.fixture(scope="session")
def photo() -> np.ndarray:
    noise = np.random.default_rng(3).integers(0, 30, (HEIGHT, WIDTH, 3))
    across = np.linspace(0.5, 1.0, WIDTH)[None, :, None]
    return np.clip((np.array([150, 60, 40]) + noise) * across, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def cutout(photo: np.ndarray) -> Cutout:
    alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.rectangle(alpha, (300, 200), (599, 899), 255, -1)
    cv2.rectangle(alpha, (400, 100), (499, 200), 255, -1)
    return Cutout(rgb=photo, alpha=cv2.GaussianBlur(alpha, (5, 5), 0), engine="drawn", confidence=1.0)


@pytest.fixture(scope="session")
def photo_file(photo: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="session")
def options(tmp_path_factory: pytest.TempPathFactory) -> SceneOptions:
    return SceneOptions(plates_dir=write_synthetic_set(tmp_path_factory.mktemp("sets"), name="glossy", gloss=True))
