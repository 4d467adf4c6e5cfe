"""Which sets there are. Reads set.json only and imports nothing heavy, so that a web page can list them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class MaterialInfo:
    """A surface of a set. A palette is given in the order of the recolourable ones."""

    name: str
    titles: Mapping[str, str]
    default_hex: str
    recolourable: bool


@dataclass(frozen=True)
class SetInfo:
    """A set that shots can be made with. ``titles`` by language code, ``"en"`` always there."""

    name: str
    version: str
    family: str
    titles: Mapping[str, str]
    materials: tuple[MaterialInfo, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "name": self.name,
            "version": self.version,
            "family": self.family,
            "titles": dict(self.titles),
            "materials": [dict(material.__dict__) for material in self.materials],
        }


@lru_cache(maxsize=4)
def list_sets(plates_dir: Path | None = None) -> tuple[SetInfo, ...]:
    """All finished sets by name; read once in a process."""
    directory = plates_dir or Path(str(files("inference.engines.studio_sets") / "plates"))
    return tuple(_read(path) for path in sorted(directory.glob("*/set.json")))


def _read(path: Path) -> SetInfo:
    raw = json.loads(path.read_text(encoding="utf-8"))
    materials = tuple(
        MaterialInfo(item["name"], _titles(item), item["default_hex"], bool(item["recolourable"]))
        for item in raw["materials"]
    )
    return SetInfo(raw["name"], str(raw["version"]), raw["family"], _titles(raw), materials)


def _titles(raw: Mapping[str, Any]) -> Mapping[str, str]:
    return dict(raw.get("titles") or {"en": raw["title"]})
