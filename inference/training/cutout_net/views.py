"""What the network is shown of a validation picture: all of it, or a box's surroundings with the box as a plane."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from inference.training.cutout_net.produce import VALIDATION_SEED
from inference.training.cutout_net.scenes import Rng, Sample, as_shot, read_scene, scene_paths
from inference.types import U8

_USUAL_MARGIN = 0.3


@dataclass(frozen=True)
class Boxed:
    """uint8 ``rgb`` (H, W, 3), ``box`` (H, W; 255 inside, all 0 without one) and ``alpha`` (H, W)."""

    rgb: U8
    box: U8
    alpha: U8


def automatic(shot: Sample, size: tuple[int, int]) -> Boxed:
    """The whole picture at ``size`` (width, height)."""
    return Boxed(_resized(shot.rgb, size), np.zeros(size[::-1], np.uint8), _resized(shot.alpha, size))


def boxed(shot: Sample, size: tuple[int, int], rng: Rng, *, margin: float = _USUAL_MARGIN) -> Boxed:
    """The surroundings of a box as a person would draw it, ``margin`` of the box's longer side around it."""
    left, top, right, bottom = drawn_box(shot.alpha, rng)
    height, width = shot.alpha.shape
    around = round(margin * max(right - left, bottom - top))
    first, last = max(0, left - around), min(width, right + around)
    high, low = max(0, top - around), min(height, bottom + around)
    plane = np.zeros((height, width), np.uint8)
    plane[top:bottom, left:right] = 255
    window = np.s_[high:low, first:last]
    rgb, box, alpha = (_resized(layer[window], size) for layer in (shot.rgb, plane, shot.alpha))
    return Boxed(rgb, np.where(box > 127, 255, 0).astype(np.uint8), alpha)


def drawn_box(alpha: U8, rng: Rng) -> tuple[int, int, int, int]:
    """left, top, right, bottom around the product, off by a few percent as hands are, mostly outwards."""
    rows, columns = np.flatnonzero((alpha > 100).any(1)), np.flatnonzero((alpha > 100).any(0))
    height, width = alpha.shape
    if len(rows) == 0:
        return 0, 0, width, height
    off = rng.normal(0.015, 0.02, 4) * max(columns[-1] - columns[0], rows[-1] - rows[0])
    left, top = max(0, int(columns[0] - off[0])), max(0, int(rows[0] - off[1]))
    right, bottom = min(width, int(columns[-1] + 1 + off[2])), min(height, int(rows[-1] + 1 + off[3]))
    return left, top, max(left + 4, right), max(top + 4, bottom)


def stacked(views: list[Boxed]) -> tuple[U8, U8]:
    """Pictures with their box plane, uint8 (N, H, W, 4), and alphas, uint8 (N, 1, H, W), of views of one shape."""
    inputs = np.stack([np.dstack([view.rgb, view.box]) for view in views])
    return inputs, np.stack([view.alpha for view in views])[:, None]


def validation(renders: Path, size_px: int) -> tuple[list[Boxed], list[Boxed]]:
    """Scenes that are never trained on, the same each time: whole, and with a box."""
    rng = np.random.default_rng(1)
    shots = [as_shot(read_scene(path)) for path in scene_paths(renders, range(VALIDATION_SEED, 10 * VALIDATION_SEED))]
    size = (size_px, size_px)
    return [automatic(shot, size) for shot in shots], [boxed(shot, size, rng) for shot in shots]


def _resized(layer: U8, size: tuple[int, int]) -> U8:
    method = cv2.INTER_AREA if size[0] < layer.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(np.ascontiguousarray(layer), size, interpolation=method), np.uint8)
