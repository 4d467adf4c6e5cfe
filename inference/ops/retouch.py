"""Strokes applied to a cutout. What was not painted stays as it is, to the last bit; each stroke starts from bytes, so
that painting A and later B gives what painting A and B at once gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from inference.ops.brush import painted
from inference.ops.foreground import foreground_colours
from inference.ops.laplacian import solve_unknown
from inference.ops.pyramid import sharpened, without_haze
from inference.ops.scaling import resized_plane, resized_rgb
from inference.ops.strokes import Brush, Stroke
from inference.types import F32, U8, Box, Mask

_COLOUR_MARGIN_PX = 48
_UNKNOWN_AT_ONCE = 24_000
_ROUNDS, _TOLERANCE = 400, 1e-5
_LOYALTY = 0.05


@dataclass
class Canvas:
    """The cutout while it is painted on. ``rgb`` and ``alpha`` are this object's own and change in place."""

    photo: U8
    rgb: U8
    alpha: U8

    def paint(self, stroke: Stroke) -> None:
        """Apply one stroke; see ``ops.strokes`` for what each does."""
        size = self.alpha.shape[1], self.alpha.shape[0]
        found = painted(stroke, size)
        if found is None:
            return
        window, coverage = found
        part = np.s_[window.y : window.y + window.height, window.x : window.x + window.width]
        what = stroke.tool if isinstance(stroke, Brush) else stroke.mode
        if what == "keep":
            raised = coverage > self.alpha[part]
            self.rgb[part][raised] = self.photo[part][raised]
            self.alpha[part][raised] = coverage[raised]
        elif what == "remove":
            self.alpha[part] = np.minimum(self.alpha[part], 255 - coverage)
            self._forget(window, coverage > 0)
        elif coverage.any():
            self._refine(window, coverage)

    def _refine(self, window: Box, coverage: U8) -> None:
        around = _grown(window, _COLOUR_MARGIN_PX, self.alpha.shape)
        part = np.s_[around.y : around.y + around.height, around.x : around.x + around.width]
        cover = np.zeros((around.height, around.width), np.uint8)
        top, left = window.y - around.y, window.x - around.x
        cover[top : top + window.height, left : left + window.width] = coverage
        touched, photo, before = cover > 0, self.photo[part], self.alpha[part]
        solved = _matted(photo, before.astype(np.float32) / np.float32(255), touched)
        blend = cover.astype(np.float32) / np.float32(255)
        mixed = before + (solved * 255 - before) * blend
        alpha = np.where(touched, np.rint(mixed), before).astype(np.uint8)
        colours = foreground_colours(photo, alpha)
        seen = touched & (alpha > 0)
        self.rgb[part][seen] = colours[seen]
        self.alpha[part][touched] = alpha[touched]
        self._forget(around, touched)

    def _forget(self, window: Box, touched: Mask) -> None:
        """What was removed is not handed on under an alpha of 0."""
        part = np.s_[window.y : window.y + window.height, window.x : window.x + window.width]
        self.rgb[part][touched & (self.alpha[part] == 0)] = 0


def _matted(photo: U8, alpha: F32, unknown: Mask) -> F32:
    """Alpha in ``unknown`` by closed-form matting from coarse to fine; what surrounds it is the truth."""
    halvings = 0
    while np.count_nonzero(unknown) > _UNKNOWN_AT_ONCE * 4**halvings and min(alpha.shape) >> halvings > 64:
        halvings += 1
    guess: F32 | None = None
    for level in range(halvings, -1, -1):
        size = max(1, alpha.shape[1] >> level), max(1, alpha.shape[0] >> level)
        small, truth = resized_rgb(photo, size), resized_plane(alpha, size)
        free = cv2.resize(unknown.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        if guess is None:
            guess = solve_unknown(small, truth, free, rounds=_ROUNDS, tolerance=_TOLERANCE, loyalty=_LOYALTY)
        else:
            start = np.where(free, resized_plane(guess, size), truth).astype(np.float32)
            guess = sharpened(small, start, within=free)
        guess = np.where(free, without_haze(guess), truth).astype(np.float32)
    assert guess is not None
    return guess


def _grown(window: Box, margin: int, shape: tuple[int, ...]) -> Box:
    left, top = max(0, window.x - margin), max(0, window.y - margin)
    right = min(shape[1], window.x + window.width + margin)
    bottom = min(shape[0], window.y + window.height + margin)
    return Box(left, top, right - left, bottom - top)
