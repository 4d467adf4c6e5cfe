"""What a generator must offer: pictures from prompts, or a picture changed by an instruction. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from inference.models import ModelCard
from inference.ports import EngineStatus
from inference.types import U8, Progress

FLOAT8 = "float8"


@dataclass(frozen=True)
class GenerateOptions:
    """What generators may be told, read once at the edge of the application.

    Attributes:
        weights_dir: folder with one folder a model, named as in ``inference.models``; None = no weights here.
        accepted_licences: SPDX ids of non-commercial licences that the operator accepted in the settings.
        pinned_code: model name -> commit whose own code may run here, and behind a colon, if wanted, the SHA-256 of its
            pipeline's file; models that need it are off without an entry.
        device: ``auto`` = CUDA where there is one; else a torch device.
        dtype: ``auto`` = bfloat16 on CUDA, float32 elsewhere; ``float8`` = computes in the same, but keeps the blocks
            of transformers in eight bits; else the name of a torch dtype.
        embed_cache_mb: memory for prompt embeddings.
        max_batch: pictures in one pass.
        compile: compile the transformer's blocks (regional) and, on CUDA, record the networks; once a size.
        adapters_dir: folder with adapters as ``<name>.safetensors``; None = none here.
        adapters_cache: a second such folder, for adapters that are fetched when they are asked for.
        planner: folder in ``weights_dir`` of a language model that reads free words of scenes; empty = rules read them.
    """

    weights_dir: Path | None = None
    accepted_licences: frozenset[str] = frozenset()
    pinned_code: tuple[tuple[str, str], ...] = ()
    device: str = "auto"
    dtype: str = "auto"
    embed_cache_mb: int = 256
    max_batch: int = 8
    compile: bool = False
    adapters_dir: Path | None = None
    adapters_cache: Path | None = None
    planner: str = ""


@dataclass(frozen=True)
class DeviceState:
    """What generators draw on: ``kind`` is a torch device type; memory in MB (10^6 bytes), as it is now.

    ``splits``: how often this process has split a pass because memory ran out.
    """

    name: str
    kind: str
    total_mb: int
    free_mb: int
    splits: int = 0


@dataclass(frozen=True, eq=False)
class ReferencePicture:
    """A picture that the result starts from, keeps parts of, or is told about.

    Attributes:
        rgb: uint8 (height, width, 3) of the request's size.
        keep: uint8 (height, width), 255 = held; None = nothing. Works on the grid of 16 px cells.
        strength: how much of the rest may change; 1 = it starts from noise, 0 = it stays.
        hold_texture: share of the steps through which the held part's texture stays; 1 = to the end.
        hold_semantics: the same for its meaning, for models that keep both apart.
        as_context: show it to models that take reference pictures of their own accord.
    """

    rgb: U8
    keep: U8 | None = None
    strength: float = 1.0
    hold_texture: float = 0.5
    hold_semantics: float = 1.0
    as_context: bool = True


@dataclass(frozen=True, eq=False)
class StylePicture:
    """A picture whose scene or style is to be followed; nothing of it is pasted.

    Models that keep meaning and texture apart hold the meaning of everything that is not kept to it; models that take
    reference pictures of their own accord see it behind the reference.

    Attributes:
        rgb: uint8 (height, width, 3) of the request's size.
        strength: share of the steps through which its meaning is held, 0..1.
    """

    rgb: U8
    strength: float = 0.5


@dataclass(frozen=True)
class LayoutObject:
    """Where something that the prompt names should be.

    Attributes:
        phrase: its words, as they stand in the prompt.
        box: left, top, width, height in fractions of the picture.
    """

    phrase: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class GenerateItem:
    """One picture. For editors ``prompt`` is the instruction and ``reference`` the picture to change.

    ``palette`` (``#rrggbb``) pulls what is drawn, outside of what the reference keeps, towards its colours; ``pull`` is
    how far at each step, in standard deviations of the latents. It costs a decoding forth and back at each step.
    ``layout`` says where objects of the prompt should be, for the share of the steps that the request names. ``style``
    is followed where nothing is kept.
    """

    prompt: str
    seed: int
    reference: ReferencePicture | None = None
    palette: tuple[str, ...] = ()
    pull: float = 0.15
    layout: tuple[LayoutObject, ...] = ()
    style: StylePicture | None = None


@dataclass(frozen=True, eq=False)
class GenerateRequest:
    """Pictures that may share a pass. ``steps`` and ``guidance`` None = the model's defaults; ``layout_share`` is the
    share of the steps, from the first, in which layouts hold; ``adapters`` are added to the weights, (name, weight)."""

    items: tuple[GenerateItem, ...]
    width: int
    height: int
    steps: int | None = None
    guidance: float | None = None
    layout_share: float = 0.4
    adapters: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, eq=False)
class GeneratedPicture:
    """``rgb`` uint8 (height, width, 3) sRGB; ``identity`` names model, revision and licence; ``parameters`` what was
    chosen where the request left it open; ``timings_s`` of the pass that it was drawn in."""

    rgb: U8
    seed: int
    identity: Mapping[str, Any]
    parameters: Mapping[str, Any]
    timings_s: Mapping[str, float]


class Generator(Protocol):
    """One loaded model. Not for several threads at once."""

    name: str
    licence: str
    card: ModelCard

    def status(self) -> EngineStatus:
        """Whether it may and can run here. Cheap; loads nothing."""

    def warm(self) -> None:
        """Load the weights.

        Raises:
            EngineUnavailable: licence not accepted, weights missing or not fitting, too little memory.
        """

    def check(self, request: GenerateRequest) -> None:
        """Refuse what can not work before any work.

        Raises:
            InputRejected: wrong size, steps, guidance, strength, or pictures that do not fit.
        """

    def generate(self, request: GenerateRequest, *, on_progress: Progress) -> tuple[GeneratedPicture, ...]:
        """Draw all items of ``request``, in its order. ``on_progress`` may raise ``Cancelled``; no further step then.

        Raises:
            InputRejected, EngineUnavailable: as ``check`` and ``warm``.
            EngineFailed: the device ran out of memory even for one picture (``generate.out_of_memory``).
        """


def batch_key(model: str, request: GenerateRequest) -> Hashable:
    """Requests with equal keys may be drawn in one pass, whoever they belong to.

    Items with a reference, a style, a palette or a layout do not share one with items without: their steps cost more.
    """
    extras = tuple(
        any(bool(getattr(item, name)) for item in request.items) for name in ("reference", "style", "palette", "layout")
    )
    share = request.layout_share if extras[-1] else None
    return model, request.adapters, request.height, request.width, request.steps, request.guidance, share, extras
