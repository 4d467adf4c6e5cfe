"""The parser's words, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from inference.scene.solver import Extent

DEFAULT_SIZE = (0.45, 1.0)


@dataclass(frozen=True)
class Lexicon:
    """Words of one language.

    Attributes:
        relations: what is written and the relation that it means; ``~in`` and ``~with`` are none, but divide phrases.
        words: by kind: ``attributes``, ``surfaces``, ``settings``, ``light``, ``camera``, ``manner``, …
    """

    relations: tuple[tuple[str, str], ...]
    words: Mapping[str, frozenset[str]]

    def has(self, kind: str, word: str) -> bool:
        """Whether ``word`` is one of a kind."""
        return word in self.words[kind]

    def mentions(self, kind: str, text: str) -> bool:
        """Whether ``text`` holds some word of a kind."""
        return any(word in text for word in self.words[kind])

    def longest_first(self, kind: str) -> list[str]:
        """All words of a kind, for cutting prefixes and suffixes off."""
        return sorted(self.words[kind], key=lambda word: (-len(word), word))


@lru_cache(maxsize=2)
def lexicon(language: str) -> Lexicon:
    """``english`` or ``chinese``."""
    raw = _raw()[language]
    pairs = tuple((str(written), str(meant)) for written, meant in raw["relations"])
    words = {kind: frozenset(entries) for kind, entries in raw.items() if kind != "relations"}
    return Lexicon(tuple(sorted(pairs, key=lambda pair: -len(pair[0]))), words)


def size_of(label: str) -> Extent:
    """How large a thing is beside the product, by its last word; ``height`` is in heights of the product."""
    sizes: Mapping[str, list[float]] = _raw()["sizes"]
    last = label.lower().split()[-1] if label.split() else label
    endings = (name for name in sorted(sizes, key=len, reverse=True) if not name.isascii() and last.endswith(name))
    known = sizes.get(last) or next((sizes[name] for name in endings), None)
    height, shape = known or DEFAULT_SIZE
    return Extent(height, shape)


@lru_cache(maxsize=1)
def _raw() -> dict[str, Any]:
    return tomllib.loads((files("inference.scene.parsing") / "lexicon.toml").read_text(encoding="utf-8"))
