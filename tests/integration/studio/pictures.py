"""A small product photo drawn by the tests: a green bottle in front of a plain grey wall."""

from __future__ import annotations

import io
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image

WIDTH, HEIGHT = 360, 420


@lru_cache(maxsize=64)
def bottle_png(*, seed: int = 0, transparent: bool = False) -> bytes:
    """8-bit sRGB PNG; a soft light gradient and a little noise, so that nothing is exactly flat.

    ``transparent``: RGBA without the wall, as from a merchant who has cut out already; needs no cutout engine.
    """
    noise = np.random.default_rng(seed)
    wall = np.linspace(205, 185, HEIGHT)[:, None, None] + np.zeros((HEIGHT, WIDTH, 3))
    picture = (wall + noise.normal(0, 1.5, wall.shape)).clip(0, 255).astype(np.uint8)
    layer = picture.copy()
    cv2.rectangle(layer, (130, 150), (230, 380), (30, 110, 70), -1, cv2.LINE_AA)
    cv2.rectangle(layer, (160, 80), (200, 150), (20, 80, 50), -1, cv2.LINE_AA)
    cv2.rectangle(layer, (140, 220), (220, 310), (235, 225, 200), -1, cv2.LINE_AA)
    shade = np.linspace(0.75, 1.15, WIDTH)[None, :, None]
    product = (layer != picture).any(axis=2, keepdims=True)
    picture = np.where(product, (layer * shade).clip(0, 255), picture).astype(np.uint8)
    if transparent:
        picture = np.dstack([picture, (product[..., 0] * 255).astype(np.uint8)])
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()
