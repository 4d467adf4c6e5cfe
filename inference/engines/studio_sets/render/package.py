"""Writes what the runtime reads: encoded plates and set.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.engines.studio_sets import codec
from inference.engines.studio_sets.render import scene as scenes
from inference.engines.studio_sets.render.definition import Light, Material, SetDefinition, hex_to_linear
from inference.engines.studio_sets.render.passes import Geometry

Floats = NDArray[np.float32]
SCHEMA = 1
# Shares of the raw size in thousandths, chosen by measurement: see docs of render/README.md.
LIGHT_X1000, GEOMETRY_X1000 = 20, 20


def write_set(
    folder: Path,
    definition: SetDefinition,
    plates: dict[str, Floats],
    geometry: Geometry,
    cards: dict[str, Floats],
    settings: dict[str, Any],
) -> None:
    """Encode everything into `folder` and describe it in set.json; files of an older version are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    size = next(iter(plates.values())).shape[0]
    description = {
        "schema": SCHEMA,
        "name": definition.name,
        "version": definition.version,
        "title": definition.titles["en"],
        "titles": definition.titles,
        "family": definition.family,
        "definition_sha256": definition.sha256,
        "render": settings,
        "plate_size": [size, size],
        "camera": _camera(definition),
        "views": {
            view.name: {"center": list(view.center), "width": view.width, "aspect": view.aspect}
            for view in definition.views
        },
        "lights": [_light(folder, light, plates[light.name]) for light in definition.lights],
        "materials": [
            _material(folder, item, geometry)
            for item in definition.materials
            if float(geometry.coverage[item.name].max()) > 0
        ],
        "albedo": _linear(folder, "albedo", _half(geometry.albedo), GEOMETRY_X1000),
        "normal": _normal(folder, geometry),
        "depth": _depth(folder, geometry),
        "anchors": [_anchor(anchor) for anchor in definition.anchors],
        "white_card": {name: _numbers(card) for name, card in cards.items()},
    }
    (folder / "set.json").write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")


def _numbers(values: Any) -> list[float]:
    return [round(float(value), 6) for value in values]


def _half(values: Floats) -> Floats:
    return np.asarray(cv2.resize(values, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)


def _save(folder: Path, name: str, data: bytes, encoding: codec.Encoding) -> dict[str, Any]:
    (folder / name).write_bytes(data)
    return {"file": name, "encoding": encoding}


def _linear(folder: Path, name: str, values: Floats, compression_x1000: int) -> dict[str, Any]:
    encoding = {"curve": "sqrt", "scale": float(np.ceil(values.max() * 20) / 20)}
    return _save(folder, f"{name}.jp2", codec.encode_jp2(values, encoding, compression_x1000), encoding)


def _light(folder: Path, light: Light, plate: Floats) -> dict[str, Any]:
    if light.kind == "environment":
        shadow: dict[str, Any] = {"environment": True}
    else:
        center, half_u, half_v = scenes.rectangle(light)
        shadow = {"center": _numbers(center), "u": _numbers(half_u), "v": _numbers(half_v)}
    stored = _linear(folder, f"light_{light.name}", plate, LIGHT_X1000)
    return {"name": light.name, **stored, "weight": 1.0, "color": list(light.color), "shadow": shadow}


def _material(folder: Path, material: Material, geometry: Geometry) -> dict[str, Any]:
    encoding = {"curve": "unit"}
    coverage = codec.encode_png(geometry.coverage[material.name], encoding, bits=8)
    return {
        "name": material.name,
        "title": material.titles["en"],
        "titles": material.titles,
        "base_albedo": _numbers(hex_to_linear(material.hex)),
        "coverage": _save(folder, f"mat_{material.name}.png", coverage, encoding),
        "recolourable": material.recolourable,
        "default_hex": material.hex,
        "roughness": material.roughness,
        "reflectance": material.reflectance,
    }


def _normal(folder: Path, geometry: Geometry) -> dict[str, Any]:
    encoding = {"curve": "signed"}
    return _save(folder, "normal.jp2", codec.encode_jp2(_half(geometry.normal), encoding, GEOMETRY_X1000), encoding)


def _depth(folder: Path, geometry: Geometry) -> dict[str, Any]:
    depth = geometry.depth[::2, ::2]
    seen = depth[np.isfinite(depth)]
    encoding = {"curve": "inverse", "near_m": float(seen.min()) * 0.99, "far_m": float(seen.max()) * 1.01}
    return _save(folder, "depth.png", codec.encode_png(depth, encoding), encoding)


def _camera(definition: SetDefinition) -> dict[str, Any]:
    camera = definition.camera
    origin, target = np.asarray(camera.origin), np.asarray(camera.target)
    forward = (target - origin) / np.linalg.norm(target - origin)
    return {
        "origin": list(camera.origin),
        "target": list(camera.target),
        "up": [0.0, 0.0, 1.0],
        "fov_x_deg": camera.fov_x_deg,
        "aperture_radius_m": camera.aperture_radius_m,
        "focus_distance_m": round(float(forward @ (np.asarray(camera.focus_point) - origin)), 6),
    }


def _anchor(anchor: Any) -> dict[str, Any]:
    return {
        "name": anchor.name,
        "position": list(anchor.position),
        "normal": list(anchor.normal),
        "material": anchor.material,
        "natural_height_m": anchor.natural_height_m,
        "max_height_m": anchor.max_height_m,
        "max_width_m": anchor.max_width_m,
    }
