"""Which sets there are. Reads set.json only and imports nothing heavy, so that a web page can list them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

HOME = Path(str(files("inference.engines.studio_sets")))
ANY_PITCH = (0.0, 35.0)


@dataclass(frozen=True)
class MaterialInfo:
    """A surface of a set. A ``detail`` takes a colour only where one is picked for it."""

    name: str
    titles: Mapping[str, str]
    default_hex: str
    recolourable: bool
    detail: bool = False


@dataclass(frozen=True)
class Choice:
    """A camera or a light mood of a set. ``titles`` by language code, ``"en"`` always there."""

    name: str
    titles: Mapping[str, str]


@dataclass(frozen=True)
class KindInfo:
    """A kind of product. ``scale`` is its size in a shot: the default of ``ShotSpec.scale``."""

    name: str
    titles: Mapping[str, str]
    scale: float


@dataclass(frozen=True)
class SetInfo:
    """A set that shots can be made with. ``titles`` by language code, ``"en"`` always there.

    ``cameras`` and ``moods``: the first is what ``ShotSpec`` means by an empty name. ``kinds`` are the products that it
    flatters (names of ``list_kinds``; empty = any). ``pitch_deg``: how far from above a photo may be taken to look
    right in it; a ``top_down`` set is for photos taken from straight above.
    """

    name: str
    version: str
    family: str
    titles: Mapping[str, str]
    materials: tuple[MaterialInfo, ...]
    cameras: tuple[Choice, ...] = ()
    moods: tuple[Choice, ...] = ()
    kinds: tuple[str, ...] = ()
    top_down: bool = False
    pitch_deg: tuple[float, float] = ANY_PITCH

    @property
    def surfaces(self) -> tuple[MaterialInfo, ...]:
        """What takes a colour, in the order of a palette: details last."""
        return tuple(sorted((item for item in self.materials if item.recolourable), key=lambda item: item.detail))

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain


@lru_cache(maxsize=4)
def list_sets(plates_dir: Path | None = None) -> tuple[SetInfo, ...]:
    """All finished sets by name; read once in a process."""
    return tuple(_read(path) for path in sorted((plates_dir or HOME / "plates").glob("*/set.json")))


@lru_cache(maxsize=1)
def list_kinds() -> tuple[KindInfo, ...]:
    """Kinds of products, small to large."""
    raw = tomllib.loads((HOME / "kinds.toml").read_text(encoding="utf-8"))
    return tuple(KindInfo(name, item["titles"], float(item["scale"])) for name, item in raw.items())


def _read(path: Path) -> SetInfo:
    raw = json.loads(path.read_text(encoding="utf-8"))
    materials = tuple(
        MaterialInfo(
            item["name"],
            _titles(item),
            item["default_hex"],
            recolourable=bool(item["recolourable"]),
            detail=bool(item.get("detail", False)),
        )
        for item in raw["materials"]
    )
    low, high = raw.get("pitch_deg", ANY_PITCH)
    return SetInfo(
        name=raw["name"],
        version=str(raw["version"]),
        family=raw["family"],
        titles=_titles(raw),
        materials=materials,
        cameras=_choices(raw.get("cameras", ())),
        moods=_choices(raw.get("moods", ())),
        kinds=tuple(raw.get("kinds", ())),
        top_down=bool(raw.get("top_down", False)),
        pitch_deg=(float(low), float(high)),
    )


def _choices(raw: Any) -> tuple[Choice, ...]:
    return tuple(Choice(item["name"], _titles(item)) for item in raw)


def _titles(raw: Mapping[str, Any]) -> Mapping[str, str]:
    return dict(raw.get("titles") or {"en": raw["title"]})
