"""Drawn product photos with an exact alpha: for measuring cutouts where the truth is known.

Everything is computed from a seed; nothing is loaded. Objects are drawn at three times the size and averaged down, so
that the alpha of the edge is the true coverage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from inference.types import F32, U8

_OVERSAMPLING = 3


@dataclass(frozen=True)
class DrawnPhoto:
    """A composite (uint8 RGB), its exact alpha (uint8) and what it shows."""

    name: str
    rgb: U8
    alpha: U8

    def box(self, margin_px: int = 8) -> tuple[int, int, int, int]:
        """x, y, width, height around the product as a person would draw it."""
        rows, columns = np.nonzero(self.alpha > 127)
        left, top = max(0, columns.min() - margin_px), max(0, rows.min() - margin_px)
        right = min(self.alpha.shape[1], columns.max() + 1 + margin_px)
        bottom = min(self.alpha.shape[0], rows.max() + 1 + margin_px)
        return int(left), int(top), int(right - left), int(bottom - top)


def draw(product: str, surroundings: str, *, side_px: int = 480, seed: int = 0) -> DrawnPhoto:
    """A ``product`` of ``PRODUCTS`` before ``surroundings`` of ``SURROUNDINGS``, with a contact shadow and grain."""
    rng = np.random.default_rng([seed, *product.encode(), *surroundings.encode()])
    large = side_px * _OVERSAMPLING
    colour, coverage = PRODUCTS[product](large, rng)
    zoom, (right, down) = rng.uniform(0.85, 1.15), rng.uniform(-0.08, 0.08, 2) * large
    pose = cv2.getRotationMatrix2D((large / 2, large / 2), rng.uniform(-8, 8), zoom)
    pose[:, 2] += right, down
    colour, coverage = (cv2.warpAffine(layer, pose, (large, large)) for layer in (colour, coverage))
    size = (side_px, side_px)
    alpha = cv2.resize(coverage, size, interpolation=cv2.INTER_AREA)
    weighted = cv2.resize(colour * coverage[..., None], size, interpolation=cv2.INTER_AREA)
    ground = SURROUNDINGS[surroundings](side_px, rng)
    ground = ground * (1 - 0.55 * _contact_shadow(alpha))[..., None]
    picture = weighted + ground * (1 - alpha[..., None])
    picture = cv2.GaussianBlur(picture, (0, 0), 0.5) + rng.normal(0, 0.008, picture.shape)
    rgb = np.clip(np.rint(picture * 255), 0, 255).astype(np.uint8)
    return DrawnPhoto(f"{product} on {surroundings}", rgb, np.rint(alpha * 255).astype(np.uint8))


def _contact_shadow(alpha: F32) -> F32:
    height = alpha.shape[0]
    bottom = int(np.nonzero(alpha.max(axis=1) > 0.5)[0].max())
    squashed = np.zeros_like(alpha)
    band = cv2.resize(alpha, (alpha.shape[1], max(2, height // 10)))
    top = min(height - band.shape[0], max(0, bottom - band.shape[0] // 2))
    squashed[top : top + band.shape[0]] = band
    return np.clip(cv2.GaussianBlur(squashed, (0, 0), height * 0.015), 0, 1).astype(np.float32)


def _shaded(coverage: F32, colour: tuple[float, float, float], rng: np.random.Generator) -> F32:
    """Light from the upper left, a little mottled, a glossy streak."""
    side = coverage.shape[0]
    rows, columns = np.mgrid[0 : 1 : side * 1j, 0 : 1 : side * 1j].astype(np.float32)
    light = 1.15 - 0.45 * columns - 0.25 * rows + 0.06 * _noise(side, side // 20, rng)
    streak = np.exp(-(((columns - 0.42) / 0.015) ** 2)) * 0.25
    return np.clip(np.float32(colour) * light[..., None] + streak[..., None], 0, 1).astype(np.float32)


def _noise(side: int, scale: int, rng: np.random.Generator) -> F32:
    cells = max(2, side // max(1, scale))
    return np.asarray(
        cv2.resize(rng.normal(0, 1, (cells, cells)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    )


def _bottle(side: int, rng: np.random.Generator) -> tuple[F32, F32]:
    mask = np.zeros((side, side), np.float32)
    s = side / 100
    cv2.rectangle(mask, (int(40 * s), int(38 * s)), (int(60 * s), int(84 * s)), 1, -1)
    cv2.ellipse(mask, (int(50 * s), int(38 * s)), (int(10 * s), int(8 * s)), 0, 180, 360, 1, -1)
    cv2.rectangle(mask, (int(46.5 * s), int(18 * s)), (int(53.5 * s), int(34 * s)), 1, -1)
    colour = _shaded(mask, (0.12, 0.38, 0.30), rng)
    colour[int(50 * s) : int(70 * s), int(40 * s) : int(60 * s)] = (0.93, 0.9, 0.82)
    colour[int(18 * s) : int(24 * s)] = (0.75, 0.6, 0.25)
    return colour, mask


def _mug(side: int, rng: np.random.Generator) -> tuple[F32, F32]:
    """Has a real hole: the handle."""
    mask = np.zeros((side, side), np.float32)
    s = side / 100
    cv2.rectangle(mask, (int(30 * s), int(36 * s)), (int(60 * s), int(74 * s)), 1, -1)
    cv2.ellipse(mask, (int(60 * s), int(54 * s)), (int(13 * s), int(13 * s)), 0, -90, 90, 1, int(4.5 * s))
    return _shaded(mask, (0.72, 0.16, 0.14), rng), mask


def _plush(side: int, rng: np.random.Generator) -> tuple[F32, F32]:
    """Soft outline: a body under thousands of short hairs."""
    mask = np.zeros((side, side), np.float32)
    s = side / 100
    for x, y, radius in ((50, 62, 19), (50, 38, 14), (38, 27, 6), (62, 27, 6)):
        cv2.circle(mask, (int(x * s), int(y * s)), int(radius * s), 1, -1)
        for angle in rng.uniform(0, 2 * np.pi, 500):
            start = np.array([x + 0.94 * radius * np.cos(angle), y + 0.94 * radius * np.sin(angle)]) * s
            lean = angle + rng.normal(0, 0.4)
            end = start + rng.uniform(1.2, 3.0) * s * np.array([np.cos(lean), np.sin(lean)])
            cv2.line(mask, tuple(int(v) for v in start), tuple(int(v) for v in end), 1, max(1, int(0.18 * s)))
    colour = _shaded(mask, (0.55, 0.33, 0.2), rng) * (1 + 0.12 * _noise(side, max(2, int(0.5 * s)), rng))[..., None]
    return np.clip(colour, 0, 1).astype(np.float32), mask


def _lamp(side: int, rng: np.random.Generator) -> tuple[F32, F32]:
    """Thin parts: an arm and a cable."""
    mask = np.zeros((side, side), np.float32)
    s = side / 100
    cv2.ellipse(mask, (int(46 * s), int(80 * s)), (int(14 * s), int(4 * s)), 0, 0, 360, 1, -1)
    cv2.line(mask, (int(46 * s), int(80 * s)), (int(38 * s), int(48 * s)), 1, int(2 * s))
    cv2.line(mask, (int(38 * s), int(48 * s)), (int(60 * s), int(28 * s)), 1, int(2 * s))
    hood = np.array([[56, 26], [64, 22], [76, 38], [58, 42]]) * s
    cv2.fillPoly(mask, [hood.astype(np.int32)], 1)
    return _shaded(mask, (0.16, 0.17, 0.2), rng), mask


def _shoe(side: int, rng: np.random.Generator) -> tuple[F32, F32]:
    """Light body, white sole, dark lining."""
    mask = np.zeros((side, side), np.float32)
    s = side / 100
    body = np.array([[20, 40], [30, 36], [40, 46], [54, 56], [74, 60], [80, 68], [80, 74], [20, 74]]) * s
    cv2.fillPoly(mask, [body.astype(np.int32)], 1)
    colour = _shaded(mask, (0.8, 0.76, 0.7), rng)
    colour[int(68 * s) :] = (0.92, 0.92, 0.9)
    cv2.line(colour, (int(30 * s), int(46 * s)), (int(44 * s), int(64 * s)), (0.2, 0.35, 0.7), int(3 * s))
    return colour, mask


def _paper(side: int, rng: np.random.Generator) -> F32:
    rows = np.linspace(0.97, 0.86, side, dtype=np.float32)[:, None]
    return np.repeat(np.repeat(rows, side, axis=1)[..., None], 3, axis=2) * np.float32((1, 0.99, 0.97))


def _wood(side: int, rng: np.random.Generator) -> F32:
    grain = cv2.resize(rng.normal(0, 1, (side, 6)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(np.float32((0.62, 0.42, 0.26)) * (1 + 0.09 * grain + 0.05 * _noise(side, 40, rng))[..., None], 0, 1)


def _bricks(side: int, rng: np.random.Generator) -> F32:
    wall = np.full((side, side, 3), (0.62, 0.6, 0.57), np.float32)
    height, width = side // 12, side // 5
    for row in range(13):
        for column in range(-1, 6):
            x, y = column * width + (row % 2) * width // 2, row * height
            shade = np.array((0.58, 0.25, 0.2)) * rng.uniform(0.7, 1.15)
            cv2.rectangle(wall, (x + 2, y + 2), (x + width - 3, y + height - 3), shade.tolist(), -1)
    return np.clip(wall * (1 + 0.06 * _noise(side, 3, rng))[..., None], 0, 1)


def _beach(side: int, rng: np.random.Generator) -> F32:
    """Sky above, gravel below: two backgrounds and a horizon behind the product."""
    picture = np.empty((side, side, 3), np.float32)
    horizon = int(side * rng.uniform(0.4, 0.55))
    picture[:horizon] = (0.55, 0.68, 0.8)
    gravel = 0.6 + 0.12 * _noise(side, 3, rng) + 0.06 * _noise(side, 9, rng)
    picture[horizon:] = (np.float32((1.0, 0.97, 0.92)) * gravel[..., None])[horizon:]
    picture[horizon - side // 40 : horizon] *= 0.5
    return np.clip(picture, 0, 1)


def _leaves(side: int, rng: np.random.Generator) -> F32:
    picture = np.full((side, side, 3), (0.1, 0.2, 0.08), np.float32)
    for _ in range(1400):
        centre = tuple(int(v) for v in rng.integers(0, side, 2))
        axes = (int(side * rng.uniform(0.01, 0.03)), int(side * rng.uniform(0.004, 0.01)))
        shade = (np.array((0.3, 0.5, 0.16)) * rng.uniform(0.4, 1.5)).tolist()
        cv2.ellipse(picture, centre, axes, float(rng.uniform(0, 180)), 0, 360, shade, -1)
    return np.clip(picture, 0, 1)


Drawing = Callable[[int, np.random.Generator], tuple[F32, F32]]
PRODUCTS: dict[str, Drawing] = {"bottle": _bottle, "mug": _mug, "plush": _plush, "lamp": _lamp, "shoe": _shoe}
SURROUNDINGS: dict[str, Callable[[int, np.random.Generator], F32]] = {
    "paper": _paper,
    "wood": _wood,
    "bricks": _bricks,
    "beach": _beach,
    "leaves": _leaves,
}
