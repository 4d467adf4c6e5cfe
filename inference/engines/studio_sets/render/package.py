"""Writes what the runtime reads: encoded plates and set.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.engines.studio_sets import codec
from inference.engines.studio_sets.render import scene as scenes
from inference.engines.studio_sets.render.choices import Mood, Shown
from inference.engines.studio_sets.render.definition import Light, Material, SetDefinition, hex_to_linear
from inference.engines.studio_sets.render.mitsuba_runtime import variant
from inference.engines.studio_sets.render.passes import Geometry

Floats = NDArray[np.float32]
SCHEMA = 1
# Shares of the raw size in thousandths. A light plate takes the first that loses nothing that could be seen.
RATES_X1000 = (6, 10, 16)
GEOMETRY_X1000 = 10
# Errors in 8-bit display steps: mean, and the largest after a blur of 6 px, which is what shows as bands or stains.
MOST_MEAN, MOST_SMOOTH = 0.22, 0.50
DEPTH_BYTES = 130_000
# Radiance above this is white in every mood.
BRIGHTEST = 6.0


def write_plates(
    folder: Path,
    definition: SetDefinition,
    plates: dict[str, Floats],
    geometry: Geometry,
    cards: dict[str, Floats],
) -> dict[str, Any]:
    """Encode one camera's plates into `folder`; what set.json says about them."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("*.jp2"), *folder.glob("*.png")):
        old.unlink()
    size = next(iter(plates.values())).shape[0]
    rates = (definition.quality.rate,) if definition.quality.rate else RATES_X1000
    return {
        "variant": variant(),
        "plate_size": [size, size],
        "camera": _camera(definition),
        "lights": [_light(folder, light, plates[light.name], rates) for light in definition.lights],
        "materials": [
            _material(folder, item, geometry)
            for item in definition.materials
            if float(geometry.coverage[item.name].max()) > 0
        ],
        "normal": _normal(folder, geometry),
        "depth": _depth(folder, geometry),
        "anchors": [_anchor(anchor) for anchor in definition.anchors],
        "white_card": {name: _numbers(card) for name, card in cards.items()},
    }


def write_description(
    folder: Path, definition: SetDefinition, plates: dict[str, Any], settings: dict[str, Any], shaped_by: str
) -> None:
    """Write set.json: what needs no plates, and `plates` as `write_plates` gave or `read_plates` found them."""
    surfaces = [_named(definition.material(item["name"]), item) for item in plates["materials"]]
    description = {
        "schema": SCHEMA,
        "name": definition.name,
        "version": definition.version,
        "title": definition.titles["en"],
        "titles": definition.titles,
        "family": definition.family,
        "kinds": list(definition.kinds),
        "top_down": definition.top_down,
        "mirrors": definition.mirrors,
        "pitch_deg": pitch_range(definition),
        "definition_sha256": definition.sha256,
        "shaped_by": shaped_by,
        "render": settings,
        "views": _views(definition.views),
        "cameras": [_shown(camera) for camera in definition.cameras],
        "moods": [_mood(definition, mood) for mood in definition.moods],
        **plates,
        "materials": surfaces,
    }
    (folder / "set.json").write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


PLATE_KEYS = ("variant", "plate_size", "camera", "lights", "materials", "normal", "depth", "anchors", "white_card")


def read_plates(folder: Path, shaped_by: str) -> dict[str, Any] | None:
    """What `write_plates` said about plates that are in `folder` and were shaped by the same; None: render them."""
    try:
        written = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None
    if written.get("shaped_by") != shaped_by:
        return None
    return {key: written[key] for key in PLATE_KEYS if key in written}


def pitch_range(definition: SetDefinition) -> list[float]:
    """Pitches of a photo's camera, degrees from the horizon, at which a product looks right here."""
    if definition.top_down:
        return [60.0, 90.0]
    origin, target = np.asarray(definition.camera.origin), np.asarray(definition.camera.target)
    ray = target - origin
    pitch = float(np.degrees(np.arctan2(-ray[2], np.hypot(ray[0], ray[1]))))
    return [round(max(0.0, pitch - 12), 1), round(pitch + 18, 1)]


def _views(views: Any) -> dict[str, Any]:
    return {view.name: {"center": list(view.center), "width": view.width, "aspect": view.aspect} for view in views}


def _shown(camera: Shown) -> dict[str, Any]:
    return {
        "name": camera.name,
        "titles": camera.titles,
        "plate": camera.plate,
        "fill": camera.fill,
        "product_at": camera.product_at,
        "views": _views(camera.views),
    }


