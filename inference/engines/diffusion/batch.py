"""One pass of the loop for pictures that are drawn together: references, places, palettes, steps, pixels."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from inference.engines.diffusion.codec import TextureCodec, to_unit_range
from inference.engines.diffusion.job import Guidance, Job, LayoutMask, Steer, Velocity
from inference.engines.diffusion.layout import mask_of
from inference.engines.diffusion.masks import held_steps, holds, keep_masks, picture_array, picture_tensor
from inference.engines.diffusion.noise import seeded_noise
from inference.engines.diffusion.objective import TrainingLevels
from inference.engines.diffusion.palette import PalettePull, PaletteSteer, palette_oklab
from inference.engines.diffusion.reference import Reference
from inference.engines.diffusion.sampler import sample
from inference.engines.diffusion.schedule import Schedule
from inference.engines.diffusion.text import PromptEncoder
from inference.generation import GeneratedPicture, GenerateItem, GenerateRequest
from inference.types import U8, Progress

# A cell that is kept by more than this has the meaning of what is kept.
_MOSTLY_KEPT = 0.5


class Family(Protocol):
    """Loaded weights of one family, on one device.

    ``parts``: what was loaded from folders of its own, by name, and its revision.
    """

    parts: Mapping[str, str]
    device: torch.device
    codec: TextureCodec
    semantic_channels: int
    transformer: Any
    prompts: PromptEncoder

    def embed(self, prompts: Sequence[str]) -> Tensor:
        """(B, L, D)."""

    def schedule(self, steps: int, cells: int) -> Schedule:
        """Noise levels for a picture of ``cells`` latent cells."""

    def training_levels(self, u: Tensor, cells: int) -> TrainingLevels:
        """Noise levels to train at, for ``u`` (B,) drawn evenly from 0..1, on the device of ``u``."""

    def can_read_meaning(self) -> bool:
        """Whether ``semantics`` has an answer, where the family keeps meaning apart from texture."""

    def velocity(self, context: Tensor | None) -> Velocity:
        """The transformer; ``context`` (B, K, T, h, w) are texture latents of pictures to look at, K an item, for
        families that can; (B, T, h, w) = one each."""

    def semantics(self, images: Tensor) -> Tensor | None:
        """fp32 (B, 3, H, W) in 0..1 -> semantic latents (B, S, h, w); None where no encoder for them is here."""


class Watch:
    """Progress over all batches of a request."""

    def __init__(self, on_progress: Progress, total: int) -> None:
        self._on_progress, self._total, self._done = on_progress, total, 0

    def of(self, items: int) -> Progress:
        """Progress of one batch as part of the whole."""

        def report(stage: str, fraction: float) -> None:
            self._on_progress(stage, (self._done + items * fraction) / self._total)
            if stage == "decode" and fraction == 1.0:
                self._done += items

        return report


class Batch:
    """Items that are drawn together."""

    def __init__(
        self, family: Family, request: GenerateRequest, steps: int, guidance: float, on_progress: Progress
    ) -> None:
        self.family, self.request, self.guidance, self.on_progress = family, request, guidance, on_progress
        cell = family.codec.cell_px
        self.grid = request.height // cell, request.width // cell
        self.schedule = family.schedule(steps, self.grid[0] * self.grid[1])

    def draw(self, items: Sequence[GenerateItem], identity: dict[str, Any]) -> list[GeneratedPicture]:
        begun = time.perf_counter()
        self.on_progress("prompt", 0.0)
        job = self._job(items)
        context = None
        source = ""
        if any(item.reference is not None or item.style is not None for item in items):
            self.on_progress("reference", 0.0)
            job, context, source = self._with_references(job, items)
        latents = sample(
            self.family.velocity(context), self.schedule, job, before_step=self._drawing, steer=self._steer(items)
        )
        self.on_progress("decode", 0.95)
        with torch.no_grad():
            images = to_unit_range(self.family.codec.decode(latents[:, self.family.semantic_channels :]))
        pixels = [picture_array(image) for image in images]
        self.on_progress("decode", 1.0)
        chosen = self._chosen(len(items), source)
        timings = {"batch_s": round(time.perf_counter() - begun, 3)}
        return [
            GeneratedPicture(rgb, item.seed, identity, chosen, timings) for rgb, item in zip(pixels, items, strict=True)
        ]

    def _job(self, items: Sequence[GenerateItem]) -> Job:
        channels = self.family.semantic_channels + self.family.codec.channels
        empty = Guidance(self.guidance, self.family.embed([""])) if self.guidance > 1.0 else None
        return Job(
            noise=seeded_noise([item.seed for item in items], channels, *self.grid),
            embeds=self.family.embed([item.prompt for item in items]),
            semantic_channels=self.family.semantic_channels,
            guidance=empty,
            layout=self._layout(items),
        )

    def _layout(self, items: Sequence[GenerateItem]) -> LayoutMask | None:
        steps = held_steps(self.request.layout_share, self.schedule.steps)
        if not steps or not any(item.layout for item in items):
            return None
        masks = [mask_of(self.family.prompts, item.prompt, item.layout, self.grid) for item in items]
        return LayoutMask(torch.stack(masks), steps)

    def _with_references(self, job: Job, items: Sequence[GenerateItem]) -> tuple[Job, Tensor | None, str]:
        """The job with what is known; texture latents to look at, if all items want that; where semantics came from."""
        pictures = [item.reference for item in items]
        texture = self._texture([None if one is None else one.rgb for one in pictures])
        semantics, source = self._semantics(job, *texture)
        keep = keep_masks(pictures, *self.grid)
        contexts = [texture[1]] if all(one is not None and one.as_context for one in pictures) else []
        scene: Tensor | None = None
        until: tuple[float, ...] = ()
        if any(item.style is not None for item in items):
            seen = self._texture([None if item.style is None else item.style.rgb for item in items])
            meaning, source = self._semantics(job, *seen)
            scene, until = self._scene(items, keep[:, 0])
            there = (scene > 0)[:, None].to(semantics.device)
            semantics = torch.where(there, meaning, semantics)
            contexts += [seen[1]] if all(item.style is not None for item in items) else []
        known = Reference(
            torch.cat([semantics, texture[1]], dim=1), keep, holds(pictures, self.schedule.steps), scene, until
        )
        entries = [self.schedule.entry(1.0 if one is None else one.strength) for one in pictures]
        context = torch.stack(contexts, dim=1) if contexts else None
        return _changed(job, reference=known, entries=entries), context, source

    def _texture(self, pictures: Sequence[U8 | None]) -> tuple[Tensor, Tensor]:
        """Pictures as fp32 (B, 3, H, W) in 0..1 on the device, black where there is none, and their texture latents."""
        blank = torch.zeros(3, self.request.height, self.request.width)
        images = torch.stack([blank if one is None else picture_tensor(one) for one in pictures])
        images = images.to(self.family.device)
        return images, self.family.codec.encode(images * 2.0 - 1.0)

    def _scene(self, items: Sequence[GenerateItem], keep: Tensor) -> tuple[Tensor, tuple[float, ...]]:
        """Where the meaning of style pictures is held, (B, h, w), and for how many steps: what is kept has its own."""
        styles = [item.style for item in items]
        followed = torch.tensor([float(style is not None) for style in styles])[:, None, None]
        free = (1.0 - keep) * (keep < _MOSTLY_KEPT)
        until = tuple(0.0 if style is None else style.strength * self.schedule.steps for style in styles)
        return followed * free, until

    def _semantics(self, job: Job, images: Tensor, texture: Tensor) -> tuple[Tensor, str]:
        """Semantic latents of pictures: from their encoder, or drawn while the texture is held to the picture's."""
        channels = self.family.semantic_channels
        empty = texture.new_zeros(len(texture), channels, *self.grid)
        if channels == 0:
            return empty, ""
        encoded = self.family.semantics(images)
        if encoded is not None:
            return encoded, "encoded"
        keep = torch.zeros(len(texture), 2, *self.grid)
        keep[:, 1] = 1.0
        held = Reference(torch.cat([empty, texture], dim=1), keep, [(0, self.schedule.steps)] * len(texture))
        drawn = sample(
            self.family.velocity(None),
            self.schedule,
            _changed(job, reference=held),
            before_step=lambda done, total: self.on_progress("reference", 0.1 * done / total),
        )
        return drawn[:, :channels], "drawn"

    def _steer(self, items: Sequence[GenerateItem]) -> Steer | None:
        """Pulls the items that have a palette towards it, outside of what they keep."""
        if not any(item.palette for item in items):
            return None
        keeps = keep_masks([item.reference for item in items], *self.grid)[:, 0]
        pulls = [
            PalettePull(palette_oklab(item.palette), item.pull, 1.0 - keep) if item.palette else None
            for item, keep in zip(items, keeps, strict=True)
        ]
        first, device = self.family.semantic_channels, self.family.device
        return PaletteSteer(self.family.codec, self.schedule, first, pulls, device=device)

    def _drawing(self, done: int, total: int) -> None:
        self.on_progress("draw", 0.1 + 0.8 * (done / total if total else 1.0))

    def _chosen(self, batch: int, semantics: str) -> dict[str, Any]:
        chosen = {"steps": self.schedule.steps, "guidance": self.guidance, "batch": batch}
        return {**chosen, "semantics": semantics} if semantics else chosen


def _changed(job: Job, **changes: Any) -> Job:
    return Job(**{**job.__dict__, **changes})
