"""What of a picture is known before it is drawn, and for how long it is held.

Known latents are blended back after every step, each stream at its own noise level (blended diffusion, Avrahami et al.
2022, for two streams). Where both streams are kept to the end with full weight, the result is the reference itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.engines.diffusion.schedule import TEXTURE


@dataclass(frozen=True)
class Reference:
    """Known latents of a batch.

    Attributes:
        latents: fp32 (B, C, h, w), clean, normalised, semantic channels first.
        keep: fp32 (B, 2, h, w) in 0..1, one mask a stream; 1 = held. All 0 = only a starting point.
        until: per item (semantic, texture): how many steps of the schedule the stream is held; the number of steps or
            more = to the end, and then without a trace of noise.
    """

    latents: Tensor
    keep: Tensor
    until: Sequence[tuple[int, int]]

    def __post_init__(self) -> None:
        batch, _, rows, columns = self.latents.shape
        if self.keep.shape != (batch, 2, rows, columns) or len(self.until) != batch:
            raise ValueError(
                f"masks {tuple(self.keep.shape)} and {len(self.until)} holds do not fit {tuple(self.latents.shape)}"
            )

    def held(self, steps: int) -> Tensor:
        """fp32 (steps, B, 1, 2): whether a stream is held after each step."""
        rows = [[[float(step < end) for end in ends] for ends in self.until] for step in range(steps)]
        return torch.tensor(rows)[:, :, None]

    @staticmethod
    def start(latents: Tensor) -> Reference:
        """A starting point of which nothing is held."""
        batch, _, rows, columns = latents.shape
        return Reference(latents, torch.zeros(batch, TEXTURE + 1, rows, columns), ((0, 0),) * batch)
