"""Brand and product adapters: trained from pictures, listed from their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from inference.adapters import (
    SUFFIX,
    AdapterCard,
    AdapterPicture,
    AdapterPlan,
    TrainedAdapter,
    TrainingHost,
    read_card,
)
from inference.generation import GenerateOptions
from inference.models import ModelCard, model_card, model_cards
from inference.ports import EngineStatus
from inference.registry import adapter_trainer
from inference.types import Progress, no_progress


def models_that_learn() -> tuple[ModelCard, ...]:
    """Models that adapters can be trained for; whether one may run here says ``pipelines.generate.models``."""
    return tuple(card for card in model_cards() if "adapters" in card.can)


def can_learn(model: str, options: GenerateOptions) -> EngineStatus:
    """Whether ``model`` can learn on this machine; loads its weights where it could.

    Raises:
        InputRejected, EngineUnavailable: there is no such model; it may not or can not run here.
    """
    if "adapters" not in model_card(model).can:
        return EngineStatus(False, "this model takes no adapters", code="generate.adapter_not_possible")
    return adapter_trainer(model, options).status()


def train_adapter(
    model: str,
    pictures: Sequence[AdapterPicture],
    plan: AdapterPlan,
    folder: Path,
    *,
    options: GenerateOptions,
    on_progress: Progress = no_progress,
    host: TrainingHost | None = None,
) -> TrainedAdapter:
    """Train an adapter for ``model``; where ``folder`` holds the state of the same training, go on with it.

    Args:
        folder: of this training alone; ``adapter.safetensors`` is in it at the end. To draw with it, move it to
            ``options.adapters_dir`` under the name that requests will use.
        on_progress: called with stages ``encode`` and ``learn``; may raise ``Cancelled``, the state is kept then.
        host: shares the device with others and keeps states; None = the device is this training's alone.

    Raises:
        InputRejected: pictures or a plan that can not be used; refused before any work.
        EngineUnavailable: the model may not or can not run here, refused before any work; or a step needs more memory
            than there is (``generate.adapter_out_of_memory``).
    """
    return adapter_trainer(model, options).train(pictures, plan, folder, on_progress=on_progress, host=host)


def adapters(options: GenerateOptions) -> dict[str, AdapterCard]:
    """All adapters that requests may name, by name."""
    folder = options.adapters_dir
    if folder is None or not folder.is_dir():
        return {}
    return {path.stem: read_card(path) for path in sorted(folder.glob(f"*{SUFFIX}"))}


def adapter_names(options: GenerateOptions) -> tuple[str, ...]:
    """Names of all files that could be adapters; reads none of them."""
    folder = options.adapters_dir
    return tuple(sorted(path.stem for path in folder.glob(f"*{SUFFIX}"))) if folder is not None else ()


def adapter(name: str, options: GenerateOptions) -> AdapterCard:
    """The adapter called ``name``. Raises EngineUnavailable: it is not here, or can not be read."""
    assert options.adapters_dir is not None
    return read_card(options.adapters_dir / f"{name}{SUFFIX}")
