"""Noise that depends on an item's seed alone, not on the batch it travels in nor on the device."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

MAX_SEED = 2**63 - 1


def seeded_noise(seeds: Sequence[int], channels: int, rows: int, columns: int) -> Tensor:
    """fp32 (len(seeds), channels, rows, columns) on the CPU, one generator an item."""
    shape = (channels, rows, columns)
    return torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds])
