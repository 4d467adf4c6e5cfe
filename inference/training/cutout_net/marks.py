"""Where marked things are, for batches of masks as tensors."""

from __future__ import annotations

import torch
from torch import Tensor


def first(marks: Tensor) -> Tensor:
    """Index of the first True along the last axis, float32; the length where there is none."""
    return torch.where(marks.any(-1), marks.float().argmax(-1), marks.shape[-1]).float()


def extents(masks: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Top, bottom, left and right in px of what is True in masks (N, H, W), each float32 (N,); ends are exclusive."""
    rows, columns = masks.any(2), masks.any(1)
    top, bottom = first(rows), rows.shape[1] - first(rows.flip(1))
    return top, bottom, first(columns), columns.shape[1] - first(columns.flip(1))


def places(like: Tensor) -> tuple[Tensor, Tensor]:
    """Row (1, H, 1) and column (1, 1, W) of every pixel of pictures (..., H, W)."""
    height, width = like.shape[-2:]
    rows = torch.arange(height, device=like.device)[None, :, None]
    return rows, torch.arange(width, device=like.device)[None, None, :]