def _mood(definition: SetDefinition, mood: Mood) -> dict[str, Any]:
    own = {light.name: light.share for light in definition.lights}
    lights = {
        name: {"weight": round(share / own[name], 5), "color": list(mood.colors[name])}
        for name, share in mood.shares.items()
    }
    return {"name": mood.name, "titles": mood.titles, "lights": lights}


def _named(material: Material, stored: dict[str, Any]) -> dict[str, Any]:
    return {
        **stored,
        "title": material.titles["en"],
        "titles": material.titles,
        "recolourable": material.recolourable,
        "default_hex": material.hex,
        **({"detail": True} if material.detail else {}),
    }


def _numbers(values: Any) -> list[float]:
    return [round(float(value), 6) for value in values]


def _half(values: Floats) -> Floats:
    return np.asarray(cv2.resize(values, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)


def _save(folder: Path, name: str, data: bytes, encoding: codec.Encoding) -> dict[str, Any]:
    (folder / name).write_bytes(data)
    return {"file": name, "encoding": encoding}


def _light(folder: Path, light: Light, plate: Floats, rates: Sequence[int]) -> dict[str, Any]:
    if light.kind == "environment":
        shadow: dict[str, Any] = {"environment": True}
    else:
        center, half_u, half_v = scenes.rectangle(light)
        shadow = {"center": _numbers(center), "u": _numbers(half_u), "v": _numbers(half_v)}
    plate = np.minimum(plate, BRIGHTEST)
    encoding = {"curve": "sqrt", "scale": float(np.ceil(plate.max() * 20) / 20)}
    stored = _save(folder, f"light_{light.name}.jp2", smallest(plate, encoding, rates), encoding)
    return {"name": light.name, **stored, "weight": 1.0, "color": list(light.color), "shadow": shadow}


def smallest(plate: Floats, encoding: codec.Encoding, rates: Sequence[int]) -> bytes:
    """The plate at the lowest of the rising `rates` (thousandths) whose loss can not be seen, else at the last one."""
    data = b""
    for rate in rates:
        data = codec.encode_jp2(plate, encoding, rate)
        if rate == rates[-1] or is_faithful(codec.decode(data, encoding), plate):
            break
    return data


def is_faithful(decoded: Floats, plate: Floats) -> bool:
    """Whether two linear plates look the same, also after a blur: bands and stains are what a blur leaves."""
    error = 255 * (_encoded(decoded) - _encoded(plate))
    smooth = cv2.GaussianBlur(error, (0, 0), 6)
    return float(np.abs(error).mean()) <= MOST_MEAN and float(np.abs(smooth).max()) <= MOST_SMOOTH


def _encoded(linear: Floats) -> Floats:
    """sRGB values of linear ones, bright ones cut as a picture cuts them."""
    cut = np.clip(linear, 0, 1)
    return np.asarray(np.where(cut <= 0.0031308, 12.92 * cut, 1.055 * cut ** (1 / 2.4) - 0.055), np.float32)


def _material(folder: Path, material: Material, geometry: Geometry) -> dict[str, Any]:
    encoding = {"curve": "unit"}
    coverage = geometry.coverage[material.name]
    stored = codec.encode_png(coverage, encoding, bits=8)
    # A texture's mean is not the colour that it was made from; recolouring needs what is seen.
    pure = coverage > 0.999
    base = geometry.albedo[pure].mean(axis=0) if int(pure.sum()) > 800 else hex_to_linear(material.hex)
    return {
        "name": material.name,
        "base_albedo": _numbers(base),
        "coverage": _save(folder, f"mat_{material.name}.png", stored, encoding),
        "roughness": material.roughness,
        "reflectance": material.reflectance,
    }


def _normal(folder: Path, geometry: Geometry) -> dict[str, Any]:
    encoding = {"curve": "signed"}
    return _save(folder, "normal.jp2", codec.encode_jp2(_half(geometry.normal), encoding, GEOMETRY_X1000), encoding)


def _depth(folder: Path, geometry: Geometry) -> dict[str, Any]:
    """Every second pixel; every fourth where rough surfaces leave nothing to predict."""
    seen = geometry.depth[np.isfinite(geometry.depth)]
    encoding = {"curve": "inverse", "near_m": float(seen.min()) * 0.99, "far_m": float(seen.max()) * 1.01}
    stored = codec.encode_png(geometry.depth[::2, ::2], encoding)
    if len(stored) > DEPTH_BYTES:
        stored = codec.encode_png(geometry.depth[::4, ::4], encoding)
    return _save(folder, "depth.png", stored, encoding)


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
