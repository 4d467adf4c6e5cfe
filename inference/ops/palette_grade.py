"""A grade that brings a plate's colours towards a palette, as little and as far as it may.

The plate's colours are a histogram over the chroma plane of OKLab (a, b); where its mass should go is the solution of
an entropic optimal transport to the palette whose masses are free to differ (unbalanced Sinkhorn, Chizat et al. 2018):
a palette colour that nothing is near takes little, instead of pulling something that does not belong there. Each bin
moves towards the mean of its targets by at most ``MAX_SHIFT``. The field is smooth over the plane, so no edges appear;
lightness stays, so shading and texture stay.

Protected: what the caller says (the product), greys, and skin. Their weight is 0 and rises smoothly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from inference.ops.colour import hex_to_rgb
from inference.ops.oklab import from_oklab, to_oklab
from inference.types import F32, F64, U8

MAX_SHIFT = 0.09
"""The most that a colour moves in the chroma plane of OKLab; a saturated red lies at 0.25 from grey."""

_BINS, _REACH = 64, 0.4
_EPSILON, _RELAXATION, _ROUNDS = 0.002, 0.02, 60
_SMOOTH_BINS = 2.0
_LIGHTNESS_WEIGHT = 0.15
_GREY, _COLOURED = 0.015, 0.045
_SKIN_HUE_DEG, _SKIN_REACH_DEG, _SKIN_SOFT_DEG = 46.0, 31.0, 15.0
_SKIN_CHROMA = (0.03, 0.14)


def graded_to_palette(plate: U8, palette: Sequence[str], amount: float, protected: U8 | None = None) -> U8:
    """The plate, graded.

    Args:
        plate: uint8 (H, W, 3).
        palette: ``#rrggbb``; greys among them attract nothing.
        amount: 0..1 of what the cap allows; 0 = the plate itself.
        protected: uint8 (H, W), 255 = must stay (partly covered pixels move in parts).

    Raises:
        InputRejected: ``shot.bad_colour``.
    """
    colours = to_oklab(np.array([hex_to_rgb(code) for code in palette], np.uint8).reshape(-1, 3))
    colours = colours[np.hypot(colours[:, 1], colours[:, 2]) > _GREY]
    if amount <= 0 or len(colours) == 0:
        return plate
    lab = to_oklab(plate)
    weight = free_to_move(lab, protected)
    shift = _field(lab, weight, colours.astype(np.float64))
    places = _places(lab)
    moved = np.stack(
        [cv2.remap(shift[..., axis], places[..., 0], places[..., 1], cv2.INTER_LINEAR) for axis in (0, 1)], axis=-1
    )
    graded = lab.copy()
    graded[..., 1:] += np.float32(amount) * weight[..., None] * moved
    # Rounding to sRGB and back is exact for what did not move, but a protected pixel must not rely on that.
    return np.asarray(np.where(weight[..., None] > 0, from_oklab(graded), plate), np.uint8)


def free_to_move(lab: F32, protected: U8 | None) -> F32:
    """How far each pixel may be moved, float32 (H, W) in 0..1: 0 for greys, skin and what is protected."""
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    weight = _smoothstep((chroma - _GREY) / (_COLOURED - _GREY)) * (1 - skin_likeness(lab))
    if protected is not None:
        weight = weight * (1 - protected.astype(np.float32) / np.float32(255))
    return np.asarray(weight, np.float32)


def skin_likeness(lab: F32) -> F32:
    """How much a colour looks like skin of any tone, 0..1: a narrow range of hue and a middling chroma in OKLab."""
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    low, high = _SKIN_CHROMA
    middling = _smoothstep((chroma - low) / 0.015) * _smoothstep((high - chroma) / 0.02)
    near = _smoothstep((_SKIN_REACH_DEG - np.abs(hue - _SKIN_HUE_DEG)) / _SKIN_SOFT_DEG)
    return np.asarray(near * middling, np.float32)


def _field(lab: F32, weight: F32, colours: F64) -> F32:
    """Where each bin of the chroma plane moves, float32 (bins of b, bins of a, 2), capped and smooth."""
    places = np.clip(np.rint(_places(lab)), 0, _BINS - 1).astype(np.int64)
    index = (places[..., 1] * _BINS + places[..., 0]).ravel()
    mass = np.bincount(index, weight.ravel(), _BINS * _BINS)
    light = np.bincount(index, (weight * lab[..., 0]).ravel(), _BINS * _BINS) / np.maximum(mass, 1e-9)
    used = np.flatnonzero(mass > 0)
    if len(used) == 0:
        return np.zeros((_BINS, _BINS, 2), np.float32)
    centres = _centres()[used]
    shift = np.zeros((_BINS * _BINS, 2), np.float64)
    targets = _targets(np.column_stack([light[used], centres]), mass[used] / mass.sum(), colours)
    wanted = targets - centres
    length = np.linalg.norm(wanted, axis=1, keepdims=True)
    shift[used] = wanted * np.minimum(1.0, MAX_SHIFT / np.maximum(length, 1e-9))
    return _smoothed(shift.reshape(_BINS, _BINS, 2), np.asarray(mass, np.float64).reshape(_BINS, _BINS))


def _targets(atoms: F64, mass: F64, colours: F64) -> F64:
    """The mean chroma (n, 2) of where each atom's mass is carried to."""
    apart = np.square(atoms[:, None, 1:] - colours[None, :, 1:]).sum(axis=2)
    cost = apart + _LIGHTNESS_WEIGHT * np.square(atoms[:, None, 0] - colours[None, :, 0])
    kernel = np.exp(-(cost - cost.min(axis=1, keepdims=True)) / _EPSILON)
    share = np.full(len(colours), 1 / len(colours))
    forwards, backwards = np.ones(len(atoms)), np.ones(len(colours))
    loose = _RELAXATION / (_RELAXATION + _EPSILON)
    for _ in range(_ROUNDS):
        forwards = mass / np.maximum(kernel @ backwards, 1e-30)
        backwards = np.power(share / np.maximum(kernel.T @ forwards, 1e-30), loose * 0.5)
    plan = forwards[:, None] * kernel * backwards[None]
    return np.asarray(plan @ colours[:, 1:] / np.maximum(plan.sum(axis=1, keepdims=True), 1e-30), np.float64)


def _smoothed(shift: F64, mass: F64) -> F32:
    """The field spread over bins that hold nothing, so that neighbours of a colour move with it."""
    known = np.sqrt(mass / max(mass.max(), 1e-30))
    top = cv2.GaussianBlur(shift * known[..., None], (0, 0), _SMOOTH_BINS)
    below = cv2.GaussianBlur(known, (0, 0), _SMOOTH_BINS)[..., None]
    spread = np.divide(top, below, out=np.zeros_like(top), where=below > 1e-6)
    return np.asarray(spread, np.float32)


def _places(lab: F32) -> F32:
    """Fractional bin (of a, of b) of each pixel, float32 (..., 2)."""
    return np.asarray((lab[..., 1:] + _REACH) * np.float32((_BINS - 1) / (2 * _REACH)), np.float32)


def _centres() -> F64:
    """(a, b) of every bin, rows of b, (_BINS * _BINS, 2)."""
    axis = np.linspace(-_REACH, _REACH, _BINS)
    a, b = np.meshgrid(axis, axis)
    return np.column_stack([a.ravel(), b.ravel()])


def _smoothstep(value: npt.NDArray[np.floating[Any]]) -> F32:
    clipped = np.clip(value, 0, 1)
    return np.asarray(clipped * clipped * (3 - 2 * clipped), np.float32)
