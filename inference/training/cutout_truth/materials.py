"""Surfaces of the benchmark's objects and grounds, chosen by hand."""

from __future__ import annotations

import cv2
import numpy as np

from inference.engines.studio_sets.render.noise import fractal
from inference.training.cutout_net.objects import Surface
from inference.types import U8

_SIDE = 512


def rgb(code: str) -> U8:
    """``#rrggbb`` as uint8 (3,)."""
    return np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)


def plain(code: str, roughness: float = 0.5, metallic: float = 0.0) -> Surface:
    """One colour."""
    return Surface(np.broadcast_to(rgb(code), (8, 8, 3)).astype(np.uint8), 1, roughness, metallic)


def glass() -> Surface:
    """Clear glass of index 1.5."""
    return Surface(np.full((8, 8, 3), 255, np.uint8), 1, 0.0, clear=True)


def mottled(
    code: str, depth: float, cell: float, seed: int, *, roughness: float = 0.8, repeats: float = 1.0
) -> Surface:
    """Plaster, concrete, felt, leather: one colour with soft clouds of ``depth``."""
    cloud = fractal((_SIDE, _SIDE), (_SIDE * cell, _SIDE * cell), seed, 6)
    picture = rgb(code).astype(np.float32) * (1 + depth * cloud[..., None])
    return Surface(np.clip(picture, 0, 255).astype(np.uint8), repeats, roughness)


def boards(code: str, seed: int, *, repeats: float, roughness: float = 0.5) -> Surface:
    """Wooden boards with long grain and dark joints."""
    grain = fractal((_SIDE, _SIDE), (_SIDE / 90, _SIDE / 4), seed, 4) * 0.12
    picture = np.empty((_SIDE, _SIDE, 3), np.float32)
    rng = np.random.default_rng(seed)
    for index in range(6):
        rows = slice(index * _SIDE // 6, (index + 1) * _SIDE // 6)
        shift = int(rng.integers(_SIDE))
        tone = 1 + rng.normal(0, 0.12) + np.roll(grain[rows], shift, axis=1)
        picture[rows] = rgb(code) * tone[..., None]
        picture[rows.start : rows.start + 3] *= 0.45
    return Surface(np.clip(picture, 0, 255).astype(np.uint8), repeats, roughness)


def marble(base: str, vein: str, seed: int, *, repeats: float = 2.0) -> Surface:
    """Veins where a warped noise crosses zero."""
    field = fractal((_SIDE, _SIDE), (_SIDE / 2.5, _SIDE / 3), seed, 7)
    strength = np.clip(1 - np.abs(field) * 7, 0, 1)[..., None] * 0.8
    cloud = 1 + 0.03 * fractal((_SIDE, _SIDE), (_SIDE / 3, _SIDE / 3), seed + 9, 3)[..., None]
    picture = (rgb(base) * (1 - strength) + rgb(vein) * strength) * cloud
    return Surface(np.clip(picture, 0, 255).astype(np.uint8), repeats, 0.15)


def bricks(code: str, mortar: str, seed: int, *, repeats: float) -> Surface:
    """A running bond, each brick a little different."""
    picture = np.ascontiguousarray(np.broadcast_to(rgb(mortar), (_SIDE, _SIDE, 3)).astype(np.float32))
    rng, high, wide = np.random.default_rng(seed), _SIDE // 16, _SIDE // 4
    for row in range(16):
        for column in range(-1, 5):
            left = column * wide + (row % 2) * wide // 2
            tone = (rgb(code) * (1 + rng.normal(0, 0.14))).tolist()
            corner = (left + wide - 5, (row + 1) * high - 5)
            cv2.rectangle(picture, (left, row * high), corner, tone, -1)
    picture *= 1 + 0.1 * fractal((_SIDE, _SIDE), (9, 9), seed, 3)[..., None]
    return Surface(np.clip(picture, 0, 255).astype(np.uint8), repeats, 0.9)


def carpet(codes: tuple[str, ...], seed: int, *, repeats: float) -> Surface:
    """Nested diamonds and bands, woven."""
    rows, columns = np.mgrid[:_SIDE, :_SIDE] / _SIDE
    diamond = np.abs((rows * 4) % 1 - 0.5) + np.abs((columns * 4) % 1 - 0.5)
    index = np.floor(diamond * 8).astype(int) % len(codes)
    picture = np.stack([rgb(code) for code in codes])[index].astype(np.float32)
    weave = 0.85 + 0.15 * np.sin(rows * 900) * np.sin(columns * 900)
    picture *= (weave * (1 + 0.06 * fractal((_SIDE, _SIDE), (7, 7), seed, 2)))[..., None]
    return Surface(np.clip(picture, 0, 255).astype(np.uint8), repeats, 0.95)


def gingham(code: str, *, repeats: float) -> Surface:
    """White and coloured checks."""
    rows, columns = np.mgrid[:_SIDE, :_SIDE] // (_SIDE // 8) % 2
    share = (rows + columns)[..., None] / 2
    return Surface((rgb("#f4f1ea") * (1 - share) + rgb(code) * share).astype(np.uint8), repeats, 0.9)


def terrazzo(base: str, codes: tuple[str, ...], seed: int, *, repeats: float) -> Surface:
    """Chips of stone in cement."""
    picture = np.ascontiguousarray(np.broadcast_to(rgb(base), (_SIDE, _SIDE, 3)))
    rng = np.random.default_rng(seed)
    for _ in range(420):
        middle, size = rng.random(2) * _SIDE, rng.uniform(3, 15)
        angle = np.sort(rng.uniform(0, 2 * np.pi, 5))
        corners = middle + size * np.stack([np.cos(angle), np.sin(angle)], 1)
        cv2.fillPoly(picture, [corners.astype(np.int32)], rgb(str(rng.choice(codes))).tolist(), cv2.LINE_AA)
    return Surface(picture, repeats, 0.3)


def label(ground: str, ink: str, words: tuple[str, ...]) -> Surface:
    """A printed front: a band and words, as packaging has them."""
    picture = np.ascontiguousarray(np.broadcast_to(rgb(ground), (_SIDE, _SIDE, 3)))
    cv2.rectangle(picture, (0, 170), (_SIDE, 330), rgb(ink).tolist(), -1)
    for index, word in enumerate(words):
        tone = rgb(ground if index == 0 else ink).tolist()
        for left in (20, 276):
            cv2.putText(picture, word, (left, 265 + 110 * index), 2, 1.6, tone, 3, cv2.LINE_AA)
    return Surface(picture[::-1].copy(), 1, 0.4)
