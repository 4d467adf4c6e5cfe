"""What the network is trained on: cross entropy (heavier near the outline), overlap, edges, honesty about itself."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_EDGE_WEIGHT = 4.0
_CELL_PX, _PURE = 4, 0.02


def soft_iou(probability: Tensor, alpha: Tensor) -> Tensor:
    """Overlap of two soft masks per picture, (N,): sum of minima over sum of maxima."""
    together = torch.minimum(probability, alpha).sum((1, 2, 3))
    return (together + 1) / (torch.maximum(probability, alpha).sum((1, 2, 3)) + 1)


def hard_iou(logits: Tensor, alpha: Tensor) -> Tensor:
    """Intersection over union of the masks at one half per picture, (N,)."""
    ours, truth = logits > 0, alpha > 0.5
    together = (ours & truth).sum((1, 2, 3)).float()
    return (together + 1e-6) / ((ours | truth).sum((1, 2, 3)).float() + 1e-6)


def loss(outputs: tuple[Tensor, Tensor, Tensor], alpha: Tensor) -> Tensor:
    """The sum that is minimised; ``alpha`` float32 (N, 1, H, W)."""
    logits, coarse, judged = (part.float() for part in outputs)
    weight = 1 + _EDGE_WEIGHT * _outline(alpha)
    entropy = functional.binary_cross_entropy_with_logits(logits, alpha, reduction="none")
    probability = torch.sigmoid(logits)
    overlap = 1 - soft_iou(probability, alpha).mean()
    small = functional.interpolate(alpha, coarse.shape[2:], mode="area")
    rough = functional.binary_cross_entropy_with_logits(coarse, small)
    honest = functional.binary_cross_entropy_with_logits(judged[:, 0], hard_iou(logits.detach(), alpha))
    total = (entropy * weight).sum() / weight.sum() + overlap + 0.4 * rough + 0.5 * _slope_error(probability, alpha)
    return total + 0.2 * honest


def _outline(alpha: Tensor) -> Tensor:
    """1 in cells of 4x4 px that hold both product and ground, else 0; the shape of ``alpha``."""
    covered = functional.avg_pool2d(alpha, _CELL_PX)
    mixed = ((covered > _PURE) & (covered < 1 - _PURE)).float()
    return functional.interpolate(mixed, scale_factor=float(_CELL_PX), mode="nearest")


def _slope_error(probability: Tensor, alpha: Tensor) -> Tensor:
    """Mean absolute difference of the slopes: edges in the right place, as steep as they are."""
    difference = probability - alpha
    across = (difference[..., 1:] - difference[..., :-1]).abs().mean()
    return across + (difference[..., 1:, :] - difference[..., :-1, :]).abs().mean()
