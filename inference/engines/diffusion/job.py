"""What the sampling loop is asked for, and what it asks of a transformer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from inference.engines.diffusion.reference import Reference
from inference.engines.diffusion.schedule import Entry

BeforeStep = Callable[[int, int], None]
"""Called with (steps done, steps to do) before every step and once after the last. May raise ``Cancelled``."""

AfterStep = Callable[[int, Tensor], Tensor]
"""Called with (step, latents (B, C, h, w)) after every step; returns the latents to go on with."""


@dataclass(frozen=True)
class Guidance:
    """Classifier-free guidance: v = u + scale (c - u).

    ``embeds`` (1 | B, L', D) belong to the empty prompt; where L' is not the prompts' L, the halves are two calls.
    """

    scale: float
    embeds: Tensor


@dataclass(frozen=True)
class LayoutMask:
    """Who may attend to whom during the first ``steps`` steps.

    ``mask`` (1 | B, 1, L + N, L + N), bool (True = may) or additive, over [text | image row by row].
    """

    mask: Tensor
    steps: int


@dataclass(frozen=True)
class StepView:
    """What a steering function sees: packed (b, N, C) latents and velocities of the items of the batch that are in the
    step (``items``, in this order), and their sigmas (b, 1, C), a channel."""

    step: int
    items: tuple[int, ...]
    latents: Tensor
    velocity: Tensor
    sigma: Tensor
    next_sigma: Tensor
    grid: tuple[int, int]


Steer = Callable[[StepView], Tensor]
"""Returns the velocities to use instead."""


@dataclass(frozen=True)
class Job:
    """One batch. Items of a batch share size, steps and guidance; the rest is their own.

    Attributes:
        noise: fp32 (B, C, h, w), ``noise.seeded_noise``; C = semantic + texture channels.
        embeds: (B, L, D).
        semantic_channels: how many of C belong to the semantic stream.
        first_steps: per item, the step at which it enters (``Schedule.first_step``); empty = all at 0.
        entries: per item, the step and the noise at which it enters (``Schedule.entry``), instead of ``first_steps``.
        reference: known latents, for items that enter later or keep a part.
        dtype: what latents are kept in between the steps.
    """

    noise: Tensor
    embeds: Tensor
    semantic_channels: int
    first_steps: Sequence[int] = ()
    entries: Sequence[Entry] = ()
    reference: Reference | None = None
    guidance: Guidance | None = None
    layout: LayoutMask | None = None
    attention_kwargs: dict[str, Any] | None = None
    dtype: torch.dtype = torch.float32


@dataclass(frozen=True)
class Ask:
    """One call of a transformer.

    Attributes:
        latents: (b, N, C), row by row; with guidance the items come twice.
        levels: fp32 (b, 2) noise levels of the semantic and of the texture stream.
        embeds: (b, L, D).
        text_ids, image_ids: (L, 4) and (N, 4) positions T, H, W, L.
        rows: which items of the job are asked for; None = all.
        attention_kwargs: for the attention processors, masks included.
    """

    latents: Tensor
    levels: Tensor
    embeds: Tensor
    text_ids: Tensor
    image_ids: Tensor
    rows: Tensor | None
    attention_kwargs: dict[str, Any] | None


class Velocity(Protocol):
    """A family of models, as the loop sees it."""

    device: Any

    def __call__(self, ask: Ask) -> Tensor:
        """The velocities (b, N, C), in any dtype."""
