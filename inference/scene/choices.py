"""What a scene form offers, as data: names for recipes, words for prompts, titles for people."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

Field = Literal["setting", "surface", "light", "lens", "mood", "props", "season", "copy_space"]
FIELDS: tuple[Field, ...] = ("setting", "surface", "light", "lens", "mood", "props", "season", "copy_space")
View = Literal["eye_level", "high", "low", "top_down"]
LightFrom = Literal["left", "right", "behind", "above", "all"]


@dataclass(frozen=True)
class SceneChoice:
    """One thing to choose.

    Attributes:
        name: what a form and a recipe hold.
        words: what a prompt says, English.
        titles: what people read, by language code; ``"en"`` is always there.
        extra: what a field adds: ``relation`` and ``size`` of props (height in heights of the product), ``from`` and
            ``softness`` of light (0 = a point, 1 = all around), ``view`` and ``focal_mm`` of lenses.
    """

    name: str
    words: str
    titles: Mapping[str, str]
    extra: Mapping[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=1)
def scene_choices() -> Mapping[Field, tuple[SceneChoice, ...]]:
    """Everything that can be chosen, by field, in the order in which it is offered."""
    raw = _raw()
    return {name: tuple(_choice(entry) for entry in raw[name]) for name in FIELDS}


def choices_version() -> int:
    """Goes up when words change: the same form then means another picture."""
    return int(_raw()["version"])


def scene_choice(name: Field, chosen: str) -> SceneChoice | None:
    """The choice of a field called ``chosen``; None where nothing was chosen or there is none."""
    return _by_name()[name].get(chosen)


@lru_cache(maxsize=1)
def _by_name() -> Mapping[Field, Mapping[str, SceneChoice]]:
    return {name: {choice.name: choice for choice in choices} for name, choices in scene_choices().items()}


@lru_cache(maxsize=1)
def _raw() -> dict[str, Any]:
    return tomllib.loads((files("inference.scene") / "choices.toml").read_text(encoding="utf-8"))


def _choice(entry: dict[str, Any]) -> SceneChoice:
    extra = {key: value for key, value in entry.items() if key not in ("name", "words", "titles")}
    return SceneChoice(entry["name"], entry["words"], entry["titles"], extra)
