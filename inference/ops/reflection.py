"""The product mirrored in glossy materials.

Every pixel's view ray is mirrored at the surface and meets the product's card; the colour found there is blurred in
proportion to the way the ray went and to the roughness, and weighted by Fresnel (Schlick 1994). What the mirror showed
before (the surroundings) is taken away in the same proportion, so a dark product darkens a glossy table. A surface well
below the product's base, such as the floor before a plinth, mirrors what the product stands on instead.
"""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np

from inference.ops.body import Body, camera_in_frame, pixel_position
from inference.ops.colour import srgb_decode_table
from inference.ops.geometry import Camera
from inference.types import F32, U8

LEVELS = 6
CARD_PX = 384
STRENGTH = 0.8
# Metres below the base: from the first on the support hides the product from the mirror more and more, then wholly.
HIDDEN_FROM_M, HIDDEN_M = 0.008, 0.022


def mirror_card(rgba: U8, base_row: int) -> tuple[F32, ...]:
    """Blur pyramid of the product above its base line: premultiplied linear RGBA, level i at 1 / 2 ** i."""
    upper = rgba[:base_row]
    shrink = min(1.0, CARD_PX / max(upper.shape[:2]))
    size = (max(2, round(upper.shape[1] * shrink)), max(2, round(upper.shape[0] * shrink)))
    small = cv2.resize(upper, size, interpolation=cv2.INTER_AREA)
    alpha = small[..., 3:].astype(np.float32) / np.float32(255)
    card = np.concatenate([srgb_decode_table()[small[..., :3]] * alpha, alpha], axis=2).astype(np.float32)
    levels = [np.ascontiguousarray(card)]
    for _ in range(LEVELS - 1):
        levels.append(np.ascontiguousarray(cv2.pyrDown(levels[-1], borderType=cv2.BORDER_REPLICATE)))
    return tuple(levels)


@numba.njit(cache=True, nogil=True)
def _sample(level: Any, u: float, v: float, weight: float, value: Any) -> None:
    height, width = level.shape[:2]
    x, y = u * width - 0.5, v * height - 0.5
    x0, y0 = int(np.floor(x)), int(np.floor(y))
    for j in range(2):
        for i in range(2):
            column, row = x0 + i, y0 + j
            # Below the base line there is nothing to see: the table's own edge of the card is repeated instead.
            row = min(row, height - 1)
            if 0 <= column < width and row >= 0:
                part = weight * (1.0 - abs(x - column)) * (1.0 - abs(y - (y0 + j)))
                for channel in range(4):
                    value[channel] += part * level[row, column, channel]


@numba.njit(cache=True, nogil=True)
def _look_up(levels: Any, metrics: Any, across: float, above: float, blur_m: float, value: Any) -> None:
    left, right, height = metrics[0], metrics[1], metrics[2]
    value[:] = 0.0
    wanted = np.log2(max(1.0, blur_m / height * levels[0].shape[0]))
    low = min(int(wanted), len(levels) - 2)
    share = min(1.0, wanted - low)
    u, v = (across + left) / (left + right), 1.0 - above / height
    _sample(levels[low], u, v, 1.0 - share, value)
    _sample(levels[low + 1], u, v, share, value)


@numba.njit(cache=True, nogil=True)
def _mirror(depth: Any, normal: Any, gloss: Any, lens: Any, metrics: Any, levels: Any, around: Any, out: Any) -> None:
    height, width = depth.shape
    value = np.zeros(4)
    for y in range(height):
        for x in range(width):
            if depth[y, x] <= 0.0 or gloss[y, x, 0] <= 0.001:
                continue
            p = pixel_position(lens, x + 0.5, y + 0.5, depth[y, x])
            n = normal[y, x]
            a, b, c = p[0] - lens[0, 0], p[1] - lens[0, 1], p[2] - lens[0, 2]
            length = np.sqrt(a * a + b * b + c * c)
            a, b, c = a / length, b / length, c / length
            cosine = -(a * n[0] + b * n[1] + c * n[2])
            ry = b + 2.0 * cosine * n[1]
            if cosine <= 0.0 or p[1] >= 0.0 or ry <= 1e-4:
                continue
            way = -p[1] / ry
            across = p[0] + way * (a + 2.0 * cosine * n[0])
            above = p[2] + way * (c + 2.0 * cosine * n[2])
            rough = gloss[y, x, 1]
            _look_up(levels, metrics, across, above, 1.4 * way * rough * rough + 0.02 * way, value)
            base = gloss[y, x, 0]
            # Rough surfaces mask their own grazing reflections: the Schlick term is capped at 1 - roughness.
            fresnel = base + max(0.0, 1.0 - rough - base) * (1.0 - cosine) ** 5
            seen = min(1.0, max(0.0, (HIDDEN_M + p[2]) / (HIDDEN_M - HIDDEN_FROM_M)))
            amount = STRENGTH * fresnel * (1.0 - rough) ** 2 * seen
            for channel in range(3):
                out[y, x, channel] = amount * (value[channel] - value[3] * around[channel])


def reflection(
    depth: F32, normal: F32, gloss: F32, camera: Camera, body: Body, levels: tuple[F32, ...], around: F32
) -> F32:
    """Light to add (or take away, where negative) for the product's mirror image.

    Args:
        depth, normal: as in ``ops.shadow.visibility``.
        gloss: float32 (h, w, 2): reflectance at normal incidence, and roughness, 0..1.
        camera: of this raster.
        levels: from ``mirror_card``.
        around: float32 (3,), linear light that the surface mirrored before.

    Returns:
        float32 (h, w, 3), linear.
    """
    lens = camera_in_frame(camera, body.frame)
    turned = np.ascontiguousarray(normal @ body.frame.rotation.T.astype(np.float32))
    out = np.zeros((*depth.shape, 3), np.float32)
    _mirror(depth, turned, gloss, lens, body.metrics, levels, around.astype(np.float64), out)
    return np.asarray(cv2.GaussianBlur(out, (3, 3), 0), np.float32)
