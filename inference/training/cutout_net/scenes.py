"""Rendered scenes on disk: one RGBA picture each, named by its seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from inference.types import U8

Rng = np.random.Generator


@dataclass(frozen=True)
class Sample:
    """uint8 ``rgb`` (H, W, 3), sRGB, and ``alpha`` (H, W)."""

    rgb: U8
    alpha: U8


def scene_paths(folder: Path, seeds: range) -> Iterator[Path]:
    """Finished scenes whose seed is in ``seeds``, in order."""
    for path in sorted(folder.glob("[0-9]*.png")):
        if path.name.count(".") == 1 and int(path.stem) in seeds:
            yield path


def read_scene(path: Path) -> U8:
    """uint8 RGBA (H, W, 4)."""
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return np.asarray(cv2.cvtColor(np.asarray(read), cv2.COLOR_BGRA2RGBA), np.uint8)


def as_shot(scene: U8) -> Sample:
    """A scene as it was rendered, whole."""
    return Sample(np.ascontiguousarray(scene[..., :3]), np.ascontiguousarray(scene[..., 3]))


def extent(alpha: U8) -> tuple[int, int, int, int]:
    """top, bottom, left, right of what is not nearly clear."""
    rows, columns = np.flatnonzero((alpha > 20).any(1)), np.flatnonzero((alpha > 20).any(0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def piece_without_product(scene: U8, rng: Rng) -> U8:
    """A crop of the scene that shows little or nothing of its own product; a blurred fill where all show it."""
    height, width = scene.shape[:2]
    best, least = scene, 1.0
    for _ in range(6):
        side = int(rng.uniform(0.35, 0.9) * min(height, width))
        top, left = int(rng.integers(0, height - side + 1)), int(rng.integers(0, width - side + 1))
        crop = scene[top : top + side, left : left + side]
        covered = float(crop[..., 3].mean()) / 255
        if covered < least:
            best, least = crop, covered
        if least < 0.02:
            break
    rgb = np.ascontiguousarray(best[..., :3])
    if least > 0.02:
        hole = cv2.dilate((best[..., 3] > 0).astype(np.uint8), np.ones((7, 7), np.uint8))
        small = cv2.resize(rgb, (96, 96)), cv2.resize(hole, (96, 96), interpolation=cv2.INTER_NEAREST)
        filled = cv2.resize(cv2.inpaint(*small, 3, cv2.INPAINT_TELEA), (rgb.shape[1], rgb.shape[0]))
        rgb = np.where(hole[..., None] > 0, filled, rgb)
    return np.asarray(rgb, np.uint8)
