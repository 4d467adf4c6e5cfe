"""Is there something where something should be, and nothing where nothing should be? Measured without a detector.

* ``presence``: how far the colours inside an object's box are from those of its surroundings (CIELAB means and
  spreads), 0 = the box looks like what is around it. It says that *something* stands there, not what.
* ``calm``: how little happens in the copy space: 1 minus its mean luminance gradient over that of a busy picture.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from inference.types import F32, U8

_LONGEST_PX = 256
_RING = 0.35
_PRESENT = 14.0
_BUSY = 24.0

Fractions = tuple[float, float, float, float]


def presence(rgb: U8, boxes: Sequence[Fractions]) -> float:
    """Mean over the boxes (left, top, width, height in fractions) of 0..1; 1 where there are none."""
    if not boxes:
        return 1.0
    lab = _small_lab(rgb)
    return round(float(np.mean([_present(lab, box) for box in boxes])), 4)


def calm(rgb: U8, region: Fractions | None) -> float:
    """0..1 for a region (left, top, width, height in fractions); 1 where none has to be calm."""
    if region is None:
        return 1.0
    light = np.ascontiguousarray(_small_lab(rgb)[..., 0])
    across, down = cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)
    inside = _cut(np.hypot(across, down), region)
    return round(float(np.clip(1 - inside.mean() / _BUSY, 0, 1)), 4) if inside.size else 1.0


def _present(lab: F32, box: Fractions) -> float:
    left, top, width, height = box
    wide = (left - _RING * width, top - _RING * height, width * (1 + 2 * _RING), height * (1 + 2 * _RING))
    inside, both = _cut(lab, box).reshape(-1, 3), _cut(lab, wide).reshape(-1, 3)
    around = len(both) - len(inside)
    if len(inside) < 4 or around < 4:
        return 1.0
    mean = (both.sum(axis=0) - inside.sum(axis=0)) / around
    square = (np.square(both).sum(axis=0) - np.square(inside).sum(axis=0)) / around
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    apart = np.linalg.norm(inside.mean(axis=0) - mean) + 0.5 * np.linalg.norm(inside.std(axis=0) - spread)
    return float(1 - np.exp(-apart / _PRESENT))


def _small_lab(rgb: U8) -> F32:
    scale = min(1.0, _LONGEST_PX / max(rgb.shape[:2]))
    size = max(8, round(rgb.shape[1] * scale)), max(8, round(rgb.shape[0] * scale))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.float32)


def _cut(plane: F32, box: Fractions) -> F32:
    height, width = plane.shape[:2]
    left, top = round(box[0] * width), round(box[1] * height)
    right, bottom = round((box[0] + box[2]) * width), round((box[1] + box[3]) * height)
    return plane[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
