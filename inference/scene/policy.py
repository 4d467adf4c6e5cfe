"""What generated scenes may not be asked for. Rules are data (``policy.toml``) with a version.

Text is compared after Unicode NFKC, in small letters, without invisible characters. A refusal says its category and the
reason, never the text: prompts belong to whoever wrote them and reach no log.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from inference.errors import InputRejected

_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
_SPACES = re.compile(r"\s+")
# What is allowed leaves this in its place, so that words on both sides do not join into something else.
_TAKEN_OUT = " ~ "


@dataclass(frozen=True)
class Refusal:
    """Why a text was refused. ``category`` is a name in ``policy.toml``; ``reason`` one English sentence."""

    category: str
    reason: str
    version: int

    @property
    def code(self) -> str:
        """Stable machine name."""
        return f"prompt.{self.category}"


@dataclass(frozen=True)
class _Rule:
    category: str
    reason: str
    allow: re.Pattern[str] | None
    refuse: re.Pattern[str]


def find_refusal(text: str) -> Refusal | None:
    """The first category that ``text`` falls into; None = it may be drawn."""
    plain = _plain(text)
    for rule in _rules():
        looked_at = plain if rule.allow is None else rule.allow.sub(_TAKEN_OUT, plain)
        if rule.refuse.search(looked_at):
            return Refusal(rule.category, rule.reason, policy_version())
    return None


def check_prompt(text: str) -> None:
    """Let a text pass.

    Raises:
        InputRejected: ``prompt.<category>``; ``categories`` lists them. The message holds nothing of the text.
    """
    refusal = find_refusal(text)
    if refusal is not None:
        message = f"{refusal.reason} Describe the scene without it"
        raise InputRejected(refusal.code, message, category=refusal.category, policy=refusal.version)


def categories() -> tuple[str, ...]:
    """Names of all categories; with ``prompt.`` in front they are the codes of ``check_prompt``."""
    return tuple(rule.category for rule in _rules())


def policy_version() -> int:
    """Goes up with every change of the rules; recipes hold it."""
    return int(_raw()["version"])


def _plain(text: str) -> str:
    return _SPACES.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))).lower().replace("’", "'")


@lru_cache(maxsize=1)
def _rules() -> tuple[_Rule, ...]:
    return tuple(_rule(entry) for entry in _raw()["category"])


@lru_cache(maxsize=1)
def _raw() -> dict[str, Any]:
    return tomllib.loads((files("inference.scene") / "policy.toml").read_text(encoding="utf-8"))


def _rule(entry: dict[str, Any]) -> _Rule:
    refuse = _pattern(entry["refuse_en"], entry["refuse_zh"])
    if refuse is None:
        raise ValueError(f"policy.toml: {entry['name']} refuses nothing")
    return _Rule(entry["name"], entry["reason"], _pattern(entry["allow_en"], entry["allow_zh"]), refuse)


def _pattern(english: list[str], chinese: list[str]) -> re.Pattern[str] | None:
    # A boundary that holds beside Chinese characters, too: they are letters to \b.
    parts = [rf"(?<![a-z0-9])(?:{entry})(?![a-z0-9])" for entry in english] + [
        f"(?:{entry.lower()})" for entry in chinese
    ]
    return re.compile("|".join(parts)) if parts else None
