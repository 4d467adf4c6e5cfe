"""Contact sheets: what the codec loses, and what is drawn from prompts beside what they were written for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from inference.engines.diffusion.codec import TextureCodec, to_unit_range
from inference.engines.diffusion.noise import seeded_noise
from inference.engines.sefi.pipeline import SeFiPipeline
from inference.training.small_sefi.pool import Pool
from inference.types import U8

_COLUMNS = 8


def write_sheet(path: Path, images: Tensor, columns: int = _COLUMNS) -> None:
    """fp32 (n, 3, S, S) in 0..1, row by row, as a JPEG."""
    cv2.imwrite(str(path), tiled(images, columns)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


def tiled(images: Tensor, columns: int) -> U8:
    """uint8 (H, W, 3): the pictures row by row, white where the last row is not full."""
    missing = -len(images) % columns
    images = torch.cat([images.cpu(), torch.ones(missing, *images.shape[1:])])
    pixels = (images.clamp(0.0, 1.0) * 255.0).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    rows = [np.concatenate(list(pixels[at : at + columns]), axis=1) for at in range(0, len(pixels), columns)]
    return np.asarray(np.concatenate(rows), np.uint8)


@torch.no_grad()
def codec_sheet(path: Path, vae: Any, pool: Pool) -> None:
    """A row of pictures and below it what the codec makes of them, twice."""
    codec, wanted = TextureCodec(vae), pool.pictures(slice(len(pool) - 2 * _COLUMNS, len(pool)))
    made = to_unit_range(codec.decode(codec.encode(wanted * 2.0 - 1.0)))
    rows = [images[half] for half in (slice(0, _COLUMNS), slice(_COLUMNS, None)) for images in (wanted, made)]
    write_sheet(path, torch.cat(rows))


@torch.no_grad()
def prompt_sheet(path: Path, pipeline: SeFiPipeline, pool: Pool, rows: int = 4) -> None:
    """Pairs of rows: pictures of the pool, and what is drawn from their captions alone; captions beside as text."""
    count = rows * _COLUMNS
    at = slice(max(0, len(pool) - count), len(pool))
    prompts = pool.captions[at]
    side = pool.images.shape[-1]
    channels, cells = pipeline.transformer.config.in_channels, side // pipeline.codec.cell_px
    noise = seeded_noise(range(len(prompts)), channels, cells, cells)
    drawn = pipeline(prompts, height=side, width=side, latents=noise, output_type="pt").images
    truth = pool.pictures(at)
    pairs = [
        images[begin : begin + _COLUMNS] for begin in range(0, len(prompts), _COLUMNS) for images in (truth, drawn)
    ]
    write_sheet(path, torch.cat([pair.cpu() for pair in pairs]))
    path.with_suffix(".txt").write_text("\n".join(prompts) + "\n", encoding="utf-8")
