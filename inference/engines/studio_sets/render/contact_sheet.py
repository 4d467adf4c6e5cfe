"""Overview pictures of finished sets, read back from their files: one set in detail, the library in all its moods."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.engines.studio_sets import codec

Floats = NDArray[np.float32]
TILE_PX = 480
REDUCED_PX, ROW_PX = 480, 220


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
    """Write one PNG: a row a set, its close view in every mood, then its widest."""
    rows = [_moods_of(folder) for folder in folders]
    widest = max(row.shape[1] for row in rows)
    rows = [np.pad(row, ((0, 2), (0, widest - row.shape[1]), (0, 0)), constant_values=1.0) for row in rows]
    target.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(target), np.round(np.vstack(rows)[..., ::-1] * 255).astype(np.uint8))


def _moods_of(folder: Path) -> Floats:
    description = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    lights = {light["name"]: _reduced(_read(folder, light)) for light in description["lights"]}
    moods = [display(_mixed(lights, mood["lights"])) for mood in description["moods"]]
    (u, v), half = description["views"]["hero"]["center"], description["views"]["hero"]["width"] / 2
    left, right, top, bottom = (round(at * REDUCED_PX) for at in (u - half, u + half, v - half, v + half))
    close = [cv2.resize(mood[top:bottom, left:right], (ROW_PX, ROW_PX), interpolation=cv2.INTER_AREA) for mood in moods]
    whole = cv2.resize(moods[0], (ROW_PX, ROW_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(np.hstack([*close, whole]), np.float32)


def _reduced(plate: Floats) -> Floats:
    return np.asarray(cv2.resize(plate, (REDUCED_PX, REDUCED_PX), interpolation=cv2.INTER_AREA), np.float32)


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
