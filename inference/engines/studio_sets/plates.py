"""Sets as shots see them: one camera in one light mood, from plates that are kept in memory up to a limit."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.engines.studio_sets.plate_files import U16, Anchor, Material, PlateFiles
from inference.errors import EngineUnavailable, InputRejected
from inference.ops.geometry import Camera
from inference.ops.shadow import AreaLight
from inference.ops.surface import Raster
from inference.types import F32

__all__ = ["U16", "Anchor", "Light", "Material", "PlateStore", "StudioSet", "set_folders"]


@dataclass(frozen=True, eq=False)
class Light:
    """One lamp or the surroundings (``area`` None). ``codes`` are companded: linear = scale * (code / 65535) ** 2."""

    name: str
    codes: U16
    scale: float
    weight: float
    colour: tuple[float, float, float]
    area: AreaLight | None


@dataclass(frozen=True, eq=False)
class StudioSet:
    """A set seen by one of its cameras in one of its moods.

    ``seen`` (1 / planar metres, material) and ``normal`` (unit) may be smaller than ``size``. ``fill`` is the product's
    size in the picture relative to a hero shot, ``product_at`` where it stands across the picture (0.5 = middle).
    """

    name: str
    version: str
    digest: str
    size: tuple[int, int]
    camera: Camera
    views: dict[str, dict[str, Any]]
    fill: float
    product_at: float
    lights: tuple[Light, ...]
    materials: tuple[Material, ...]
    seen: Raster
    normal: F32
    anchor: Anchor
    mirrors: bool


def set_folders(directory: Path) -> dict[str, Path]:
    """Folders of finished sets (those with a set.json) by name."""
    return {path.parent.name: path.parent for path in sorted(directory.glob("*/set.json"))}


class PlateStore:
    """Reads plates once and forgets the least recently used ones above ``limit_mb``."""

    def __init__(self, directory: Path, limit_mb: int) -> None:
        self._directory = directory
        self._limit = limit_mb * 2**20
        self._described: dict[str, dict[str, Any]] = {}
        self._files: OrderedDict[Path, PlateFiles] = OrderedDict()

    def names(self) -> tuple[str, ...]:
        return tuple(set_folders(self._directory))

    def get(self, name: str, camera: str = "", mood: str = "") -> StudioSet:
        """The set ``name`` as ``camera`` sees it in ``mood``; empty = the set's first.

        Raises InputRejected ``shot.unknown_set``, ``shot.unknown_camera``, ``shot.unknown_mood``; EngineUnavailable
        ``shot.plates_damaged``.
        """
        folders = set_folders(self._directory)
        if name not in folders:
            known = ", ".join(folders) or "none"
            raise InputRejected("shot.unknown_set", f"there is no set {name!r}; there are: {known}", name=name)
        try:
            described = self._description(folders[name])
            shown = _chosen(described, "cameras", camera, "shot.unknown_camera")
            lit = _chosen(described, "moods", mood, "shot.unknown_mood")
            files = self._plates(_plate_path(folders[name], shown.get("plate", "")))
            found = _as_seen(described, shown, lit, files)
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise EngineUnavailable("shot.plates_damaged", f"the plates of {name} can not be read: {error}") from error
        self._forget()
        return found

    def _description(self, folder: Path) -> dict[str, Any]:
        if folder.name not in self._described:
            self._described[folder.name] = json.loads((folder / "set.json").read_bytes())
        return self._described[folder.name]

    def _plates(self, path: Path) -> PlateFiles:
        if path not in self._files:
            self._files[path] = PlateFiles(path)
        self._files.move_to_end(path)
        return self._files[path]

    def _forget(self) -> None:
        while len(self._files) > 1 and sum(item.nbytes for item in self._files.values()) > self._limit:
            self._files.popitem(last=False)


def _plate_path(folder: Path, plate: str) -> Path:
    """A set's first camera lies beside its set.json, others in folders of their own."""
    return folder / plate / "plate.json" if plate else folder / "set.json"


def _chosen(described: Mapping[str, Any], group: str, name: str, code: str) -> dict[str, Any]:
    """The camera or mood called ``name``; a set that lists none has one without a name."""
    listed: list[dict[str, Any]] = described.get(group) or [{"name": ""}]
    for item in listed:
        if not name or item["name"] == name:
            return item
    known = ", ".join(item["name"] for item in listed)
    what = f"the set {described['name']} has no {group[:-1]} {name!r}; there are: {known}"
    raise InputRejected(code, what, name=name)


def _as_seen(
    described: Mapping[str, Any], camera: Mapping[str, Any], mood: Mapping[str, Any], files: PlateFiles
) -> StudioSet:
    lights = tuple(_lights(files, mood))
    digest = files.digest(tuple(light.name for light in lights))
    if camera["name"] or mood["name"]:
        digest = hashlib.sha256(json.dumps([digest, camera, mood], sort_keys=True).encode()).hexdigest()
    return StudioSet(
        name=described["name"],
        version=str(described["version"]),
        digest=digest,
        size=files.size,
        camera=files.camera,
        views=camera.get("views") or files.raw["views"],
        fill=float(camera.get("fill", 1.0)),
        product_at=float(camera.get("product_at", 0.5)),
        lights=lights,
        materials=files.materials,
        seen=files.seen,
        normal=files.normal,
        anchor=files.anchor,
        mirrors=bool(camera.get("mirrors", described.get("mirrors", True))),
    )


def _lights(files: PlateFiles, mood: Mapping[str, Any]) -> list[Light]:
    """The lights that a mood uses, in the set's order; without a mood all, as the set's designer left them."""
    chosen = mood.get("lights")
    found = []
    for raw in files.raw["lights"]:
        wanted = raw if chosen is None else chosen.get(raw["name"])
        if wanted is None:
            continue
        lamp = files.lamp(raw["name"])
        red, green, blue = (float(value) for value in wanted["color"])
        weight = float(wanted["weight"])
        found.append(Light(raw["name"], lamp.codes, lamp.scale, weight, (red, green, blue), lamp.area))
    return found
