"""Procedural plain-sawn wood: boards cut from logs whose rings, pores and fibres are computed, never photographed.

A board is a plane through a log at some distance from the pith; the rings it cuts show as nested arches (cathedrals)
in the middle and as straight lines at the sides. The distance from a pith that wanders along the board, divided by the
ring width, gives the phase of the ring; early wood turns slowly into dark late wood and stops sharply.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.engines.studio_sets.render.noise import fractal, noise

Floats = NDArray[np.float32]


def planks(recipe: dict[str, Any], base: Floats) -> tuple[Floats, Floats]:
    """Linear albedo (H, W, 3) and height (H, W, 1; 0 = surface, negative = gap or pore) of boards running along u."""
    per_metre = recipe["pixels_per_m"]
    width_m, height_m = recipe["size_m"]
    columns = round(width_m * per_metre)
    boards = round(height_m / recipe["board_m"])
    rows = round(height_m * per_metre / boards)
    made = [_board(rows, columns, per_metre, recipe, recipe["seed"] + 101 * number) for number in range(boards)]
    tone = np.concatenate([board[0] for board in made])
    height = np.concatenate([board[1] for board in made])
    return _colour(tone, base, recipe["contrast"]), height[..., None]


def _board(rows: int, columns: int, per_metre: float, recipe: dict[str, Any], seed: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    shape = (rows, columns)
    v = (np.arange(rows, dtype=np.float32)[:, None] / rows - rng.uniform(0.25, 0.75)) * recipe["board_m"]
    wander = noise((1, columns), (1, 0.45 * per_metre), seed + 1) * 0.010
    drift = noise((1, columns), (1, 0.30 * per_metre), seed + 2) * 0.011 + rng.uniform(0.022, 0.045)
    figure = fractal(shape, (0.05 * per_metre, 0.16 * per_metre), seed + 3, 4) * 0.0022
    distance = np.hypot(v - wander, drift) + figure
    phase = distance / recipe["ring_m"] + 0.12 * noise(shape, (0.006 * per_metre, 0.06 * per_metre), seed + 9)
    within = phase - np.floor(phase)
    strength = 0.6 + 0.4 * np.tanh(_per_ring(phase, seed))
    late = strength * np.clip(within**2.6 - np.clip((within - 0.92) / 0.08, 0, 1), 0, 1)
    fibre = noise(shape, (2.0, 0.05 * per_metre), seed + 5) + noise(shape, (7.0, 0.2 * per_metre), seed + 6)
    pores = _pores(shape, per_metre, within, seed + 7)
    cloud = fractal(shape, (0.06 * per_metre, 0.3 * per_metre), seed + 8, 3)
    tone = late + 0.06 * fibre + 0.26 * pores + 0.09 * cloud + rng.normal(0, 0.13)
    gap = _gap(rows, per_metre)
    return np.asarray(tone + 1.6 * gap, np.float32), np.asarray(-gap - 0.10 * pores - 0.02 * late, np.float32)


def _per_ring(phase: Floats, seed: int) -> Floats:
    """A random number for each growth ring: years differ."""
    table = np.random.default_rng(seed + 20).normal(0, 1, 512).astype(np.float32)
    return table[np.floor(phase).astype(np.int64) % 512]


def _pores(shape: tuple[int, int], per_metre: float, within: Floats, seed: int) -> Floats:
    """Short dark vessels along the grain, most of them in the early wood, 0..1."""
    rng = np.random.default_rng(seed)
    seeds = (rng.random(shape) < 0.010 * (1.2 - within)).astype(np.float32)
    length = max(3, round(0.006 * per_metre))
    streaks = cv2.GaussianBlur(cv2.blur(seeds, (length, 1)) * length, (0, 0), sigmaX=2.0, sigmaY=0.55)
    return np.asarray(np.clip(streaks * 0.9, 0, 1), np.float32)


def _gap(rows: int, per_metre: float) -> Floats:
    """The joint between boards: a rounded V about 1 mm wide at each long edge, 0..1, shape (rows, 1)."""
    edge_m = np.minimum(np.arange(rows), np.arange(rows)[::-1]) / per_metre
    return np.exp(-((edge_m / 0.0006) ** 2)).astype(np.float32)[:, None]


def _colour(tone: Floats, base: Floats, contrast: float) -> Floats:
    """Tone 0 (early wood) .. 1 (late wood, pores) to colour: dark parts are redder and more saturated, mean = base."""
    centred = (tone - tone.mean()) * contrast
    exponent = np.array([0.85, 1.05, 1.3], np.float32)
    colour = base * np.exp(-centred[..., None] * exponent)
    return np.asarray(np.clip(colour * (base / colour.mean((0, 1))), 0.004, 0.9), np.float32)
