"""Overview pictures of finished sets, read back from their files: one set in detail, the library with a product."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.engines.studio_sets import codec
from inference.engines.studio_sets.engine import StudioSets
from inference.ops.placement import on_canvas
from inference.ports import SceneOptions
from inference.types import U8, Cutout, ShotSpec, no_progress

Floats = NDArray[np.float32]
TILE_PX = 480
DRAWN_PX, ROW_PX = 440, 220
SEED = 4
CACHE_MB = 256


def write_contact_sheet(folder: Path, target: Path) -> None:
    """Write the sheet of the set in `folder` as PNG."""
    description = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    lights = {light["name"]: _read(folder, light) for light in description["lights"]}
    tiles = [display(_mixed(lights, mood["lights"])) for mood in description["moods"]]
    tiles += [display(light) for light in lights.values()]
    tiles += [np.clip(_read(folder, description["normal"]) * 0.5 + 0.5, 0, 1)]
    tiles += [_grey(_read(folder, item["coverage"])) for item in description["materials"]]
    depth = _read(folder, description["depth"])
    tiles += [_grey(np.where(np.isfinite(depth), depth.min() / depth, 0))]
    target.parent.mkdir(parents=True, exist_ok=True)
    small = [cv2.resize(tile.astype(np.float32), (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA) for tile in tiles]
    small += [np.ones_like(small[0])] * (-len(small) % 4)
    rows = [np.hstack(small[i : i + 4]) for i in range(0, len(small), 4)]
    cv2.imwrite(str(target), np.round(np.vstack(rows)[..., ::-1] * 255).astype(np.uint8))


def write_library_sheet(folders: Sequence[Path], target: Path) -> None:
    """Write one PNG: a row a set, as shots of a plain bottle; close in every mood, then from far."""
    engine = StudioSets(SceneOptions(plates_dir=folders[0].parent, cache_mb=CACHE_MB))
    rows = [_shots_in(engine, folder) for folder in folders]
    widest = max(row.shape[1] for row in rows)
    rows = [np.pad(row, ((0, 2), (0, widest - row.shape[1]), (0, 0)), constant_values=255) for row in rows]
    target.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(target), np.vstack(rows)[..., ::-1])


def _shots_in(engine: StudioSets, folder: Path) -> U8:
    description = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    moods = [mood["name"] for mood in description["moods"]]
    shots = [("hero", mood) for mood in moods] + [("wide-left", moods[0])]
    specs = [ShotSpec(folder.name, DRAWN_PX, DRAWN_PX, seed=SEED, camera=camera, mood=mood) for camera, mood in shots]
    return np.hstack([_shot(engine, spec) for spec in specs])


def _shot(engine: StudioSets, spec: ShotSpec) -> U8:
    scene = engine.render(_bottle(), spec, on_progress=no_progress)
    placed = on_canvas(scene.product, scene.placement, (DRAWN_PX, DRAWN_PX))
    share = np.minimum(placed[..., 3], scene.visible)[..., None] / np.float32(255)
    shot = scene.plate + (placed[..., :3].astype(np.float32) - scene.plate) * share
    return np.asarray(cv2.resize(shot, (ROW_PX, ROW_PX), interpolation=cv2.INTER_AREA).round(), np.uint8)


@lru_cache(maxsize=1)
def _bottle() -> Cutout:
    """A bottle of terracotta with a dark cap, shaded as a cylinder: something to judge size, light and shadow by."""
    alpha = np.zeros((900, 360), np.uint8)
    cv2.rectangle(alpha, (30, 300), (329, 860), 255, -1)
    cv2.ellipse(alpha, (180, 300), (150, 110), 0, 180, 360, 255, -1)
    cv2.ellipse(alpha, (180, 860), (150, 22), 0, 0, 180, 255, -1)
    cv2.rectangle(alpha, (120, 20), (239, 220), 255, -1)
    across = (np.arange(360) - 179.5) / 150
    lit = 0.35 + 0.65 * np.sqrt(np.clip(1 - (across + 0.25) ** 2, 0, 1))
    cap, body = np.array([44, 40, 38]), np.array([170, 82, 60])
    rows = np.where(np.arange(900)[:, None, None] < 205, cap, body)
    rgb = np.clip(rows * lit[None, :, None], 0, 255).round().astype(np.uint8)
    soft = np.asarray(cv2.GaussianBlur(alpha, (3, 3), 0), np.uint8)
    return Cutout(rgb=rgb, alpha=soft, engine="drawn", confidence=1.0)


def _mixed(plates: dict[str, Floats], mood: dict[str, Any]) -> Floats:
    parts = [plates[name] * np.asarray(light["color"], np.float32) * light["weight"] for name, light in mood.items()]
    return np.asarray(np.sum(parts, axis=0), np.float32)


def _read(folder: Path, stored: dict[str, Any]) -> Floats:
    return codec.decode((folder / stored["file"]).read_bytes(), stored["encoding"])


def _grey(values: Floats) -> Floats:
    return np.repeat(values[..., None], 3, axis=2)


def display(linear: Floats) -> Floats:
    """sRGB for looking at: identity up to 0.8, then a soft shoulder."""
    soft = np.where(linear > 0.8, 0.8 + 0.2 * (1 - np.exp((0.8 - linear) / 0.2)), linear)
    return np.asarray(np.where(soft <= 0.0031308, 12.92 * soft, 1.055 * soft ** (1 / 2.4) - 0.055), np.float32)
