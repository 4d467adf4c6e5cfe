"""The pictures of a training, drawn once and kept on the device: pixels, what lies in each cell, captions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from inference.engines.sefi.semantic import CELL_PX
from inference.training.small_sefi.render import Drawn, draw
from inference.training.small_sefi.scenes import MAX_OBJECTS, Scenes, captions, random_scenes
from inference.training.small_sefi.words import COLOURS, KINDS

CLASSES = 2 + len(KINDS)
"""Wall, surface and the kinds: shares of a cell."""
HUES = len(COLOURS)
"""Colours of the objects in a cell, weighted by how much they cover."""
OFFSETS = 2
"""From the cell to the middle of the objects in it, in fractions of the picture, weighted likewise."""
LABELS = CLASSES + HUES + OFFSETS
_AT_ONCE = 256


@dataclass(frozen=True)
class Pool:
    """``images`` uint8 (n, 3, S, S); ``labels`` fp16 (n, LABELS, S / 16, S / 16), see ``cell_labels``; ``captions``."""

    images: Tensor
    labels: Tensor
    captions: list[str]

    def __len__(self) -> int:
        return len(self.images)

    def pictures(self, rows: Tensor | slice) -> Tensor:
        """fp32 (rows, 3, S, S) in 0..1."""
        return self.images[rows].float() / 255.0


def make_pool(
    most: int, side: int, seed: int, device: torch.device, *, is_over: Callable[[], bool] = lambda: False
) -> Pool:
    """Up to ``most`` pictures of ``side`` px, in parts that depend on ``seed`` and their number alone; when ``is_over``
    says so after a part, that was the last."""
    images, labels, texts = [], [], []
    for part in range(-(-most // _AT_ONCE)):
        rng = np.random.default_rng([seed, part])
        scenes = random_scenes(min(_AT_ONCE, most - part * _AT_ONCE), rng)
        drawn = draw(scenes, side, device)
        images.append((drawn.images * 255.0).round().to(torch.uint8))
        labels.append(cell_labels(scenes, drawn).half())
        texts += captions(scenes, rng)
        if is_over():
            break
    return Pool(torch.cat(images), torch.cat(labels), texts)


def cell_labels(scenes: Scenes, drawn: Drawn) -> Tensor:
    """fp32 (n, LABELS, S / 16, S / 16): classes, hues and offsets of each cell."""
    device = drawn.images.device
    coverage = functional.avg_pool2d(drawn.coverage, CELL_PX)
    behind = 1.0 - drawn.coverage.sum(dim=1).clamp(max=1.0)
    grounds = torch.stack([behind * (1.0 - drawn.surface), behind * drawn.surface], dim=1)
    kinds, hues = (
        torch.einsum("noc,nohw->nchw", _one_hot(values, size, device), coverage)
        for values, size in ((scenes.kind, len(KINDS)), (np.where(scenes.kind < 0, -1, scenes.colour), HUES))
    )
    grid = coverage.shape[-1]
    centres = (torch.arange(grid, device=device) + 0.5) / grid
    middle = torch.from_numpy(scenes.middle).to(device)
    height = torch.from_numpy(scenes.base - scenes.height / 2).to(device)
    across = (coverage * (middle[..., None, None] - centres.view(1, 1, 1, -1))).sum(dim=1)
    down = (coverage * (height[..., None, None] - centres.view(1, 1, -1, 1))).sum(dim=1)
    parts = [functional.avg_pool2d(grounds, CELL_PX), kinds, hues, torch.stack([across, down], dim=1)]
    return torch.cat(parts, dim=1)


def _one_hot(values: np.ndarray, size: int, device: torch.device) -> Tensor:
    """fp32 (n, MAX_OBJECTS, size); -1 becomes all 0."""
    assert values.shape[1] == MAX_OBJECTS
    return functional.one_hot(torch.from_numpy(values + 1).to(device), size + 1)[..., 1:].float()
