"""Transformers whose blocks keep their weights in eight bits: half the memory of bfloat16.

Weights become float8 (e4m3; Micikevicius et al. 2022, "FP8 formats for deep learning") with one scale an output row.
Where the GPU multiplies such numbers (compute capability 8.9 and above) what comes in is rounded in the same way, row
by row, and products are made in eight bits. Elsewhere, processors included, weights are widened as they are used:
memory is saved, time is not. What lies around the blocks (embeddings, modulation, the last layer) stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

KEPT = torch.float8_e4m3fn
_LARGEST = torch.finfo(KEPT).max
_LEAST_SCALE = 1e-12
_MULTIPLIES_EIGHT_BITS = (8, 9)
_MULTIPLE = 16


def eight_bit(transformer: Any, device: torch.device) -> None:
    """Replace the linear layers in the blocks that repeat in ``transformer``, a diffusers model on ``device``."""
    multiplies = device.type == "cuda" and torch.cuda.get_device_capability(device) >= _MULTIPLIES_EIGHT_BITS
    for block in _repeated(transformer):
        for parent in list(block.modules()):
            for name, part in list(parent.named_children()):
                if type(part) is nn.Linear:
                    setattr(parent, name, EightBitLinear(part, multiplies=multiplies))


def _repeated(transformer: Any) -> Iterator[nn.Module]:
    for part in transformer.children():
        if isinstance(part, nn.ModuleList):
            yield from part


class EightBitLinear(nn.Linear):
    """``full`` with its weights rounded. Still an ``nn.Linear``, so that adapters can be put beside it.

    ``weight`` holds the bits as uint8 (O, I): what is no floating type is left alone by casts of the whole model, and
    adapters beside it keep a dtype that they can compute in.

    Args:
        full: weights (O, I) of any floating dtype; its bias is taken over as it is.
        multiplies: the device can multiply float8, and I and O are what its units take.
    """

    def __init__(self, full: nn.Linear, *, multiplies: bool) -> None:
        super().__init__(full.in_features, full.out_features, bias=False, device="meta")
        weight, scale = rounded(full.weight.detach())
        self.weight = nn.Parameter(weight.view(torch.uint8), requires_grad=False)
        self.bias = full.bias
        self.register_buffer("scale", scale, persistent=False)
        self._multiplies = multiplies and full.in_features % _MULTIPLE == 0 and full.out_features % _MULTIPLE == 0

    @property
    def octets(self) -> Tensor:
        """The weights before they are scaled, float8 (O, I)."""
        return self.weight.view(KEPT)

    def forward(self, x: Tensor) -> Tensor:
        """(..., I) -> (..., O) in the dtype of ``x``. Something that learns in front of it gets exact gradients."""
        if not self._multiplies or (torch.is_grad_enabled() and x.requires_grad):
            return functional.linear(x, self.octets.to(x.dtype) * self.scale.to(x.dtype), self.bias)
        given, size = rounded(x.reshape(-1, self.in_features))
        made = torch._scaled_mm(given, self.octets.t(), size, self.scale.t(), out_dtype=torch.bfloat16)
        made = made.to(x.dtype) if self.bias is None else made.to(x.dtype) + self.bias
        return made.reshape(*x.shape[:-1], self.out_features)


def rounded(rows: Tensor) -> tuple[Tensor, Tensor]:
    """``rows`` (N, D) as float8 (N, D) and float32 scales (N, 1) that they are to be multiplied with."""
    scale = (rows.abs().amax(1, keepdim=True).float() / _LARGEST).clamp(min=_LEAST_SCALE)
    return (rows.float() / scale).clamp(-_LARGEST, _LARGEST).to(KEPT), scale
