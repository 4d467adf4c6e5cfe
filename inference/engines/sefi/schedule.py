"""The two noise levels of every step, known before the first one.

SeFi denoises semantics a little ahead of texture (arXiv 2606.22568): on a common clock u in 0..1, bent by ``alpha`` and
stretched to 1 + ``delta_t``, the texture stream starts ``delta_t`` late and the semantic stream ends ``delta_t`` early.
Levels are looked up in the table that the model was trained on, whose last entry is 0.001, never 0.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from inference.engines.diffusion.objective import TrainingLevels
from inference.engines.diffusion.schedule import Schedule
from inference.errors import InputRejected

_EMBEDDED_PER_LEVEL = 1000


def two_stream_schedule(scheduler: Any, steps: int, *, alpha: float, delta_t: float) -> Schedule:
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
    return Schedule(sigmas, levels)


def training_levels(u: Tensor, *, alpha: float, delta_t: float) -> TrainingLevels:
    """Levels for evenly drawn ``u`` (B,) in 0..1, as dense as the sampler's: bent by ``alpha``, then stretched."""
    raw = (1.0 + delta_t) * alpha * u / (1.0 + (alpha - 1.0) * u)
    levels = torch.stack([1.0 - raw.clamp(max=1.0), 1.0 - (raw - delta_t).clamp(min=0.0)], dim=1)
    return TrainingLevels(levels, torch.stack([raw <= 1.0, raw >= delta_t], dim=1).float())
