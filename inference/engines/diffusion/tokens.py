"""Latent cells as tokens: their order and their positions."""

from __future__ import annotations

import torch
from torch import Tensor


def text_positions(length: int) -> Tensor:
    """(length, 4) positions T, H, W, L of text tokens."""
    positions = torch.zeros(length, 4, dtype=torch.long)
    positions[:, 3] = torch.arange(length)
    return positions


def image_positions(rows: int, columns: int) -> Tensor:
    """(rows * columns, 4) positions T, H, W, L of latent cells, row by row."""
    positions = torch.zeros(rows, columns, 4, dtype=torch.long)
    positions[..., 1] = torch.arange(rows)[:, None]
    positions[..., 2] = torch.arange(columns)
    return positions.flatten(0, 1)


def pack(latents: Tensor) -> Tensor:
    """(B, C, h, w) -> (B, h * w, C)."""
    return latents.flatten(2).transpose(1, 2)
