"""A generator on latents: weights, device, refusals and recoveries, for every family of models; see ``batch``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch._dynamo.exc import TorchDynamoException

from inference.engines.adapters.switch import Adapters
from inference.engines.diffusion import gate, requests
from inference.engines.diffusion.batch import Batch, Family, Watch
from inference.engines.diffusion.compiling import leave_uncompiled, quicken
from inference.engines.diffusion.eight_bit import eight_bit
from inference.engines.diffusion.embed_cache import EmbedCache
from inference.engines.diffusion.graphs import Recording
from inference.engines.diffusion.loading import without_bars
from inference.engines.diffusion.memory import (
    MB,
    SPLITS,
    free_bytes,
    in_shrinking_batches,
    refused_when_full,
    too_little,
    total_bytes,
)
from inference.engines.diffusion.shelf import Shelf
from inference.generation import FLOAT8, DeviceState, GeneratedPicture, GenerateItem, GenerateOptions, GenerateRequest
from inference.models import ModelCard
from inference.ports import EngineStatus
from inference.types import Progress, no_progress

_log = logging.getLogger(__name__)

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
        watch = Watch(on_progress, len(request.items))

        def run(items: Sequence[GenerateItem]) -> list[GeneratedPicture]:
            return Batch(family, request, steps, guidance, watch.of(len(items))).draw(items, self._identity(family))

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
            **({"parts": dict(family.parts)} if family.parts else {}),
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
