"""Pictures from prompts and instructions: which models there are, and the one call that draws."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inference.errors import EngineUnavailable
from inference.generation import DeviceState, GeneratedPicture, GenerateOptions, GenerateRequest, Generator
from inference.models import ModelCard, PartCard, fetch_command, model_cards, part_cards
from inference.ports import EngineStatus
from inference.registry import generator, generator_device, generator_revision, generator_status
from inference.types import Progress, no_progress

# What says that a machine can not load a model, from below this library. Anything else is a mistake of ours.
LOADING_FAULTS = (ImportError, MemoryError, OSError, RuntimeError)


@dataclass(frozen=True)
class ModelState:
    """A model and whether it can be used here; what a worker reports and an interface shows."""

    card: ModelCard
    status: EngineStatus


def models(options: GenerateOptions) -> tuple[ModelState, ...]:
    """All models, the default one first. Cheap: looks at settings and folders only."""
    return tuple(ModelState(card, generator_status(card.name, options)) for card in model_cards())


@dataclass(frozen=True)
class PartState:
    """Weights that models use beside their own, and whether they lie here."""

    card: PartCard
    status: EngineStatus


def parts(options: GenerateOptions) -> tuple[PartState, ...]:
    """All parts. Cheap: looks at folders only."""
    return tuple(PartState(card, _part_status(card, options)) for card in part_cards())


def _part_status(card: PartCard, options: GenerateOptions) -> EngineStatus:
    folder = (options.weights_dir or Path("WEIGHTS")) / card.name
    if options.weights_dir is not None and any(folder.glob(card.file)):
        return EngineStatus(True)
    step = fetch_command(card.hub_id, folder, card.revision)
    return EngineStatus(False, f"{folder} holds no {card.file}", step, "generate.weights_missing")


def device_state(options: GenerateOptions) -> DeviceState:
    """The device that generators use here, and how much memory it has. Imports torch."""
    return generator_device(options)


def revision(model: str, options: GenerateOptions) -> str:
    """The commit of a model's weights as they lie here; empty where nobody noted it."""
    return generator_revision(model, options)


def loaded(model: str, options: GenerateOptions) -> Generator:
    """A model to be asked more than once; the same object for the same options. Raises as ``warm``."""
    return generator(model, options)


def warm(model: str, options: GenerateOptions) -> None:
    """Load a model, so that its first picture is as fast as the next.

    Raises:
        InputRejected: there is no such model.
        EngineUnavailable: it may not or can not run here; the message names the next step. Also where a library, a
            file, the memory or the device broke underneath (``generate.not_loaded``).
    """
    engine = generator(model, options)
    try:
        engine.warm()
    except LOADING_FAULTS as error:
        title, what = engine.card.title, first_line(error)
        raise EngineUnavailable("generate.not_loaded", f"{title} broke while it was loaded: {what}") from error


def first_line(error: BaseException) -> str:
    """What went wrong in one line: libraries write pages."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def generate(
    model: str,
    request: GenerateRequest,
    *,
    options: GenerateOptions,
    on_progress: Progress = no_progress,
) -> tuple[GeneratedPicture, ...]:
    """Draw the items of ``request``, in its order.

    Args:
        on_progress: called with stages ``prompt``, ``reference``, ``draw``, ``decode``; may raise ``Cancelled``.

    Raises:
        InputRejected: a size, steps, guidance or picture that the model can not do; refused before any work.
        EngineUnavailable: licence not accepted, weights missing, too little memory; refused before any work.
        EngineFailed: out of memory even for one picture.
    """
    engine = generator(model, options)
    engine.check(request)
    return engine.generate(request, on_progress=on_progress)
