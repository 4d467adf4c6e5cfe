"""Lights and moods that many sets share."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

RIGS_DIR = Path(__file__).parent.parent / "sets" / "rigs"


def with_rig(raw: dict[str, Any]) -> dict[str, Any]:
    """Lights, moods and shapes of the rig that a set names; what the set says itself goes before."""
    if "rig" not in raw:
        return raw
    rig = tomllib.loads((RIGS_DIR / f"{raw.pop('rig')}.toml").read_text(encoding="utf-8"))
    for group in ("lights", "moods"):
        own = raw.get(group, {})
        names = [*rig.get(group, {}), *(name for name in own if name not in rig.get(group, {}))]
        merged = {name: {**rig.get(group, {}).get(name, {}), **own.get(name, {})} for name in names}
        raw[group] = {name: item for name, item in merged.items() if not item.pop("none", False)}
    raw["shapes"] = [*raw["shapes"], *rig.get("shapes", ())]
    return raw
