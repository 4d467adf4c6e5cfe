"""Let a pipeline that takes neither latents nor sigmas begin nearer to its picture, by its own parts.

Code that a model brings along (DeepGen's) draws its noise itself and offers no beginning. But it asks its scheduler for
the schedule and for every step, and its transformer for every velocity, and both lie open: while somebody is leading,
the schedule begins at a strength, between two of its rows if need be, and until the first step is done the noise that
the pipeline drew stands for (1 - level) picture + level noise, as it would in ``strength`` (SDEdit, Meng et al. 2022,
for rectified flows).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from inference.engines.diffusion.errors import incompatible

_LEADABLE = ("transformer", "scheduler", "vae")


@contextmanager
def led(pipeline: Any, picture: Image.Image, strength: float) -> Iterator[None]:
    """While this lasts, a call of ``pipeline`` begins at ``strength`` of its schedule, with the noise that it draws.

    Args:
        pipeline: of a rectified flow, with latents (N, channels, height, width), a ``FlowMatchEulerDiscreteScheduler``
            and an ``AutoencoderKL``.
        picture: what it begins near.
        strength: above 0, below 1.

    Raises:
        EngineUnavailable: ``generate.checkpoint_incompatible``, the pipeline lacks such a part, or did not ask it.
    """
    if lacking := [name for name in _LEADABLE if getattr(pipeline, name, None) is None]:
        raise incompatible(_refusal(f"it has no {', no '.join(lacking)}"))
    scheduler, lead = pipeline.scheduler, _Lead(pipeline, picture, strength)
    hook = pipeline.transformer.register_forward_pre_hook(lead.before_velocity, with_kwargs=True)
    # On the object, not in its place: code that keeps it under another name is led as well.
    scheduler.set_timesteps = _in_place_of(lead.plain_schedule, lead.schedule)
    scheduler.step = _in_place_of(lead.plain_step, lead.step)
    try:
        yield
    finally:
        hook.remove()
        del scheduler.set_timesteps, scheduler.step
    if not lead.has_begun:
        raise incompatible(_refusal("it does not ask its scheduler for steps"))


class _Lead:
    """Stands before a scheduler and a transformer for one call of their pipeline."""

    def __init__(self, pipeline: Any, picture: Image.Image, strength: float) -> None:
        self._vae, self._scheduler = pipeline.vae, pipeline.scheduler
        self.plain_schedule, self.plain_step = self._scheduler.set_timesteps, self._scheduler.step
        self._picture, self._strength = picture, strength
        self._clean: Tensor | None = None
        self._is_asked = self.has_begun = False

    def schedule(self, *arguments: Any, **named: Any) -> None:
        """What is left of the schedule from ``strength`` on."""
        self.plain_schedule(*arguments, **named)
        levels = self._scheduler.sigmas
        place = (len(levels) - 1) * (1.0 - self._strength)
        row = math.floor(place + 1e-9)
        first = torch.lerp(levels[row], levels[row + 1], max(0.0, place - row))
        self._scheduler.sigmas = torch.cat([first[None], levels[row + 1 :]])
        self._scheduler.timesteps = self._scheduler.sigmas[:-1] * self._scheduler.config.num_train_timesteps

    def before_velocity(self, _: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A transformer's arguments, with the picture in its latents."""
        if self.has_begun:
            return None
        self._is_asked = True
        if "hidden_states" in named:
            return arguments, {**named, "hidden_states": self._near(named["hidden_states"])}
        return (self._near(arguments[0]), *arguments[1:]), named

    def step(self, velocity: Any, timestep: Any, sample: Tensor, *arguments: Any, **named: Any) -> Any:
        """The scheduler's step, the first from where the transformer was."""
        if not self._is_asked:
            raise incompatible(_refusal("it does not call its transformer"))
        begun, self.has_begun = self.has_begun, True
        return self.plain_step(velocity, timestep, sample if begun else self._near(sample), *arguments, **named)

    def _near(self, noise: Tensor) -> Tensor:
        level = self._scheduler.sigmas[0].to(noise.device, torch.float32)
        return torch.lerp(self._latents(noise).float(), noise.float(), level).to(noise.dtype)

    def _latents(self, like: Tensor) -> Tensor:
        """The picture's latents, (1, channels, height, width) as ``like`` has them."""
        if self._clean is None:
            side = 2 ** (len(self._vae.config.block_out_channels) - 1)
            shown = self._picture.convert("RGB").resize((like.shape[-1] * side, like.shape[-2] * side))
            pixels = torch.from_numpy(np.array(shown)).permute(2, 0, 1)[None].to(self._vae.device, self._vae.dtype)
            with torch.no_grad():
                found = self._vae.encode(pixels / 127.5 - 1.0).latent_dist.mode()
            self._clean = (found - (self._vae.config.shift_factor or 0.0)) * self._vae.config.scaling_factor
        return self._clean.to(like.device)


def _in_place_of(plain: Callable[..., Any], ours: Callable[..., Any]) -> Callable[..., Any]:
    """``ours`` for those who look at the signature first, as pipelines do."""

    @functools.wraps(plain)
    def called(*arguments: Any, **named: Any) -> Any:
        return ours(*arguments, **named)

    return called


def _refusal(why: str) -> str:
    return f"this model's code can not begin near a picture: {why}; draw at full strength, or fetch what was pinned"
