"""Pictures and masks of a request as tensors on the grid of the latents."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from inference.generation import ReferencePicture
from inference.types import U8


def picture_tensor(rgb: U8) -> Tensor:
    """uint8 (H, W, 3) -> fp32 (3, H, W) in 0..1."""
    return torch.tensor(np.ascontiguousarray(rgb)).permute(2, 0, 1).float() / 255.0


def picture_array(image: Tensor) -> U8:
    """fp32 (3, H, W) in 0..1 -> uint8 (H, W, 3), rounded."""
    return np.asarray((image * 255.0).round().to(torch.uint8).permute(1, 2, 0).cpu())


def cell_mask(keep: U8 | None, rows: int, columns: int) -> Tensor:
    """uint8 (H, W) -> fp32 (rows, columns): the mean of each cell; 1 where all of a cell is held. None = all 0."""
    if keep is None:
        return torch.zeros(rows, columns)
    cells = keep.reshape(rows, keep.shape[0] // rows, columns, keep.shape[1] // columns)
    return torch.from_numpy(cells.mean(axis=(1, 3), dtype=np.float32)) / 255.0


def held_steps(share: float, steps: int) -> int:
    """How many of ``steps`` a share of them is, rounded up."""
    return math.ceil(share * steps - 1e-9)


def keep_masks(references: Sequence[ReferencePicture | None], rows: int, columns: int) -> Tensor:
    """fp32 (B, 2, rows, columns): the same mask for both streams; they differ in how long it is held."""
    masks = [cell_mask(None if picture is None else picture.keep, rows, columns) for picture in references]
    return torch.stack(masks)[:, None].expand(-1, 2, -1, -1).contiguous()


def holds(references: Sequence[ReferencePicture | None], steps: int) -> list[tuple[float, float]]:
    """Per item, for how many steps semantics and texture are held, parts of a step included."""
    return [
        (0.0, 0.0) if picture is None else (picture.hold_semantics * steps, picture.hold_texture * steps)
        for picture in references
    ]
