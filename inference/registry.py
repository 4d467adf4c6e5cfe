"""Engines by name. The only door to ``inference.engines``; an engine is imported when it is first asked for."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import cast

from inference.adapters import AdapterTrainer
from inference.errors import EngineUnavailable, InputRejected
from inference.generation import DeviceState, GenerateOptions, Generator
from inference.models import model_card, model_cards
from inference.ports import CutoutEngine, CutoutOptions, EngineStatus, PromptScorer, SceneEngine, SceneOptions
from inference.scene.planner import LanguageModel

_CUTOUT_ENGINES = {
    "rembg": ("inference.engines.rembg", "RembgEngine"),
    "guided": ("inference.engines.guided.engine", "GuidedEngine"),
    "classical": ("inference.engines.classical.engine", "ClassicalEngine"),
    "cutout_net": ("inference.engines.cutout_net.engine", "CutoutNetEngine"),
}

_GENERATORS = {
    "sefi": ("inference.engines.sefi.engine", "sefi_engine"),
    "flux2_klein": ("inference.engines.flux2_klein.engine", "klein_engine"),
    "editors": ("inference.engines.editors.engine", "editor_engine"),
}
_ADAPTER_TRAINER = ("inference.engines.adapters.trainer", "LatentAdapterTrainer")
_SCORER = ("inference.engines.prompt_score", "ClipScorer")
_GATE = "inference.engines.diffusion.gate"
_DEVICE = "inference.engines.diffusion.generator"


def cutout_engine_names() -> tuple[str, ...]:
    """Names that ``cutout_engine`` accepts, the preferred one first."""
    return tuple(_CUTOUT_ENGINES)


@lru_cache(maxsize=8)
def cutout_engine(name: str, options: CutoutOptions) -> CutoutEngine:
    """The engine called ``name``; the same object for the same options, so that weights load once.

    Raises:
        InputRejected: there is no such engine (``cutout.unknown_engine``).
    """
    if name not in _CUTOUT_ENGINES:
        known = ", ".join(_CUTOUT_ENGINES)
        raise InputRejected(
            "cutout.unknown_engine", f"there is no cutout engine {name!r}; there are: {known}", name=name
        )
    module, factory = _CUTOUT_ENGINES[name]
    return cast(CutoutEngine, getattr(import_module(module), factory)(options))


@lru_cache(maxsize=4)
def scene_engine(options: SceneOptions) -> SceneEngine:
    """The engine of virtual studio sets; the same object for the same options, so that plates load once."""
    return cast(SceneEngine, import_module("inference.engines.studio_sets.engine").StudioSets(options))


def generator_status(name: str, options: GenerateOptions) -> EngineStatus:
    """Whether the model called ``name`` may and can run here; imports nothing heavy, in any process.

    Raises:
        InputRejected: there is no such model (``generate.unknown_model``).
    """
    return cast(EngineStatus, import_module(_GATE).status_of(model_card(name), options))


def generator_revision(name: str, options: GenerateOptions) -> str:
    """The commit of the weights of the model called ``name`` that lie here; empty where nobody noted it. Cheap.

    Raises:
        InputRejected: there is no such model (``generate.unknown_model``).
    """
    return cast(str, import_module(_GATE).revision_of(model_card(name), options))


def generator_device(options: GenerateOptions) -> DeviceState:
    """The device that ``options`` mean here. Imports torch."""
    return cast(DeviceState, import_module(_DEVICE).device_state(options))


@lru_cache(maxsize=len(model_cards()))
def generator(name: str, options: GenerateOptions) -> Generator:
    """The model called ``name``; the same object for the same options, so that weights load once (of all models).

    Raises:
        InputRejected: there is no such model (``generate.unknown_model``).
        EngineUnavailable: its licence was not accepted, or its packages or weights are missing; nothing was imported.
    """
    card = model_card(name)
    import_module(_GATE).require(card, options)
    module, factory = _GENERATORS[card.engine]
    return cast(Generator, getattr(import_module(module), factory)(card, options))


def adapter_trainer(name: str, options: GenerateOptions) -> AdapterTrainer:
    """What trains adapters for the model called ``name``; it uses the weights of ``generator``.

    Raises:
        InputRejected, EngineUnavailable: as ``generator``; also a model that can not learn.
    """
    engine = generator(name, options)
    if "adapters" not in engine.card.can:
        raise InputRejected("generate.adapter_not_possible", f"{engine.card.title} can not learn; choose another model")
    module, factory = _ADAPTER_TRAINER
    return cast(AdapterTrainer, getattr(import_module(module), factory)(engine))


@lru_cache(maxsize=2)
def prompt_scorer(options: GenerateOptions) -> PromptScorer:
    """What says how well pictures fit a prompt; ask its ``status`` whether it can. Imports nothing heavy."""
    module, name = _SCORER
    return cast(PromptScorer, getattr(import_module(module), name)(options))


@lru_cache(maxsize=2)
def language_model(options: GenerateOptions) -> LanguageModel | None:
    """What reads free words instead of the rules; None unless the options name one. Imports nothing heavy.

    Raises:
        EngineUnavailable: ``generate.weights_missing``.
    """
    if not options.planner:
        return None
    folder = None if options.weights_dir is None else options.weights_dir / options.planner
    if folder is None or not (folder / "config.json").is_file():
        raise EngineUnavailable(
            "generate.weights_missing", f"there is no language model in {folder or options.planner}; put one there"
        )
    return cast(LanguageModel, import_module("inference.engines.language").LocalLanguageModel(folder))
