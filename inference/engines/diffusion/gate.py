"""May this model run here? Asked before anything heavy is imported, so that every process can ask."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from inference.errors import EngineUnavailable
from inference.generation import GenerateOptions
from inference.models import ModelCard
from inference.ports import EngineStatus

_PACKAGES = ("torch", "diffusers", "transformers")
_INDEX = "model_index.json"
_FETCHED = Path(".cache") / "huggingface" / "download" / f"{_INDEX}.metadata"


@dataclass(frozen=True)
class Obstacle:
    """Why a model does not start, and the next step to take."""

    code: str
    reason: str
    next_step: str

    def error(self) -> EngineUnavailable:
        """The same, to be raised."""
        return EngineUnavailable(self.code, f"{self.reason}; {self.next_step}")


def status_of(card: ModelCard, options: GenerateOptions) -> EngineStatus:
    """Whether the model may and can be started here."""
    found = obstacle(card, options)
    if found is None:
        return EngineStatus(True)
    return EngineStatus(False, found.reason, found.next_step, found.code)


def require(card: ModelCard, options: GenerateOptions) -> Path:
    """The folder of the weights.

    Raises:
        EngineUnavailable: something stands in the way.
    """
    found = obstacle(card, options)
    if found is not None:
        raise found.error()
    folder = weights_folder(card, options)
    assert folder is not None
    return folder


def obstacle(card: ModelCard, options: GenerateOptions) -> Obstacle | None:
    """The first thing that stands in the way: licence, foreign code, packages, weights."""
    return (
        _licence(card, options)
        or _code_not_pinned(card, options)
        or _packages()
        or _weights(card, options)
        or _other_code(card, options)
    )


def weights_folder(card: ModelCard, options: GenerateOptions) -> Path | None:
    """Where the weights of a model belong."""
    return None if options.weights_dir is None else options.weights_dir / card.name


def revision_of(card: ModelCard, options: GenerateOptions) -> str:
    """The commit of the weights that lie here; empty where nobody noted it."""
    folder = weights_folder(card, options)
    return (fetched_revision(folder) if folder is not None else "") or card.revision


def fetched_revision(folder: Path) -> str:
    """The hub commit that ``hf download --local-dir`` noted down; empty when the folder came another way."""
    note = folder / _FETCHED
    return note.read_text(encoding="utf-8").partition("\n")[0].strip() if note.is_file() else ""


def _licence(card: ModelCard, options: GenerateOptions) -> Obstacle | None:
    if card.is_commercial or card.licence in options.accepted_licences:
        return None
    return Obstacle(
        "generate.licence_not_accepted",
        f"the weights of {card.title} are under {card.licence}, which forbids commercial use",
        f"accept {card.licence} in the settings if your use is not commercial, or choose a model that may be sold",
    )


def _code_not_pinned(card: ModelCard, options: GenerateOptions) -> Obstacle | None:
    if not card.needs_remote_code or dict(options.pinned_code).get(card.name):
        return None
    return Obstacle(
        "generate.remote_code_off",
        f"{card.title} runs code from its own repository, which is off",
        f"read that code at one commit of {card.hub_id} and pin the commit in the settings",
    )


def _packages() -> Obstacle | None:
    absent = [name for name in _PACKAGES if find_spec(name) is None]
    if not absent:
        return None
    return Obstacle(
        "generate.packages_missing",
        f"{', '.join(absent)} is not installed",
        "install what generating workers need: python3 -m infra.local.bootstrap base generate",
    )


def _weights(card: ModelCard, options: GenerateOptions) -> Obstacle | None:
    folder = weights_folder(card, options)
    code = "generate.weights_missing"
    if folder is None:
        return Obstacle(code, "no folder for weights is configured", "set a folder for the weights of generators")
    if (folder / _INDEX).is_file():
        return None
    step = f"accept its terms on the hub, then: hf download {card.hub_id} --local-dir {folder}"
    return Obstacle(code, f"{folder / _INDEX} is missing", step)


def _other_code(card: ModelCard, options: GenerateOptions) -> Obstacle | None:
    """Foreign code must be the code that was read."""
    folder, pin = weights_folder(card, options), dict(options.pinned_code).get(card.name)
    if not card.needs_remote_code or folder is None or fetched_revision(folder) == pin:
        return None
    return Obstacle(
        "generate.other_revision",
        f"{folder} holds revision {fetched_revision(folder) or 'unknown'} of {card.hub_id}, pinned is {pin}",
        f"hf download {card.hub_id} --revision {pin} --local-dir {folder}",
    )
