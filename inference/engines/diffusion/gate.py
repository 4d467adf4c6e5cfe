"""May this model run here? Asked before anything heavy is imported, so that every process can ask."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from inference.engines.diffusion.foreign_code import not_as_pinned, note_of
from inference.errors import EngineUnavailable
from inference.generation import GenerateOptions
from inference.models import ModelCard, PartCard, fetch_command
from inference.ports import EngineStatus

_PACKAGES = ("torch", "diffusers", "transformers")
_INDEX = "model_index.json"
# The hub's own cache keeps a commit's files in a folder of this name, named after the commit.
_SNAPSHOTS = "snapshots"
_LARGEST_CONFIG = 1 << 20


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
        or _packages(card)
        or _weights(card, options)
        or _other_revision(card, options)
    )


def weights_folder(card: ModelCard, options: GenerateOptions) -> Path | None:
    """Where the weights of a model belong."""
    return None if options.weights_dir is None else options.weights_dir / card.name


def revision_of(card: ModelCard, options: GenerateOptions) -> str:
    """The revision of the weights that lie here (see ``loaded_revision``); empty where none do."""
    folder = weights_folder(card, options)
    return loaded_revision(folder) if folder is not None else ""


def loaded_revision(folder: Path) -> str:
    """The commit of the weights in ``folder``, or ``files:`` and a hash where nobody noted one; empty without any."""
    index = folder / _INDEX
    if not index.is_file():
        return ""
    return _revision_by(index, folder)


def part_revision(card: PartCard, folder: Path) -> str:
    """The same for weights that a model uses beside its own, such as an encoder of pictures."""
    file = min(folder.glob(card.file), default=None)
    return "" if file is None else _revision_by(file, folder)


def _revision_by(file: Path, folder: Path) -> str:
    """What the note of one of its files says of ``folder``, or else its fingerprint."""
    noted = fetched_revision(folder, file.relative_to(folder).as_posix())
    return noted or _fingerprint(folder, file.stat().st_mtime_ns)


def fetched_revision(folder: Path, file: str = _INDEX) -> str:
    """The hub commit that ``hf download`` noted down for ``file``, beside it (``--local-dir``) or as the folder's name
    (in the hub's cache); empty when the folder came another way."""
    note = note_of(folder, file)
    if note is not None:
        return note[0].strip() if note else ""
    place = folder.resolve()
    return place.name if place.parent.name == _SNAPSHOTS else ""


@lru_cache(maxsize=32)
def _fingerprint(folder: Path, changed_ns: int) -> str:
    """A hash of the configuration's files and of the names and sizes of all others: tells checkpoints apart without
    reading gigabytes, but not two trainings of one shape.

    Args:
        changed_ns: when the index was written; another time asks again.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.startswith(".") or not path.is_file():
            continue
        size = path.stat().st_size
        digest.update(f"{name}\0{size}\0".encode())
        if path.suffix == ".json" and size <= _LARGEST_CONFIG:
            digest.update(path.read_bytes())
    return f"files:{digest.hexdigest()[:24]}"


def _pin(card: ModelCard, options: GenerateOptions) -> str:
    """The commit that the operator pinned; empty where any will do."""
    return dict(options.pinned_code).get(card.name, "").partition(":")[0]


def _pinned_digest(card: ModelCard, options: GenerateOptions) -> str:
    """The SHA-256 that the operator pinned of its code; empty where the commit is enough."""
    return dict(options.pinned_code).get(card.name, "").partition(":")[2]


def _licence(card: ModelCard, options: GenerateOptions) -> Obstacle | None:
    if card.is_commercial or card.licence in options.accepted_licences:
        return None
    return Obstacle(
        "generate.licence_not_accepted",
        f"the weights of {card.title} are under {card.licence}, which forbids commercial use",
        f"accept {card.licence} in the settings if your use is not commercial, or choose a model that may be sold",
    )


def _code_not_pinned(card: ModelCard, options: GenerateOptions) -> Obstacle | None:
    if not card.needs_remote_code or _pin(card, options):
        return None
    return Obstacle(
        "generate.remote_code_off",
        f"{card.title} runs code from its own repository, which is off",
        f"read that code at one commit of {card.hub_id} and pin the commit in the settings",
    )


def _packages(card: ModelCard) -> Obstacle | None:
    absent = [name for name in (*_PACKAGES, *card.packages) if find_spec(name) is None]
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
    step = (
        f"accept its terms on the hub, then: {fetch_command(card.hub_id, folder, _pin(card, options) or card.revision)}"
    )
    return Obstacle(code, f"{folder / _INDEX} is missing", step)


def _other_revision(card: ModelCard, options: GenerateOptions) -> Obstacle | None:
    """What is pinned is what runs: foreign code must be the code that was read, weights the ones that were tried."""
    folder, pin = weights_folder(card, options), _pin(card, options)
    if not pin or folder is None:
        return None
    here = fetched_revision(folder)
    if here != pin:
        why = f"{folder} holds revision {here or 'unknown'} of {card.hub_id}, pinned is {pin}"
    elif card.needs_remote_code and (other := not_as_pinned(folder, pin, _pinned_digest(card, options))):
        why = other
    else:
        return None
    return Obstacle("generate.other_revision", why, fetch_command(card.hub_id, folder, pin))
