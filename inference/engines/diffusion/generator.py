"""A generator on latents: the story of one batch, from prompts to pixels, for every family of models."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from torch._dynamo.exc import TorchDynamoException

from inference.engines.adapters.switch import Adapters
from inference.engines.diffusion import gate, requests
from inference.engines.diffusion.codec import TextureCodec, to_unit_range
from inference.engines.diffusion.compiling import leave_uncompiled, quicken
from inference.engines.diffusion.eight_bit import eight_bit
from inference.engines.diffusion.embed_cache import EmbedCache
from inference.engines.diffusion.graphs import Recording
from inference.engines.diffusion.job import Guidance, Job, LayoutMask, Steer, Velocity
from inference.engines.diffusion.layout import mask_of
from inference.engines.diffusion.loading import without_bars
from inference.engines.diffusion.masks import held_steps, holds, keep_masks, picture_array, picture_tensor
from inference.engines.diffusion.memory import (
    MB,
    SPLITS,
    free_bytes,
    in_shrinking_batches,
    refused_when_full,
    too_little,
    total_bytes,
)
from inference.engines.diffusion.noise import seeded_noise
from inference.engines.diffusion.objective import TrainingLevels
from inference.engines.diffusion.palette import PalettePull, PaletteSteer, palette_oklab
from inference.engines.diffusion.reference import Reference
from inference.engines.diffusion.sampler import sample
from inference.engines.diffusion.schedule import Schedule
from inference.engines.diffusion.shelf import Shelf
from inference.engines.diffusion.text import PromptEncoder
from inference.generation import FLOAT8, DeviceState, GeneratedPicture, GenerateItem, GenerateOptions, GenerateRequest
from inference.models import ModelCard
from inference.ports import EngineStatus
from inference.types import U8, Progress, no_progress

_log = logging.getLogger(__name__)
# A cell that is kept by more than this has the meaning of what is kept.
_MOSTLY_KEPT = 0.5


class Family(Protocol):
    """Loaded weights of one family, on one device."""

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


Load = Callable[[Path, torch.device, torch.dtype, EmbedCache], Family]


class LatentGenerator:
    """See ``generation.Generator``. ``load`` brings the weights of one family into memory."""

    def __init__(self, card: ModelCard, options: GenerateOptions, load: Load) -> None:
        self.name, self.licence, self.card = card.name, card.licence, card
        self._options, self._load = options, load
        self._family: Family | None = None
        self._adapters: Adapters | None = None
        self._revision = ""
        self._shelf: Shelf[Recording] | None = None
        self._fits: dict[tuple[int, int], int] = {}
        self._is_warm = False

    def status(self) -> EngineStatus:
        """See ``generation.Generator``."""
        return gate.status_of(self.card, self._options)

    def warm(self) -> None:
        """See ``generation.Generator``. Where blocks are compiled, a picture of each usual size is drawn, once."""
        family = self.loaded()
        if not self._options.compile or self._is_warm:
            return
        try:
            with self._shelf.opening() if self._shelf is not None else nullcontext():
                for request in requests.usual(self.card):
                    self.generate(request)
        except TorchDynamoException as error:
            _log.warning("%s runs uncompiled: %s", self.name, str(error).splitlines()[0])
            leave_uncompiled(family.transformer)
        self._is_warm = True

    def check(self, request: GenerateRequest) -> None:
        """See ``generation.Generator``."""
        requests.check(self.card, request)

    def generate(
        self, request: GenerateRequest, *, on_progress: Progress = no_progress
    ) -> tuple[GeneratedPicture, ...]:
        """See ``generation.Generator``."""
        steps, guidance = requests.check(self.card, request)
        family = self.loaded()
        self.adapters.use(request.adapters)
        with self.as_written() if request.adapters else nullcontext():
            return self._drawn(family, request, steps, guidance, on_progress)

    def _drawn(
        self, family: Family, request: GenerateRequest, steps: int, guidance: float, on_progress: Progress
    ) -> tuple[GeneratedPicture, ...]:
        size = request.width, request.height
        watch = _Watch(on_progress, len(request.items))

        def run(items: Sequence[GenerateItem]) -> list[GeneratedPicture]:
            return _Batch(family, request, steps, guidance, watch.of(len(items))).draw(items, self._identity(family))

        at_once = min(self._fits.get(size, self._options.max_batch), len(request.items))
        pictures, fitted = in_shrinking_batches(request.items, at_once, run, relieve=self._relieve)
        if fitted < at_once:
            self._fits[size] = fitted
        return tuple(pictures)

    def _relieve(self) -> bool:
        """Drop recordings for a picture's sake."""
        return self._shelf is not None and self._shelf.shrink()

    def loaded(self) -> Family:
        """The weights, loaded by the first call.

        Raises:
            EngineUnavailable: they may not or can not be loaded here.
        """
        if self._family is None:
            folder = gate.require(self.card, self._options)
            device, dtype = chosen_device(self._options)
            shortage = too_little(self.card, folder, device, dtype)
            if shortage is not None:
                raise shortage.error()
            with without_bars(), refused_when_full(self.card, device):
                family = self._load(folder, device, dtype, EmbedCache(self._options.embed_cache_mb << 20))
                if self._options.dtype == FLOAT8:
                    eight_bit(family.transformer, device)
            if self._options.compile:
                self._shelf = quicken(family)
            self.adopt(family, gate.loaded_revision(folder))
        assert self._family is not None
        return self._family

    def adopt(self, family: Family, revision: str = "") -> None:
        """Draw with weights that somebody else brought into memory."""
        folders = [one for one in (self._options.adapters_dir, self._options.adapters_cache) if one is not None]
        self._adapters = Adapters(family.transformer, self.card.name, folders, revision)
        self._family, self._revision = family, revision

    def as_written(self) -> AbstractContextManager[Any]:
        """Run blocks uncompiled: compiled ones would be compiled again for every adapter, and refuse after a few."""
        return torch.compiler.set_stance("force_eager") if self._options.compile else nullcontext()

    @property
    def adapters(self) -> Adapters:
        """What the weights are added to by; they are loaded for it."""
        self.loaded()
        assert self._adapters is not None
        return self._adapters

    @property
    def revision(self) -> str:
        """Of the weights that are loaded; empty where nobody noted it."""
        return self._revision

    def _identity(self, family: Family) -> dict[str, Any]:
        return {
            "engine": self.card.engine,
            "model": self.card.name,
            "revision": self._revision,
            "licence": self.card.licence,
            "dtype": dtype_name(self._options, family.transformer),
            **({"adapters": adapters} if (adapters := self.adapters.identity()) else {}),
        }


def chosen_device(options: GenerateOptions) -> tuple[torch.device, torch.dtype]:
    """The device and the dtype to compute in that ``options`` mean here."""
    automatic = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(automatic if options.device == "auto" else options.device)
    if options.dtype in ("auto", FLOAT8):
        return device, torch.bfloat16 if device.type == "cuda" else torch.float32
    return device, getattr(torch, options.dtype)


def dtype_name(options: GenerateOptions, transformer: Any) -> str:
    """What the weights of ``transformer`` are kept in, for recipes."""
    return FLOAT8 if options.dtype == FLOAT8 else str(transformer.dtype).removeprefix("torch.")


def device_state(options: GenerateOptions) -> DeviceState:
    """The device that ``options`` mean here, its memory, and how often that ran out."""
    device, _ = chosen_device(options)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    return DeviceState(name, device.type, total_bytes(device) // MB, free_bytes(device) // MB, SPLITS.since_start)


class _Watch:
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


class _Batch:
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
