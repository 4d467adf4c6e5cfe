"""What the three trainings share: an optimiser whose rate follows the time, and steps until the time is over."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from inference.training.small_sefi.clock import Stage

_WARM_UP_STEPS = 100
_LOOK_EVERY = 10


class Learner(Protocol):
    """One training."""

    optimiser: Any
    step: int

    def loss(self) -> Tensor:
        """Of the next batch; has a gradient."""


class Watch(Protocol):
    """Called every few steps with the mean loss since the last call; writes logs and saves when it is time to."""

    def __call__(self, stage: Stage, step: int, loss: float) -> None: ...


def optimiser(parameters: Iterable[nn.Parameter], rate: float, device: torch.device) -> Any:
    """AdamW; ``rate`` is its highest learning rate."""
    return torch.optim.AdamW(parameters, lr=rate, betas=(0.9, 0.98), weight_decay=1e-2, fused=device.type == "cuda")


def rate_share(step: int, share: float) -> float:
    """Of the highest rate: a linear warm-up in steps times half a cosine over the ``share`` of the time gone."""
    return min(1.0, (step + 1) / _WARM_UP_STEPS) * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * share)))


def learn(
    learner: Learner, stage: Stage, highest: float, watch: Watch, *, after: Callable[[], None] | None = None
) -> None:
    """Steps until ``stage`` is over; at least one. The device is asked for the loss only every few steps.

    Args:
        after: called after each step of the optimiser.
    """
    losses: list[Tensor] = []
    parameters = [parameter for group in learner.optimiser.param_groups for parameter in group["params"]]
    while True:
        for group in learner.optimiser.param_groups:
            group["lr"] = highest * rate_share(learner.step, stage.share)
        learner.optimiser.zero_grad(set_to_none=True)
        loss = learner.loss()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        learner.optimiser.step()
        learner.step += 1
        losses.append(loss.detach())
        if after is not None:
            after()
        if learner.step % _LOOK_EVERY == 0 or stage.is_over():
            watch(stage, learner.step, float(torch.stack(losses).mean()))
            losses.clear()
        if stage.is_over():
            return


def averaged(average: nn.Module, network: nn.Module, step: int, *, keep: float = 0.999) -> None:
    """Moves ``average`` towards ``network``, fast at first (exponential moving average)."""
    share = min(keep, (1 + step) / (10 + step))
    with torch.no_grad():
        torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1.0 - share)


def autocast(device: torch.device) -> Any:
    """bfloat16 on CUDA; elsewhere the networks are too small to gain from it."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")
