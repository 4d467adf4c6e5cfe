"""A set's light plates, read from disk and kept in memory up to a limit."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from inference.engines.studio_sets.codec import decode
from inference.errors import EngineUnavailable, InputRejected
from inference.ops.geometry import F64, Camera
from inference.ops.shadow import AreaLight
from inference.ops.surface import Raster, find_surfaces
from inference.types import F32, U8

U16 = npt.NDArray[np.uint16]
SCHEMA = 1


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
class Material:
    """A surface of the set; ``coverage`` is uint8 (H, W)."""

    name: str
    coverage: U8
    base_albedo: F32
    recolourable: bool
    default_hex: str
    roughness: float
    reflectance: float


@dataclass(frozen=True, eq=False)
class Anchor:
    """Where a product stands and what fits there, metres."""

    position: F64
    natural_height_m: float
    max_height_m: float
    max_width_m: float


@dataclass(frozen=True, eq=False)
class StudioSet:
    """A set in memory. ``seen`` (1 / planar metres, material) and ``normal`` (unit) may be smaller than ``size``."""

    name: str
    version: str
    digest: str
    size: tuple[int, int]
    camera: Camera
    views: dict[str, dict[str, Any]]
    lights: tuple[Light, ...]
    materials: tuple[Material, ...]
    seen: Raster
    normal: F32
    anchor: Anchor
    mirrors: bool

    @property
    def nbytes(self) -> int:
        """Memory that the plates take."""
        plates = [light.codes for light in self.lights] + [material.coverage for material in self.materials]
        return sum(plate.nbytes for plate in plates) + self.seen.nearness.nbytes + self.normal.nbytes


def set_folders(directory: Path) -> dict[str, Path]:
    """Folders of finished sets (those with a set.json) by name."""
    return {path.parent.name: path.parent for path in sorted(directory.glob("*/set.json"))}


class PlateStore:
    """Reads sets once and forgets the least recently used ones above ``limit_mb``."""

    def __init__(self, directory: Path, limit_mb: int) -> None:
        self._directory = directory
        self._limit = limit_mb * 2**20
        self._kept: OrderedDict[str, StudioSet] = OrderedDict()

    def names(self) -> tuple[str, ...]:
        return tuple(set_folders(self._directory))

    def get(self, name: str) -> StudioSet:
        """The set ``name``. Raises InputRejected ``shot.unknown_set``, EngineUnavailable ``shot.plates_damaged``."""
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        folders = set_folders(self._directory)
        if name not in folders:
            known = ", ".join(folders) or "none"
            raise InputRejected("shot.unknown_set", f"there is no set {name!r}; there are: {known}", name=name)
        loaded = read_set(folders[name])
        self._kept[name] = loaded
        while len(self._kept) > 1 and sum(item.nbytes for item in self._kept.values()) > self._limit:
            self._kept.popitem(last=False)
        return loaded


def read_set(folder: Path) -> StudioSet:
    """Decode every plate of a set. Raises EngineUnavailable ``shot.plates_damaged``."""
    try:
        return _Reader(folder).read()
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise EngineUnavailable(
            "shot.plates_damaged", f"the plates of {folder.name} can not be read: {error}"
        ) from error


class _Reader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hash = hashlib.sha256()
        text = (folder / "set.json").read_bytes()
        self._hash.update(text)
        self._raw: dict[str, Any] = json.loads(text)

    def read(self) -> StudioSet:
        raw = self._raw
        if raw["schema"] != SCHEMA:
            raise ValueError(f"schema {raw['schema']} is not {SCHEMA}")
        size = (int(raw["plate_size"][0]), int(raw["plate_size"][1]))
        lights = tuple(self._light(item) for item in raw["lights"])
        albedo = self._plate(raw["albedo"])
        materials = tuple(self._material(item, albedo) for item in raw["materials"])
        depth = self._plate(raw["depth"])
        normal = self._plate(raw["normal"])
        length = np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-6)
        return StudioSet(
            name=raw["name"],
            version=str(raw["version"]),
            size=size,
            camera=Camera.from_look_at(raw["camera"], size),
            views=raw["views"],
            lights=lights,
            materials=materials,
            seen=_seen(depth, materials),
            normal=np.asarray(normal / length, np.float32),
            anchor=_anchor(raw["anchors"][0]),
            mirrors=bool(raw.get("mirrors", True)),
            digest=self._hash.hexdigest(),
        )

    def _plate(self, entry: dict[str, Any]) -> F32:
        data = (self._folder / entry["file"]).read_bytes()
        self._hash.update(data)
        return decode(data, entry["encoding"])

    def _light(self, raw: dict[str, Any]) -> Light:
        scale = float(raw["encoding"]["scale"])
        codes = np.sqrt(np.clip(self._plate(raw) / np.float32(scale), 0, 1)) * np.float32(65535)
        shadow = raw["shadow"]
        area = None
        if not shadow.get("environment"):
            area = AreaLight(tuple(shadow["center"]), tuple(shadow["u"]), tuple(shadow["v"]))
        red, green, blue = raw["color"]
        colour = (float(red), float(green), float(blue))
        return Light(raw["name"], np.rint(codes).astype(np.uint16), scale, float(raw["weight"]), colour, area)

    def _material(self, raw: dict[str, Any], albedo: F32) -> Material:
        coverage = np.rint(self._plate(raw["coverage"]) * 255).astype(np.uint8)
        return Material(
            name=raw["name"],
            coverage=coverage,
            base_albedo=_mean_albedo(albedo, coverage, np.asarray(raw["base_albedo"], np.float32)),
            recolourable=bool(raw["recolourable"]),
            default_hex=raw["default_hex"],
            roughness=float(raw["roughness"]),
            reflectance=float(raw["reflectance"]),
        )


def _seen(depth: F32, materials: tuple[Material, ...]) -> Raster:
    """Depth is stored as every n-th pixel, so the materials are taken at the same pixels."""
    step = materials[0].coverage.shape[0] // depth.shape[0]
    coverage = np.stack([item.coverage[::step, ::step] for item in materials])
    return Raster(np.where(np.isfinite(depth), 1 / depth, 0).astype(np.float32), find_surfaces(coverage))


def _mean_albedo(albedo: F32, coverage: U8, nominal: F32) -> F32:
    """What a material reflects on average: a texture's mean is not the colour that it was made from."""
    size = (albedo.shape[1], albedo.shape[0])
    pure = cv2.resize(coverage, size, interpolation=cv2.INTER_AREA) == 255
    return albedo[pure].mean(axis=0).astype(np.float32) if int(pure.sum()) > 200 else nominal


def _anchor(raw: dict[str, Any]) -> Anchor:
    return Anchor(
        position=np.asarray(raw["position"], np.float64),
        natural_height_m=float(raw["natural_height_m"]),
        max_height_m=float(raw["max_height_m"]),
        max_width_m=float(raw["max_width_m"]),
    )
