"""Cutout without any learned weights: saliency, colour models, a cut, closed-form matting."""

from __future__ import annotations

import cv2
import numpy as np

from inference.ops.barrier import minimum_barrier
from inference.ops.finish import Segmentation, finish_cutout
from inference.ports import CutoutOptions, EngineStatus
from inference.types import U8, Box, Cutout, Mask, Progress, no_progress


class ClassicalEngine:
    """Always available; asks for a box by a low confidence where a photo is beyond it."""

    name = "classical"
    licence = "Apache-2.0"

    def __init__(self, options: CutoutOptions) -> None:
        self._options = options

    def status(self) -> EngineStatus:
        return EngineStatus(True)

    def warm(self) -> None:
        """Compile the matting kernels (numba caches them on disk) by cutting out a drawn disk."""
        picture = np.full((96, 96, 3), 230, np.uint8)
        cv2.circle(picture, (48, 48), 24, (40, 90, 160), -1)
        self.cut(picture, box=Box(16, 16, 64, 64))

    def cut(self, rgb: U8, *, box: Box | None, on_progress: Progress = no_progress) -> Cutout:
        """See ``ports.CutoutEngine``."""
        on_progress("find", 0.0)
        scale = min(1.0, 480 / max(rgb.shape[:2]))
        size = (max(8, round(rgb.shape[1] * scale)), max(8, round(rgb.shape[0] * scale)))
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        mask = _grabbed(small, box, scale)
        on_progress("find", 1.0)
        return finish_cutout(rgb, Segmentation(mask, 0.5), self.name, box=box, on_progress=on_progress)


def _grabbed(small: U8, box: Box | None, scale: float) -> Mask:
    state = np.zeros(small.shape[:2], np.uint8)
    if box is None:
        border = np.zeros(state.shape, np.bool_)
        border[[0, -1]] = True
        border[:, [0, -1]] = True
        lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
        barrier = minimum_barrier(lab, border)
        state[barrier > 0.5 * barrier.max()] = cv2.GC_PR_FGD
        state[barrier <= 0.5 * barrier.max()] = cv2.GC_PR_BGD
        state[border] = cv2.GC_BGD
    else:
        x, y, w, h = (round(value * scale) for value in box.as_list())
        state[y : y + h, x : x + w] = cv2.GC_PR_FGD
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(small, state, None, *models, 5, cv2.GC_INIT_WITH_MASK)
    return (state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD)
