"""The two noise levels of every step, known before the first one.

SeFi denoises semantics a little ahead of texture (arXiv 2606.22568): on a common clock u in 0..1, bent by ``alpha`` and
stretched to 1 + ``delta_t``, the texture stream starts ``delta_t`` late and the semantic stream ends ``delta_t`` early.
Levels are looked up in the table that the model was trained on, whose last entry is 0.001, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inference.errors import InputRejected

SEMANTIC, TEXTURE = 0, 1
_EMBEDDED_PER_LEVEL = 1000


@dataclass(frozen=True)
class TwoStreamSchedule:
    """Noise levels at the ``steps`` + 1 borders of the steps; immutable, so threads may share it.

    Attributes:
        sigmas: fp32 (steps + 1, 2) on the CPU, columns ``SEMANTIC`` and ``TEXTURE``: 1 = noise.
        levels: fp32 (steps + 1, 2), what the transformer is told; equal to ``sigmas`` up to rounding.
    """

    sigmas: Tensor
    levels: Tensor

    @property
    def steps(self) -> int:
        return len(self.sigmas) - 1

    def first_step(self, strength: float) -> int:
        """The step at which an image that may change by ``strength`` (0 = not at all, 1 = freely) enters.

        It is the first whose texture noise does not exceed ``strength``; ``steps`` when there is none.
        """
        if not 0.0 <= strength <= 1.0:
            raise InputRejected("generate.bad_strength", f"a strength lies between 0 and 1, not {strength}")
        reached = [step for step, sigma in enumerate(self.sigmas[:-1, TEXTURE].tolist()) if sigma <= strength]
        return reached[0] if reached else self.steps


def two_stream_schedule(scheduler: Any, steps: int, *, alpha: float, delta_t: float) -> TwoStreamSchedule:
    """The schedule of ``steps`` steps on the trained table of ``scheduler`` (which is read, never set).

    Args:
        scheduler: a FlowMatchEulerDiscreteScheduler as loaded; ``set_timesteps`` must not have been called on it.
        alpha: below 1 spends more steps on early, noisy levels.
        delta_t: lead of the semantic stream.

    Raises:
        InputRejected: no steps.
        ValueError: an alpha that is not positive, a negative lead, or a scheduler that was set to other timesteps.
    """
    if steps < 1:
        raise InputRejected("generate.wrong_steps", f"sampling takes at least 1 step, not {steps}", steps=steps)
    if alpha <= 0.0 or delta_t < 0.0:
        raise ValueError(f"alpha must be positive and delta_t not negative, not {alpha} and {delta_t}")
    entries = int(scheduler.config.num_train_timesteps)
    if len(scheduler.timesteps) != entries:
        raise ValueError("this scheduler was set to other timesteps; SeFi needs its training table")
    clock = torch.linspace(0.0, 1.0, steps + 1, dtype=torch.float32)
    if alpha != 1.0:
        clock = alpha * clock / (1.0 + (alpha - 1.0) * clock)
    raw = clock * (1.0 + delta_t)
    both = torch.stack([raw.clamp(max=1.0), (raw - delta_t).clamp(0.0, 1.0)], dim=1)
    places = (both * (entries - 1)).long().clamp(0, entries - 1)
    sigmas = scheduler.sigmas.to("cpu", torch.float32)[places]
    levels = scheduler.timesteps.to("cpu", torch.float32)[places] / _EMBEDDED_PER_LEVEL
    return TwoStreamSchedule(sigmas, levels)
