"""Reads ``models.toml``. No torch: the web process asks here what a model is called and under which licence it is."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from inference.errors import InputRejected

Kind = Literal["generate", "edit"]


@dataclass(frozen=True)
class ModelCard:
    """One model; see the head of ``models.toml`` for units and sources.

    Attributes:
        name: ours; also the name of the folder that holds the weights.
        kind: ``generate`` draws from a prompt, ``edit`` changes a picture by an instruction.
        licence: SPDX id of the weights' licence.
        is_commercial: whether that licence lets the weights work in a product that is sold.
        steps: the only numbers of steps that work; empty = any.
        guidance: the lowest and the highest that work.
        sizes: sizes (width, height) that workers warm where they compile; others work where they are multiples and
            within the limits, and wait for the compiler once.
        can: what else it does: ``reference``, ``mask``, ``layout``, ``palette``, ``style``, ``semantics``,
            ``guidance``, ``adapters``.
        pipeline: class in diffusers, for editors.
        learn_gb: memory for teaching an adapter with the usual plan, weights included; 0 where it can not learn.
        learn_adapter_gb: of it the adapter with its gradients and moments; grows with the rank.
        learn_pass_gb: of it what is kept for the backward pass; grows with the tokens of a step.
        revision: the commit that is advised; empty = none is known.
        packages: that it imports beside what every model needs.
        needs_remote_code: runs code from its own repository; off unless the operator pins a revision.
    """

    name: str
    title: str
    family: str
    engine: str
    kind: Kind
    hub_id: str
    revision: str
    licence: str
    licence_url: str
    is_commercial: bool
    memory_gb: float
    memory_from: str
    steps: tuple[int, ...]
    default_steps: int
    guidance: tuple[float, float]
    default_guidance: float
    multiple_px: int
    min_px: int
    max_px: int
    sizes: tuple[tuple[int, int], ...]
    can: frozenset[str]
    pipeline: str = ""
    needs_remote_code: bool = False
    packages: tuple[str, ...] = ()
    licence_note: str = ""
    learn_gb: float = 0.0
    learn_adapter_gb: float = 0.0
    learn_pass_gb: float = 0.0


@dataclass(frozen=True)
class PartCard:
    """Weights that a model uses beside its own; what matches ``file`` has to be in their folder."""

    name: str
    hub_id: str
    revision: str
    licence: str
    is_commercial: bool
    file: str


def fetch_command(hub_id: str, folder: object, revision: str = "") -> str:
    """What an operator runs to put weights into ``folder``, at one commit where one is known."""
    return f"hf download {hub_id}{f' --revision {revision}' if revision else ''} --local-dir {folder}"


@lru_cache(maxsize=1)
def model_cards() -> tuple[ModelCard, ...]:
    """All models, the default generator of a service that is sold first."""
    return tuple(_model(entry) for entry in _data()["model"])


def model_card(name: str) -> ModelCard:
    """The model called ``name``.

    Raises:
        InputRejected: there is none (``generate.unknown_model``).
    """
    for card in model_cards():
        if card.name == name:
            return card
    known = ", ".join(card.name for card in model_cards())
    raise InputRejected("generate.unknown_model", f"there is no model {name!r}; there are: {known}", name=name)


def part_cards() -> tuple[PartCard, ...]:
    """All parts."""
    return tuple(part_card(entry["name"]) for entry in _data()["part"])


@lru_cache(maxsize=8)
def part_card(name: str) -> PartCard:
    """The part called ``name``. Raises KeyError: names of parts are written in our own code."""
    return {entry["name"]: PartCard(**entry) for entry in _data()["part"]}[name]


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return tomllib.loads((files("inference.models") / "models.toml").read_text(encoding="utf-8"))


def _model(own: dict[str, Any]) -> ModelCard:
    entry = {**_data()["family"][own["family"]], **own}
    shaped = {
        **entry,
        "steps": tuple(entry["steps"]),
        "guidance": tuple(entry["guidance"]),
        "sizes": tuple((width, height) for width, height in entry["sizes"]),
        "can": frozenset(entry["can"]),
        "packages": tuple(entry.get("packages", ())),
    }
    unknown = shaped.keys() - {field.name for field in fields(ModelCard)}
    if unknown:
        raise ValueError(f"models.toml: {entry['name']} has unknown keys {sorted(unknown)}")
    return ModelCard(**shaped)
