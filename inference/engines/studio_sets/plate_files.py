"""The plates of one camera of a set, decoded when they are first needed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from inference.engines.studio_sets.codec import decode
from inference.ops.geometry import F64, Camera
from inference.ops.shadow import AreaLight
from inference.ops.surface import Raster, find_surfaces, without_holes
from inference.types import F32, U8

U16 = npt.NDArray[np.uint16]
SCHEMA = 1


@dataclass(frozen=True, eq=False)
class Lamp:
    """A light plate. ``codes`` are companded: linear = scale * (code / 65535) ** 2. ``area`` None: the surroundings."""

    codes: U16
    scale: float
    area: AreaLight | None


@dataclass(frozen=True, eq=False)
class Material:
    """A surface of the set; ``coverage`` is uint8 (H, W). A ``detail`` takes a colour only where one is picked."""

    name: str
    coverage: U8
    base_albedo: F32
    recolourable: bool
    detail: bool
    default_hex: str
    roughness: float
    reflectance: float


@dataclass(frozen=True, eq=False)
class Anchor:
    """Where a product stands and what fits there, metres. ``normal`` is that of its support."""

    position: F64
    normal: F64
    natural_height_m: float
    max_height_m: float
    max_width_m: float


class PlateFiles:
    """One rendered camera: geometry at once, light plates as they are asked for.

    ``seen`` (1 / planar metres, material) and ``normal`` (unit) may be smaller than ``size``.
    Reading raises OSError, KeyError, ValueError or TypeError for damaged files.
    """

    def __init__(self, described: Path) -> None:
        """Read ``described``, a set.json or plate.json, and the geometry beside it."""
        self._folder = described.parent
        text = described.read_bytes()
        self._text, self._geometry = text, list[Path]()
        self._digests: dict[tuple[str, ...], str] = {}
        self.raw: dict[str, Any] = json.loads(text)
        if self.raw["schema"] != SCHEMA:
            raise ValueError(f"schema {self.raw['schema']} is not {SCHEMA}")
        self._described = {str(item["name"]): item for item in self.raw["lights"]}
        self._lamps: dict[str, Lamp] = {}
        width, height = self.raw["plate_size"]
        self.size = (int(width), int(height))
        self.camera = Camera.from_look_at(self.raw["camera"], self.size)
        self.materials = tuple(self._materials())
        self.seen = _seen(self._plate(self.raw["depth"]), self.materials)
        normal = self._plate(self.raw["normal"])
        length = np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-6)
        self.normal = np.asarray(normal / length, np.float32)
        self.anchor = _anchor(self.raw["anchors"][0])

    @property
    def nbytes(self) -> int:
        """Memory that the decoded plates take."""
        plates = [lamp.codes for lamp in self._lamps.values()] + [item.coverage for item in self.materials]
        return sum(plate.nbytes for plate in plates) + self.seen.nearness.nbytes + self.normal.nbytes

    def lamp(self, name: str) -> Lamp:
        """The light plate ``name``."""
        if name not in self._lamps:
            raw = self._described[name]
            scale = float(raw["encoding"]["scale"])
            plate = decode(self._path(raw).read_bytes(), raw["encoding"])
            codes = np.sqrt(np.clip(plate / np.float32(scale), 0, 1)) * np.float32(65535)
            area = None
            if not raw["shadow"].get("environment"):
                area = AreaLight(*(tuple(raw["shadow"][key]) for key in ("center", "u", "v")))
            self._lamps[name] = Lamp(np.rint(codes).astype(np.uint16), scale, area)
        return self._lamps[name]

    def digest(self, lights: tuple[str, ...]) -> str:
        """SHA-256 of the description, the plates of ``lights`` and the geometry."""
        if lights not in self._digests:
            total = hashlib.sha256(self._text)
            for path in [self._path(self._described[name]) for name in lights] + self._geometry:
                total.update(path.read_bytes())
            self._digests[lights] = total.hexdigest()
        return self._digests[lights]

    def _path(self, entry: dict[str, Any]) -> Path:
        return self._folder / str(entry["file"])

    def _plate(self, entry: dict[str, Any]) -> F32:
        self._geometry.append(self._path(entry))
        return decode(self._geometry[-1].read_bytes(), entry["encoding"])

    def _materials(self) -> Iterator[Material]:
        albedo = self._plate(self.raw["albedo"]) if "albedo" in self.raw else None
        for raw in self.raw["materials"]:
            coverage = np.rint(self._plate(raw["coverage"]) * 255).astype(np.uint8)
            base = np.asarray(raw["base_albedo"], np.float32)
            yield Material(
                name=raw["name"],
                coverage=coverage,
                base_albedo=base if albedo is None else _mean_albedo(albedo, coverage, base),
                recolourable=bool(raw["recolourable"]),
                detail=bool(raw.get("detail", False)),
                default_hex=raw["default_hex"],
                roughness=float(raw["roughness"]),
                reflectance=float(raw["reflectance"]),
            )


def _seen(depth: F32, materials: tuple[Material, ...]) -> Raster:
    """Depth is stored as every n-th pixel, so the materials are taken at the same pixels."""
    step = materials[0].coverage.shape[0] // depth.shape[0]
    coverage = np.stack([item.coverage[::step, ::step] for item in materials])
    surfaces = find_surfaces(coverage)
    return Raster(without_holes(np.where(np.isfinite(depth), 1 / depth, 0).astype(np.float32), surfaces), surfaces)


def _mean_albedo(albedo: F32, coverage: U8, nominal: F32) -> F32:
    """What a material reflects on average: a texture's mean is not the colour that it was made from."""
    size = (albedo.shape[1], albedo.shape[0])
    pure = cv2.resize(coverage, size, interpolation=cv2.INTER_AREA) == 255
    return albedo[pure].mean(axis=0).astype(np.float32) if int(pure.sum()) > 200 else nominal


def _anchor(raw: dict[str, Any]) -> Anchor:
    return Anchor(
        position=np.asarray(raw["position"], np.float64),
        normal=np.asarray(raw["normal"], np.float64),
        natural_height_m=float(raw["natural_height_m"]),
        max_height_m=float(raw["max_height_m"]),
        max_width_m=float(raw["max_width_m"]),
    )
