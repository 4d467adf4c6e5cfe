"""What the classical engine sees: the part of the photo around a box, small, as colour, texture and position."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from inference.ops.barrier import minimum_barrier
from inference.ops.matte import disk
from inference.ops.potts import likeness
from inference.ops.scaling import resized_mask, resized_plane
from inference.types import F32, U8, Mask

COLOURS = 3
_LAB_UNIT = np.array([12.0, 8.0, 8.0], np.float32)
_TEXTURE_WEIGHT = 0.7
_TEXTURE_FLOOR = 0.3


@dataclass(frozen=True)
class Scene:
    """One size of the view.

    Attributes:
        lab: CIE L*a*b* in units of about one noticeable step of background variation, float32 (H, W, 3).
        features: smoothed ``lab`` and log gradient energy at two scales, float32 (H, W, 5).
        inside: where the product may be.
        barrier: minimum barrier distance from outside, 1 = its 90th percentile inside.
        eccentricity: 0 in the middle of the box, 1 on its sides, float32 (H, W).
        opinion: what somebody else thinks, as log odds of product, float32 (H, W); 0 = nothing.
    """

    lab: F32
    features: F32
    inside: Mask
    barrier: F32
    eccentricity: F32
    opinion: F32

    @property
    def shape(self) -> tuple[int, int]:
        return self.inside.shape[0], self.inside.shape[1]

    @property
    def colours(self) -> F32:
        """``lab`` without its grain, float32 (H, W, 3)."""
        return self.features[..., :COLOURS]

    @cached_property
    def likeness(self) -> F32:
        """How alike the ``colours`` of neighbours are; see ``ops.potts.likeness``."""
        return likeness(self.colours)

    def rows(self, *, texture: float = 1.0) -> F32:
        """Features as (H * W, 5), those of texture multiplied by ``texture``."""
        rows = np.ascontiguousarray(self.features.reshape(-1, self.features.shape[2]))
        if texture == 1.0:
            return rows
        scale = np.ones(rows.shape[1], np.float32)
        scale[COLOURS:] = texture
        return rows * scale

    def halved(self) -> Scene:
        """The same view at half the size."""
        size = ((self.shape[1] + 1) // 2, (self.shape[0] + 1) // 2)
        inside = resized_mask(self.inside, size)
        features = _resized_stack(self.features, size)
        opinion = resized_plane(self.opinion, size)
        barrier = barrier_inside(features, inside)
        return Scene(_resized_stack(self.lab, size), features, inside, barrier, eccentricity(inside), opinion)

    def told(self, opinion: F32) -> Scene:
        """The same view with somebody's ``opinion`` of its own size or another one."""
        return replace(self, opinion=resized_plane(opinion, (self.shape[1], self.shape[0])))


def look(rgb: U8, inside: Mask) -> tuple[Scene, Scene]:
    """The scene at the size of ``rgb`` and at half of it, without anybody's opinion."""
    lab = in_lab(rgb)
    smooth = cv2.bilateralFilter(lab, 5, 1.0, 2.0)
    across, down = cv2.Sobel(lab[..., 0], cv2.CV_32F, 1, 0), cv2.Sobel(lab[..., 0], cv2.CV_32F, 0, 1)
    energy = np.sqrt(across * across + down * down)
    texture = [_TEXTURE_WEIGHT * np.log(_busyness(energy, sigma) + _TEXTURE_FLOOR) for sigma in (2.0, 5.0)]
    features = np.dstack([smooth, *texture]).astype(np.float32)
    blank = np.zeros(inside.shape, np.float32)
    small = Scene(lab, features, inside, blank, blank, blank).halved()
    size = (rgb.shape[1], rgb.shape[0])
    return Scene(lab, features, inside, resized_plane(small.barrier, size), eccentricity(inside), blank), small


def in_lab(rgb: U8) -> F32:
    """sRGB, uint8 (H, W, 3), as ``Scene.lab``."""
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB) / _LAB_UNIT, np.float32)


def _busyness(energy: F32, sigma: float) -> F32:
    """Mean gradient energy around each pixel, blind to single edges: the least of the averages near it."""
    average = cv2.GaussianBlur(energy, (0, 0), sigma)
    return np.asarray(cv2.erode(average, disk(round(1.5 * sigma))), np.float32)


def barrier_inside(features: F32, inside: Mask) -> F32:
    """Minimum barrier distance from outside ``inside`` in colour, scaled so that its 90th percentile inside is 1."""
    distance = minimum_barrier(features[..., :COLOURS], ~inside, rounds=2)
    return np.asarray(distance / (np.percentile(distance[inside], 90) + 1e-6), np.float32)


def eccentricity(inside: Mask) -> F32:
    """Chebyshev distance from the middle of the box that ``inside`` fills, 1 on its sides."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    down = np.abs(np.arange(inside.shape[0]) - rows.mean()) / (0.5 * len(rows))
    across = np.abs(np.arange(inside.shape[1]) - columns.mean()) / (0.5 * len(columns))
    return np.asarray(np.maximum(down[:, None], across[None, :]), np.float32)


def shadowed(rows: F32) -> F32:
    """Every third background sample again as it would look in a shadow of varying depth; L*, a*, b* come first.

    Lightness falls by 0.35 to 0.8 and chroma half as much; without them the contact shadow counts as product.
    """
    copies = rows[::3].copy()
    depth = 0.35 + 0.45 * ((np.arange(len(copies)) * 0.61803399) % 1.0)
    copies[:, 0] *= depth.astype(np.float32)
    copies[:, 1:COLOURS] *= (0.5 + 0.5 * depth[:, None]).astype(np.float32)
    return copies


def _resized_stack(stack: F32, size: tuple[int, int]) -> F32:
    planes = [resized_plane(np.ascontiguousarray(stack[..., k]), size) for k in range(stack.shape[2])]
    return np.asarray(np.dstack(planes), np.float32)
