"""What a camera does to a picture, on batches of tensors: white balance, contrast, softness, grain, compression.

Pictures are float32 (N, 3, H, W), sRGB 0..1; choices come from numpy, so that a seed gives the same on any device.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from inference.types import F64

Rng = np.random.Generator

_LARGEST_RADIUS_PX = 12
_BLOCK = 8
# Luminance quantisation of JPEG (ITU-T T.81, table K.1).
_QUANTISATION = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


def photographed(rgb: Tensor, rng: Rng) -> Tensor:
    """Through a camera and a file."""
    count = len(rgb)
    balance = column(1 + rng.normal(0, 0.06, (count, 3)), rgb)
    power = column(np.exp(rng.normal(0, 0.25, count) * (rng.random(count) < 0.7)), rgb)
    picture = (rgb * balance).clamp(1e-4, 1) ** power
    grey = picture.mean(1, keepdim=True)
    colourful = np.where(rng.random(count) < 0.15, rng.uniform(0, 0.7, count), 1.0)
    picture = torch.lerp(grey.expand_as(picture), picture, column(colourful, rgb))
    picture = blurred(picture, np.where(rng.random(count) < 0.3, rng.uniform(0.4, 1.3, count), 0.0))
    grain = rng.exponential(4 / 255, count) * (rng.random(count) < 0.6)
    seeded = torch.Generator(rgb.device).manual_seed(int(rng.integers(2**31)))
    noise = torch.randn(picture.shape, generator=seeded, device=rgb.device)
    picture = (picture + noise * column(grain, rgb)).clamp(0, 1)
    coded = compressed(picture, rng.uniform(35, 96, count))
    return torch.where(column(rng.random(count) < 0.5, rgb) > 0, coded, picture)


def relit(rng: Rng, count: int, like: Tensor) -> Tensor:
    """Other light, a factor a channel, (N, 3, 1, 1)."""
    return column(rng.uniform(0.7, 1.2, (count, 1)) * (1 + rng.normal(0, 0.05, (count, 3))), like)


def cloud(rng: Rng, count: int, shape: tuple[int, int], like: Tensor, *, cells: int) -> Tensor:
    """Smooth noise 0..1, (N, 1, H, W)."""
    coarse = torch.from_numpy(rng.random((count, 1, cells + 2, cells + 2), np.float32)).to(like.device)
    return functional.interpolate(coarse, shape, mode="bicubic", align_corners=False).clamp(0, 1)


def blurred(pictures: Tensor, sigma: Sequence[float] | F64) -> Tensor:
    """Gaussian blur, one ``sigma`` in px a picture (0 = as it is); wide ones are cut at three widths or 12 px."""
    count, channels = pictures.shape[:2]
    wide = np.maximum(np.asarray(sigma, np.float32), 0.05)
    offsets = np.arange(-_LARGEST_RADIUS_PX, _LARGEST_RADIUS_PX + 1, dtype=np.float32)
    kernels = np.exp(-0.5 * (offsets / wide[:, None]) ** 2)
    kernels /= kernels.sum(1, keepdims=True)
    weight = torch.from_numpy(np.repeat(kernels, channels, 0)).to(pictures.device)
    flat = pictures.reshape(1, count * channels, *pictures.shape[2:])
    for axis in (2, 3):
        pads = (0, 0, _LARGEST_RADIUS_PX, _LARGEST_RADIUS_PX) if axis == 2 else (_LARGEST_RADIUS_PX,) * 2 + (0, 0)
        filters = weight[:, None, :, None] if axis == 2 else weight[:, None, None, :]
        flat = functional.conv2d(functional.pad(flat, pads, mode="replicate"), filters, groups=count * channels)
    return flat.reshape(pictures.shape)


def compressed(pictures: Tensor, quality: Sequence[float] | F64) -> Tensor:
    """What JPEG leaves of each picture at its quality 1..100: all channels quantised as luminance, no subsampling."""
    worth = np.asarray(quality, np.float64)
    scale = np.where(worth < 50, 50 / worth, 2 - worth / 50)
    steps = np.maximum(1, np.array(_QUANTISATION) * scale[:, None, None]) / 255
    count, channels = pictures.shape[:2]
    step = torch.from_numpy(np.repeat(steps.astype(np.float32), channels, 0)).to(pictures.device).reshape(-1, 64, 1)
    transform = _block_transform().to(pictures.device)
    blocks = functional.pixel_unshuffle(pictures.reshape(count * channels, 1, *pictures.shape[2:]), _BLOCK)
    spectrum = transform @ blocks.flatten(2)
    restored = (transform.T @ (torch.round(spectrum / step) * step)).reshape(blocks.shape)
    return functional.pixel_shuffle(restored, _BLOCK).reshape(pictures.shape).clamp(0, 1)


@lru_cache(maxsize=1)
def _block_transform() -> Tensor:
    """The orthonormal discrete cosine transform of a block of 8x8 values, (64, 64)."""
    index = np.arange(_BLOCK)
    matrix = np.cos(np.pi * (index + 0.5)[None, :] * index[:, None] / _BLOCK) * np.sqrt(2 / _BLOCK)
    matrix[0] /= np.sqrt(2)
    return torch.from_numpy(np.kron(matrix, matrix).astype(np.float32))


def column(values: npt.NDArray[Any], like: Tensor) -> Tensor:
    """One value or three a picture, as float32 (N, C, 1, 1) on the device of ``like``."""
    flat = np.asarray(values, np.float32)
    return torch.from_numpy(flat.reshape(len(flat), -1, 1, 1)).to(like.device)
