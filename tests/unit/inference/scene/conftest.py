"""A synthetic set, a rendered photo of a can, and its cutout."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.ports import SceneOptions
from inference.types import Cutout
from tests.unit.inference.scene.synthetic_set import write_synthetic_set


@pytest.fixture(scope="session")
def sets_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_synthetic_set(tmp_path_factory.mktemp("sets"))
    write_synthetic_set(folder, name="pillar", pillar=True)
    write_synthetic_set(folder, name="uniform", table_hex="#E6E0D8")
    write_synthetic_set(folder, name="warm", lamp_colour=(1.15, 1.0, 0.8))
    write_synthetic_set(folder, name="raised", gloss=True, raised_m=0.04)
    return write_synthetic_set(folder, name="glossy", gloss=True)


@pytest.fixture(scope="session")
def options(sets_dir: Path) -> SceneOptions:
    return SceneOptions(plates_dir=sets_dir)


@pytest.fixture(scope="session")
def photo() -> np.ndarray:
    """A striped can, 700 x 900 px, on a noisy green ground."""
    noise = np.random.Generator(np.random.PCG64(7)).integers(0, 40, (900, 700, 3))
    picture = (np.array([70, 120, 60]) + noise).astype(np.uint8)
    can = np.zeros_like(picture)
    across = np.linspace(-1, 1, 300)
    shading = (0.45 + 0.55 * np.sqrt(1 - across**2))[None, :, None]
    stripes = np.where((np.arange(560) // 40 % 2 == 0)[:, None, None], [200, 40, 50], [240, 230, 210])
    can[180:740, 200:500] = np.rint(stripes * shading).astype(np.uint8)
    return np.where((alpha_of_can() > 0)[..., None], can, picture).astype(np.uint8)


def alpha_of_can() -> np.ndarray:
    alpha = np.zeros((900, 700), np.uint8)
    cv2.rectangle(alpha, (210, 200), (489, 700), 255, -1)
    cv2.ellipse(alpha, (350, 700), (140, 24), 0, 0, 180, 255, -1)
    return cv2.GaussianBlur(alpha, (5, 5), 0)


@pytest.fixture(scope="session")
def cutout(photo: np.ndarray) -> Cutout:
    alpha = alpha_of_can()
    inside = np.where((alpha == 255)[..., None], photo, np.array([180, 60, 60], np.uint8))
    return Cutout(rgb=inside.astype(np.uint8), alpha=alpha, engine="test", confidence=1.0)
