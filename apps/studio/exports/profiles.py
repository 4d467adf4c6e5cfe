"""What marketplaces ask for, as data: one file a profile, each figure with its source and the day it was looked up.

A file that is wrong is a fault of ours and raises at once, in a test and by a system check, never in a merchant's job.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.core.errors import InvalidInput
from inference.pipelines.rules import ADVISED, REQUIRED, RULES, Rule

if TYPE_CHECKING:
    from inference.pipelines.export import Target

FOLDER = Path(__file__).parent / "profiles"
CONFIDENCES = ("official", "third_party", "disputed", "unchecked")
PURPOSES = ("main", "gallery", "layers")
KINDS = ("white", "cutout", "scene", "layers")
SUFFIXES = {"jpeg": "jpg", "png": "png", "webp": "webp", "tiff": "tif", "psd": "psd"}
_TARGET_KEYS = {
    "kind": str,
    "format": str,
    "width": int,
    "height": int,
    "longest": int,
    "max_bytes": int,
    "aim_bytes": int,
    "best_quality": int,
    "lowest_quality": int,
    "fill": float,
    "border": float,
}


@dataclass(frozen=True)
class Source:
    """Where a figure comes from. ``confidence``: ``official`` page, ``third_party``, sources ``disputed``, or our own
    knowledge ``unchecked``. ``says``: in short, by language."""

    url: str
    checked: datetime.date
    confidence: str
    says: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True)
class SourcedRule:
    rule: Rule
    source: Source


@dataclass(frozen=True)
class Profile:
    """``is_white``: made from the cutout, one file a product; otherwise from shots, one file a shot."""

    key: str
    version: str
    marketplace: str
    purpose: str
    order: int
    titles: Mapping[str, str]
    target: Mapping[str, Any]
    template: str
    unicode: bool
    max_length: int
    rules: tuple[SourcedRule, ...]

    @property
    def is_white(self) -> bool:
        return self.target["kind"] in ("white", "cutout")

    @property
    def suffix(self) -> str:
        return SUFFIXES[self.target["format"]]

    @property
    def label(self) -> str:
        """What credentials and reports call it."""
        return f"{self.key} {self.version}"

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(dict.fromkeys(item.source for item in self.rules))

    @property
    def file_rules(self) -> tuple[Rule, ...]:
        """The profile's own rules and those that follow from it."""
        length = Rule("name_max", self.max_length)
        plain = () if self.unicode else (Rule("name_ascii", True),)
        return (*(item.rule for item in self.rules), length, *plain)

    def as_target(self) -> Target:
        """For the imaging library; loads it."""
        from inference.pipelines.export import Target

        values = dict(self.target)
        return Target(file_format=values.pop("format"), **values)


@lru_cache(maxsize=1)
def profiles() -> Mapping[str, Profile]:
    """All profiles by key, in their order. Raises ValueError for a file that is wrong."""
    found = [read_profile(path) for path in FOLDER.glob("*.toml")]
    return {profile.key: profile for profile in sorted(found, key=lambda profile: profile.order)}


def get_profile(key: str) -> Profile:
    """Raises InvalidInput ``export.profile_unknown``."""
    if key not in profiles():
        raise InvalidInput("export.profile_unknown", name=key[:40])
    return profiles()[key]


def read_profile(path: Path) -> Profile:
    """Raises ValueError with the file's name and what is wrong in it."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        profile = _profile(raw)
        _require(profile.key == path.stem, "the key is not the file's name")
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name}: {error!r}") from error
    return profile


def _profile(raw: Mapping[str, Any]) -> Profile:
    sources = {key: _source(item) for key, item in raw["sources"].items()}
    rules = tuple(_rule(item, sources) for item in raw["rules"])
    target = _target(raw["target"])
    _require(bool(rules), "no rules")
    _require(set(sources.values()) == {item.source for item in rules}, "a source that no rule names")
    _require(raw["purpose"] in PURPOSES, f"unknown purpose {raw['purpose']!r}")
    _require({"en", "zh-hans"} <= set(raw["titles"]) and all(raw["titles"].values()), "a title is missing")
    formats = [item.rule.value for item in rules if item.rule.name == "formats"]
    _require(len(formats) == 1 and target["format"] in formats[0], "written in a format that its rules do not allow")
    return Profile(
        key=raw["key"],
        version=raw["version"],
        marketplace=raw["marketplace"],
        purpose=raw["purpose"],
        order=int(raw["order"]),
        titles=raw["titles"],
        target=target,
        template=raw["name"]["template"],
        unicode=bool(raw["name"]["unicode"]),
        max_length=int(raw["name"]["max_length"]),
        rules=rules,
    )


def _target(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    for key, value in raw.items():
        _require(key in _TARGET_KEYS, f"unknown key {key!r} in target")
        _require(type(value) is _TARGET_KEYS[key], f"{key} is no {_TARGET_KEYS[key].__name__}")
    _require(raw["kind"] in KINDS, f"unknown kind {raw['kind']!r}")
    _require(raw["format"] in SUFFIXES, f"unknown format {raw['format']!r}")
    if raw["kind"] in ("white", "cutout"):
        _require(bool(raw.get("width") and raw.get("height") and raw.get("fill")), "a main image needs size and fill")
    return dict(raw)


def _source(raw: Mapping[str, Any]) -> Source:
    _require(str(raw["url"]).startswith("https://"), "a source has no address")
    _require(type(raw["checked"]) is datetime.date, "a source has no date")
    _require(raw["confidence"] in CONFIDENCES, f"unknown confidence {raw['confidence']!r}")
    _require({"en", "zh-hans"} <= set(raw["says"]) and all(raw["says"].values()), "a source says nothing")
    return Source(raw["url"], raw["checked"], raw["confidence"], raw["says"])


def _rule(raw: Mapping[str, Any], sources: Mapping[str, Source]) -> SourcedRule:
    name, value, level = raw["name"], raw["value"], raw.get("level", REQUIRED)
    _require(name in RULES and isinstance(value, RULES[name]), f"rule {name!r} with value {value!r}")
    _require(level in (REQUIRED, ADVISED), f"unknown level {level!r}")
    return SourcedRule(Rule(name, value, level), sources[raw["source"]])


def _require(holds: bool, complaint: str) -> None:
    if not holds:
        raise ValueError(complaint)
