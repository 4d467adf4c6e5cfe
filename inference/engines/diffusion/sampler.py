"""The sampling loop: Euler steps on two streams, every item with its own seed, strength and masks.

Everything that a step needs is computed and on the device before the first one, so no step waits for the host.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from inference.engines.diffusion.job import AfterStep, Ask, BeforeStep, Job, Steer, StepView, Velocity
from inference.engines.diffusion.pacing import Pace
from inference.engines.diffusion.schedule import SEMANTIC, TEXTURE, Schedule
from inference.engines.diffusion.tokens import image_positions, pack, text_positions


@torch.no_grad()
def sample(
    velocity: Velocity,
    schedule: Schedule,
    job: Job,
    *,
    before_step: BeforeStep | None = None,
    after_step: AfterStep | None = None,
    steer: Steer | None = None,
) -> Tensor:
    """Denoise a batch. Returns (B, C, h, w) in ``job.dtype``.

    Raises:
        Cancelled, or whatever else ``before_step`` raises; at most one further step is computed.
        ValueError: items that enter late without a reference, or shapes that do not fit.
    """
    return _Run(velocity, schedule, job).run(before_step or _nothing, after_step, steer)


class _Run:
    """The state of one call of ``sample``; everything on the device is prepared here."""

    def __init__(self, velocity: Velocity, schedule: Schedule, job: Job) -> None:
        batch, channels, rows, columns = job.noise.shape
        device = velocity.device
        self.velocity, self.job, self.steps = velocity, job, schedule.steps
        self.grid, self.device = (rows, columns), device
        self.entries = tuple(entry.step for entry in job.entries) or tuple(job.first_steps) or (0,) * batch
        self._check(batch, channels)
        streams = torch.tensor([SEMANTIC] * job.semantic_channels + [TEXTURE] * (channels - job.semantic_channels))
        sigmas, levels = _own_noise(schedule, job, batch)
        self.sigmas = sigmas[..., streams][:, :, None].to(device, job.dtype)
        self.levels = levels.to(device)
        self.embeds = job.embeds.to(device)
        self.empty = None if job.guidance is None else job.guidance.embeds.to(device).expand(batch, -1, -1)
        self.mask = None if job.layout is None else job.layout.mask.to(device)
        lengths = [given.shape[1] for given in (self.embeds, self.empty) if given is not None]
        self.text_ids = text_positions(max(lengths)).to(device)
        self.image_ids = image_positions(rows, columns).to(device)
        self.noise = pack(job.noise.to(device, job.dtype))
        self.known: Tensor | None = None
        if job.reference is not None:
            self.known = pack(job.reference.latents.to(device, job.dtype))
            self.keep = pack(job.reference.keep.to(device, job.dtype))
            self.held = job.reference.held(self.steps).to(device, job.dtype)
            scene = job.reference.scene
            self.scene = None if scene is None else pack(scene[:, None].to(device, job.dtype))
            self.scene_held = job.reference.scene_held(self.steps).to(device, job.dtype)
        self.streams = streams.to(device)
        self.rows = [self._rows(step) for step in range(self.steps)]
        self.entering = {step: self._select(step) for step in set(self.entries) - {min(self.entries)}}

    def run(self, before_step: BeforeStep, after_step: AfterStep | None, steer: Steer | None) -> Tensor:
        first = min(self.entries)
        pace = Pace(self.device)
        latents = self._at(first)
        for step in range(first, self.steps):
            before_step(step - first, self.steps - first)
            rows = self.rows[step]
            current = latents if rows is None else latents[rows]
            current = self._step(step, rows, current, steer)
            latents = current if rows is None else latents.index_copy(0, rows, current)
            latents = self._enter(step + 1, latents)
            if after_step is not None:
                latents = pack(after_step(step, self._unpacked(latents)))
            pace.step_was_queued()
        before_step(self.steps - first, self.steps - first)
        return self._unpacked(latents)

    def _unpacked(self, latents: Tensor) -> Tensor:
        return latents.transpose(1, 2).unflatten(2, self.grid)

    def _check(self, batch: int, channels: int) -> None:
        job = self.job
        if not 0 <= job.semantic_channels < channels:
            raise ValueError(f"{job.semantic_channels} of {channels} channels can not be the semantic ones")
        if len(job.embeds) != batch or len(self.entries) != batch:
            raise ValueError(f"{batch} items, {len(job.embeds)} prompts, {len(self.entries)} first steps")
        if job.reference is None and any(self.entries):
            raise ValueError("an item that enters late needs a reference to start from")
        if job.reference is not None and job.reference.latents.shape != job.noise.shape:
            raise ValueError(f"latents {tuple(job.reference.latents.shape)} do not fit {tuple(job.noise.shape)}")

    def _rows(self, step: int) -> Tensor | None:
        """Which items are in a step, on the device; None = all, which saves the copying."""
        inside = self._inside(step)
        return None if len(inside) == len(self.entries) else torch.tensor(inside, device=self.device)

    def _inside(self, step: int) -> tuple[int, ...]:
        return tuple(item for item, entry in enumerate(self.entries) if entry <= step)

    def _at(self, step: int) -> Tensor:
        """The batch as it enters at ``step``: reference and noise, each stream mixed at its own level."""
        if self.known is None:
            return self.noise
        if step == self.steps:
            return self.known
        sigma = self.sigmas[step]
        return (1.0 - sigma) * self.known + sigma * self.noise

    def _enter(self, step: int, latents: Tensor) -> Tensor:
        """Let the items in that begin at ``step``."""
        if step not in self.entering:
            return latents
        return torch.where(self.entering[step], self._at(step), latents)

    def _select(self, step: int) -> Tensor:
        """bool (B, 1, 1): the items that begin at ``step``."""
        return torch.tensor([entry == step for entry in self.entries], device=self.device)[:, None, None]

    def _step(self, step: int, rows: Tensor | None, latents: Tensor, steer: Steer | None) -> Tensor:
        velocity = self._velocity(step, rows, latents)
        sigma, next_sigma = _items(self.sigmas[step], rows), _items(self.sigmas[step + 1], rows)
        if steer is not None:
            velocity = steer(StepView(step, self._inside(step), latents, velocity, sigma, next_sigma, self.grid))
        moved = latents + (next_sigma - sigma) * velocity
        return moved if self.known is None else self._blend(step, rows, moved, next_sigma)

    def _blend(self, step: int, rows: Tensor | None, moved: Tensor, sigma: Tensor) -> Tensor:
        """Paste what is held, as noisy as the rest is now; after the last step without the table's trace of noise."""
        level = sigma if step + 1 < self.steps else torch.zeros_like(sigma)
        known, noise = _items(self.known, rows), _items(self.noise, rows)
        weight = _items(self.keep, rows) * _items(self.held[step], rows)
        if self.scene is not None:
            scene = _items(self.scene, rows) * _items(self.scene_held[step], rows)
            weight = torch.cat([torch.maximum(weight[..., :1], scene), weight[..., 1:]], dim=-1)
        weight = weight[..., self.streams]
        return torch.lerp(moved, (1.0 - level) * known + level * noise, weight)

    def _velocity(self, step: int, rows: Tensor | None, latents: Tensor) -> Tensor:
        embeds = _items(self.embeds, rows)
        if self.empty is None or self.job.guidance is None:
            return self._predict(step, rows, latents, embeds)
        empty = _items(self.empty, rows)
        if embeds.shape[1] == empty.shape[1]:
            both = torch.cat([embeds, empty])
            given, free = self._predict(step, rows, torch.cat([latents, latents]), both).chunk(2)
        else:
            given, free = (self._predict(step, rows, latents, told) for told in (embeds, empty))
        return free + self.job.guidance.scale * (given - free)

    def _predict(self, step: int, rows: Tensor | None, latents: Tensor, embeds: Tensor) -> Tensor:
        ask = Ask(
            latents=latents,
            levels=self._levels(step, rows, len(latents)),
            embeds=embeds,
            text_ids=self.text_ids[: embeds.shape[1]],
            image_ids=self.image_ids,
            rows=rows,
            attention_kwargs=self._attention(step, rows, len(latents)),
        )
        return self.velocity(ask).to(self.job.dtype)

    def _levels(self, step: int, rows: Tensor | None, batch: int) -> Tensor:
        """(batch, 2); with guidance the items come twice."""
        levels = _items(self.levels[step], rows)
        return levels if len(levels) == batch else torch.cat([levels, levels])

    def _attention(self, step: int, rows: Tensor | None, batch: int) -> dict[str, Any] | None:
        kwargs = dict(self.job.attention_kwargs or {})
        if self.mask is not None and self.job.layout is not None and step < self.job.layout.steps:
            mask = self.mask if len(self.mask) == 1 else _items(self.mask, rows)
            kwargs["attention_mask"] = mask if len(mask) in (1, batch) else torch.cat([mask, mask])
        return kwargs or None


def _items(tensor: Tensor, rows: Tensor | None) -> Tensor:
    return tensor if rows is None else tensor[rows]


def _own_noise(schedule: Schedule, job: Job, batch: int) -> tuple[Tensor, Tensor]:
    """fp32 (steps + 1, batch, 2) sigmas and levels: the schedule's, and at the step where an item enters, its own."""
    sigmas, levels = (table[:, None].repeat(1, batch, 1) for table in (schedule.sigmas, schedule.levels))
    for item, entry in enumerate(job.entries):
        sigmas[entry.step, item], levels[entry.step, item] = entry.sigmas, entry.levels
    return sigmas, levels


def _nothing(done: int, total: int) -> None:
    """For callers who do not watch."""
