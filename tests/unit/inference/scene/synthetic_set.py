"""A studio set whose light is known in closed form: a table (z = 0) that meets a wall (y = 0.6), a lamp and a sky.

Written in the same files and encodings as rendered sets, at 480 px, so that every test of the compositor runs in
milliseconds and its expectations can be computed on paper. ``pillar=True`` puts a box in front of the product.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from inference.engines.studio_sets import codec
from inference.ops.colour import hex_to_linear
from inference.ops.geometry import Camera

SIZE = 480
FINE = 2 * SIZE
WALL_Y = 0.6
WALL_HEX, TABLE_HEX = "#e6e0d8", "#d8c4aa"
LAMP_SHARE, SKY_SHARE = 0.6, 0.4
LAMP = {"center": [-1.2, -0.7, 1.5], "u": [0.25, 0.0, 0.0], "v": [0.0, 0.2, 0.15]}
CAMERA = {"origin": [0.0, -1.9, 0.45], "target": [0.0, 0.0, 0.1], "up": [0, 0, 1], "fov_x_deg": 20.0}
SQRT = {"curve": "sqrt", "scale": 2.0}


def write_synthetic_set(
    folder: Path,
    *,
    name: str = "synthetic",
    pillar: bool = False,
    gloss: bool = False,
    raised_m: float = 0.0,
    table_hex: str = TABLE_HEX,
    lamp_colour: tuple[float, float, float] = (1, 1, 1),
) -> Path:
    """Write the set into ``folder / name``; returns ``folder``. The product stands ``raised_m`` above the table."""
    home = folder / name
    home.mkdir(parents=True)
    depth, normal, position, wall = _trace(pillar)
    albedo = np.where(wall[..., None], hex_to_linear(WALL_HEX), hex_to_linear(table_hex)).astype(np.float32)
    way = np.asarray(LAMP["center"], np.float32) - position
    cosine = (way * normal).sum(axis=2) / np.linalg.norm(way, axis=2)
    lamp = albedo * np.float32(LAMP_SHARE) * np.maximum(cosine, 0)[..., None]
    sky = albedo * np.float32(SKY_SHARE)
    _save(home / "lamp.jp2", codec.encode_jp2(_small(lamp), SQRT, 1000))
    _save(home / "sky.jp2", codec.encode_jp2(_small(sky), SQRT, 1000))
    unit = {"curve": "unit"}
    _save(home / "wall.png", codec.encode_png(_small(wall.astype(np.float32)), unit, bits=8))
    _save(home / "table.png", codec.encode_png(_small((~wall).astype(np.float32)), unit, bits=8))
    _save(home / "albedo.jp2", codec.encode_jp2(_small(albedo), SQRT, 1000))
    _save(home / "normal.jp2", codec.encode_jp2(normal[::2, ::2], {"curve": "signed"}, 1000))
    inverse = {"curve": "inverse", "near_m": 0.5, "far_m": 4.0}
    _save(home / "depth.png", codec.encode_png(depth[::2, ::2], inverse))
    description = _description(name, inverse, 0.15 if gloss else 0.9, table_hex)
    description["lights"][0]["color"] = list(lamp_colour)
    description["anchors"][0]["position"][2] = raised_m
    (home / "set.json").write_text(json.dumps(description))
    return folder


def _description(name: str, inverse: dict[str, object], roughness: float, table_hex: str) -> dict[str, Any]:
    def plate(file: str, encoding: dict[str, object]) -> dict[str, object]:
        return {"file": file, "encoding": encoding}

    def material(key: str, code: str) -> dict[str, object]:
        return {
            "name": key,
            "titles": {"en": key.title(), "zh-hans": key},
            "title": key.title(),
            "base_albedo": [float(value) for value in hex_to_linear(code)],
            "coverage": plate(f"{key}.png", {"curve": "unit"}),
            "recolourable": True,
            "default_hex": code,
            "roughness": roughness,
            "reflectance": 0.04,
        }

    lights = [
        {"name": "lamp", **plate("lamp.jp2", SQRT), "weight": 1.0, "color": [1, 1, 1], "shadow": LAMP},
        {"name": "sky", **plate("sky.jp2", SQRT), "weight": 1.0, "color": [1, 1, 1], "shadow": {"environment": True}},
    ]
    anchor = {"name": "center", "position": [0.0, 0.0, 0.0], "normal": [0, 0, 1], "material": "table"}
    anchor |= {"max_height_m": 0.3, "max_width_m": 0.4, "natural_height_m": 0.2}
    return {
        "schema": 1,
        "name": name,
        "version": "1",
        "title": "Synthetic",
        "titles": {"en": "Synthetic", "zh-hans": "合成"},
        "family": "test",
        "plate_size": [SIZE, SIZE],
        "camera": CAMERA,
        "views": {"hero": {"center": [0.5, 0.5], "width": 0.7, "aspect": 1.0}},
        "lights": lights,
        "materials": [material("wall", WALL_HEX), material("table", table_hex)],
        "albedo": plate("albedo.jp2", SQRT),
        "depth": plate("depth.png", inverse),
        "normal": plate("normal.jp2", {"curve": "signed"}),
        "anchors": [anchor],
        "white_card": {"lamp": [0.5, 0.5, 0.5], "sky": [0.4, 0.4, 0.4]},
    }


def _trace(pillar: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Planar depth, normal, position and wall mask of every fine pixel."""
    camera = Camera.from_look_at(CAMERA, (FINE, FINE))
    x, y = np.meshgrid(np.arange(FINE) + 0.5, np.arange(FINE) + 0.5)
    ray = camera.forward + ((x - FINE / 2) / camera.focal_px)[..., None] * camera.right
    ray = ray + ((y - FINE / 2) / camera.focal_px)[..., None] * camera.down
    to_wall = (WALL_Y - camera.origin[1]) / ray[..., 1]
    to_table = np.where(ray[..., 2] < 0, -camera.origin[2] / np.minimum(ray[..., 2], -1e-9), np.inf)
    depth = np.minimum(to_wall, to_table)
    wall = to_wall < to_table
    normal = np.where(wall[..., None], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0])
    if pillar:
        front = (-0.4 - camera.origin[1]) / ray[..., 1]
        spot = camera.origin + front[..., None] * ray
        hit = (np.abs(spot[..., 0] + 0.05) < 0.02) & (spot[..., 2] < 0.12) & (spot[..., 2] > 0)
        depth = np.where(hit, front, depth)
        normal = np.where(hit[..., None], [0.0, -1.0, 0.0], normal)
    position = camera.origin + depth[..., None] * ray
    return depth.astype(np.float32), normal.astype(np.float32), position.astype(np.float32), wall


def _small(plate: np.ndarray) -> np.ndarray:
    return cv2.resize(plate.astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def _save(path: Path, data: bytes) -> None:
    path.write_bytes(data)
