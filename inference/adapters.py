"""Adapters: small additions to a generator's weights that teach it a brand or a product. Knows no torch.

An adapter is one safetensors file of LoRA weights (Hu et al. 2021). Its head says which model it belongs to and under
which licence it is: that of the model. It works on that model alone.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol, TypeVar

from inference.errors import EngineUnavailable
from inference.ports import EngineStatus
from inference.types import U8, Progress

FORMAT = "visualforge-adapter/1"
SUFFIX = ".safetensors"
STATE = "last.pt"
"""What a training that was interrupted goes on from, in its folder."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LONGEST_HEAD = 100 << 20

Result = TypeVar("Result")


def is_adapter_name(name: str) -> bool:
    """Lower case letters, digits, ``-`` and ``_``: names are names of files."""
    return _NAME.fullmatch(name) is not None


def with_trigger(trigger: str, words: str) -> str:
    """A caption or a prompt as an adapter meets it: the word that it learns by comes first, also when it draws."""
    return f"{trigger}. {words}" if trigger else words


@dataclass(frozen=True, eq=False)
class AdapterPicture:
    """One picture to learn from: uint8 (H, W, 3), and what it shows in words."""

    rgb: U8
    caption: str


@dataclass(frozen=True)
class AdapterPlan:
    """How an adapter is trained. The defaults are meant for a card with 24 GB.

    Attributes:
        steps: of the optimiser, ``batch`` pictures each.
        rank: of the added matrices; ``alpha`` / rank scales them.
        rate: learning rate after the first tenth of the steps.
        size_px: side of the square that the middle of each picture is scaled to.
        seed: of everything that is random.
        save_every: steps between what an interrupted training goes on from.
        checkpointing: compute activations again instead of keeping them: slower, much less memory.
    """

    steps: int = 600
    rank: int = 16
    alpha: float = 16.0
    rate: float = 1e-4
    batch: int = 1
    size_px: int = 512
    seed: int = 0
    save_every: int = 50
    checkpointing: bool = True


@dataclass(frozen=True)
class AdapterCard:
    """What the head of an adapter's file says.

    Attributes:
        model: the model that it was trained on and works on; ``revision``: of that model, empty where not known.
        licence: SPDX id: that of the model's weights.
        pictures_sha256: of what was learned from; ``weights_sha256``: of what was learned.
    """

    model: str
    revision: str
    licence: str
    rank: int
    alpha: float
    steps: int
    size_px: int
    pictures: int
    pictures_sha256: str
    weights_sha256: str
    format: str = FORMAT


@dataclass(frozen=True)
class TrainedAdapter:
    """A finished training: the file, its card, the loss of every step, and its mean over the first and last tenth."""

    path: Path
    card: AdapterCard
    first_loss: float
    last_loss: float
    losses: tuple[float, ...] = ()


class TrainingHost:
    """Whoever a training runs for. This one has the device to itself and keeps nothing; others override.

    A training on a machine that draws, too, hands out its work piece by piece and is nobody's neighbour for longer than
    one step.
    """

    def turn(self, work: Callable[[], Result]) -> Result:
        """Run one piece of work on the device; between two pieces the model may draw for others.

        Raises:
            Cancelled: before the work began.
        """
        return work()

    def afterwards(self, work: Callable[[], None]) -> None:
        """Run ``work`` on the device when it is free, whether or not the training was cancelled; need not wait."""
        work()

    def resumed(self, step: int) -> None:
        """The training goes on after step number ``step`` of an earlier attempt; 0 = it begins."""

    def learned(self, step: int, loss: float) -> None:
        """Step number ``step`` (from 1) is done. Called before ``on_progress`` of the next one."""

    def saved(self, state: Path) -> None:
        """``state`` is a file from which this training can go on, under the same name in any folder."""


class AdapterTrainer(Protocol):
    """Trains adapters for one model."""

    def check(self, pictures: Sequence[AdapterPicture], plan: AdapterPlan) -> None:
        """Refuse what can not work before any work.

        Raises:
            InputRejected: no pictures, no captions, a plan out of bounds, a model that takes no adapters.
        """

    def status(self) -> EngineStatus:
        """Whether the model can learn on this machine. Loads its weights."""

    def train(
        self,
        pictures: Sequence[AdapterPicture],
        plan: AdapterPlan,
        folder: Path,
        *,
        on_progress: Progress,
        host: TrainingHost | None = None,
    ) -> TrainedAdapter:
        """Train, or go on with what ``folder`` holds of the same pictures and plan.

        Args:
            host: shares the device and keeps states; None = the device is this training's alone.

        Raises:
            Cancelled: ``on_progress`` said so; ``folder`` holds what is needed to go on.
            InputRejected, EngineUnavailable: as ``check``; the model may not or can not run here, or a step needs more
                memory than there is (``generate.adapter_out_of_memory``).
        """


def head_of(card: AdapterCard) -> dict[str, str]:
    """The card as safetensors keep it: text by text."""
    return {"visualforge": json.dumps(asdict(card), sort_keys=True)}


def read_card(path: Path) -> AdapterCard:
    """The card of an adapter's file; reads its head alone.

    Raises:
        EngineUnavailable: ``generate.adapter_missing`` or ``generate.adapter_unreadable``.
    """
    if not path.is_file():
        raise EngineUnavailable(
            "generate.adapter_missing", f"there is no adapter {path}; train it again", name=path.stem
        )
    try:
        return _card(json.loads(_head(path)["__metadata__"]["visualforge"]))
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise EngineUnavailable(
            "generate.adapter_unreadable", f"{path} is not an adapter of ours: {error}; train it again", name=path.stem
        ) from error


def _head(path: Path) -> Mapping[str, Any]:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _LONGEST_HEAD:
            raise ValueError("its head is too long")
        return dict(json.loads(file.read(length)))


def _card(raw: Mapping[str, Any]) -> AdapterCard:
    if raw.get("format") != FORMAT:
        raise ValueError(f"its format is {raw.get('format')!r}, not {FORMAT!r}")
    if type(raw["rank"]) is not int or raw["rank"] < 1:
        raise ValueError(f"its rank is {raw['rank']!r}")
    return AdapterCard(**{field.name: raw[field.name] for field in fields(AdapterCard)})
