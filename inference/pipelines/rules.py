"""What a file may be asked to be. Imports nothing heavy, so that a web page can list rules and show results.

``RULES`` names every rule with the shape of its value. ``STANDING`` rules hold for every file, whatever its profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REQUIRED, ADVISED = "required", "advised"


@dataclass(frozen=True)
class Rule:
    """One demand. ``level`` is ``required`` (missing it fails the file) or ``advised`` (it is only said)."""

    name: str
    value: Any = None
    level: str = REQUIRED


@dataclass(frozen=True)
class Check:
    """What was needed and what the written file has; plain JSON values."""

    rule: str
    level: str
    passed: bool
    needed: Any
    found: Any

    def as_dict(self) -> dict[str, Any]:
        return dict(self.__dict__)


@dataclass(frozen=True)
class FileReport:
    """The verdict on one written file; it passes when every required rule is met."""

    passed: bool
    sha256: str
    size_bytes: int
    width: int
    height: int
    pixels_sha256: str
    checks: tuple[Check, ...] = field(default_factory=tuple)

    def as_dict(self) -> dict[str, Any]:
        return {**self.__dict__, "checks": [check.as_dict() for check in self.checks]}


RULES: Mapping[str, type | tuple[type, ...]] = {
    "formats": list,
    "max_bytes": int,
    "longest_min": int,
    "longest_max": int,
    "shortest_min": int,
    "width_min": int,
    "zoom_longest": int,
    "pixels_max": int,
    "size": list,
    "ratio": list,
    "white_border": float,
    "fill_min": float,
    "fill_max": float,
    "transparent": bool,
    "quality_min": int,
    "corners_clear": int,
    "name_pattern": str,
    "name_ascii": bool,
    "name_max": int,
    "layers_match": int,
    # standing
    "readable": bool,
    "suffix": bool,
    "one_picture": bool,
    "rgb8": bool,
    "srgb": bool,
    "source_type": (bool, str),
    "credentials": bool,
    "product_size": float,
    "product_kept": float,
}

STANDING = (
    Rule("suffix", True),
    Rule("one_picture", True),
    Rule("rgb8", True),
    Rule("srgb", True),
    Rule("source_type", True),
    Rule("credentials", True),
    Rule("product_kept", 1.0),
)
