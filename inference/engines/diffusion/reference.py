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
        until: per item (semantic, texture): for how many steps of the schedule the stream is held; the number of steps
            or more = to the end, and then without a trace of noise. A part of a step holds that step by this part.
        scene: fp32 (B, h, w) in 0..1, where the *semantic* stream is held beside ``keep``: the meaning of another
            picture, whose semantic latents are in ``latents`` there. None = nowhere.
        scene_until: per item, for how many steps ``scene`` is held.
    """

    latents: Tensor
    keep: Tensor
    until: Sequence[tuple[float, float]]
    scene: Tensor | None = None
    scene_until: Sequence[float] = ()

    def __post_init__(self) -> None:
        batch, _, rows, columns = self.latents.shape
        if self.keep.shape != (batch, 2, rows, columns) or len(self.until) != batch:
            raise ValueError(
                f"masks {tuple(self.keep.shape)} and {len(self.until)} holds do not fit {tuple(self.latents.shape)}"
            )

        if self.scene is not None and (self.scene.shape != (batch, rows, columns) or len(self.scene_until) != batch):
            raise ValueError(f"a scene's mask {tuple(self.scene.shape)} does not fit {tuple(self.latents.shape)}")

    def held(self, steps: int) -> Tensor:
        """fp32 (steps, B, 1, 2): how far a stream is held after each step."""
        rows = [[[_part(end, step) for end in ends] for ends in self.until] for step in range(steps)]
        return torch.tensor(rows)[:, :, None]

    def scene_held(self, steps: int) -> Tensor:
        """fp32 (steps, B, 1, 1): how far the scene's meaning is held after each step."""
        ends = self.scene_until or (0.0,) * len(self.latents)
        return torch.tensor([[_part(end, step) for end in ends] for step in range(steps)])[:, :, None, None]

    @staticmethod
    def start(latents: Tensor) -> Reference:
        """A starting point of which nothing is held."""
        batch, _, rows, columns = latents.shape
        return Reference(latents, torch.zeros(batch, TEXTURE + 1, rows, columns), ((0, 0),) * batch)


def _part(end: float, step: int) -> float:
    """How much of step ``step`` lies before ``end``, 0..1."""
    return min(1.0, max(0.0, end - step))
