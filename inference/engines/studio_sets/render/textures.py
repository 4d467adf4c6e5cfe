"""Procedural surfaces as float arrays: plaster, flecks, wood, unevenness. Seeds are fixed: same set, same grain."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.engines.studio_sets.render import minerals
from inference.engines.studio_sets.render.definition import Material, hex_to_linear
from inference.engines.studio_sets.render.labels import draw_label
from inference.engines.studio_sets.render.noise import fractal
from inference.engines.studio_sets.render.wood import planks

Floats = NDArray[np.float32]
PLAIN = {"marble": minerals.marble, "sand": minerals.sand, "terrazzo": minerals.terrazzo}
RELIEFS = {"concrete": minerals.concrete, "tiles": minerals.tiles, "weave": minerals.weave}


def albedo(material: Material) -> Floats:
    """The colour texture of a material, linear sRGB (H, W, 3)."""
    recipe = material.texture
    shape = _shape(recipe)
    base = np.asarray(hex_to_linear(material.hex), np.float32)
    if recipe["kind"] == "plaster":
        cloud = fractal(shape, (shape[0] / 4, shape[1] / 4), recipe["seed"], 6)
        return np.asarray(np.clip(base * (1 + recipe["contrast"] * cloud[..., None]), 0.01, 0.95), np.float32)
    if recipe["kind"] == "label":
        return draw_label(recipe, material.hex)
    if recipe["kind"] == "rows":
        return _rows(shape, recipe)
    if recipe["kind"] == "speckle":
        return np.asarray(base * (1 - recipe["contrast"] * _flecks(shape, recipe))[..., None], np.float32)
    if recipe["kind"] == "wood":
        return planks(recipe, base)[0]
    if recipe["kind"] in PLAIN:
        return PLAIN[recipe["kind"]](shape, recipe, base)
    return RELIEFS[recipe["kind"]](shape, recipe, base)[0]


def _rows(shape: tuple[int, int], recipe: dict[str, Any]) -> Floats:
    """Colour that changes with height: `stops` are [v in metres, hex], v = 0 where the turned profile begins."""
    heights = [stop[0] for stop in recipe["stops"]]
    colours = np.array([hex_to_linear(stop[1]) for stop in recipe["stops"]])
    at = (np.arange(shape[0]) + 0.5) / shape[0] * recipe["size_m"][1]
    column = np.stack([np.interp(at, heights, colours[:, channel]) for channel in range(3)], -1)
    # Textures are centred on the origin of uv, profiles begin there.
    return np.asarray(np.repeat(np.roll(column, shape[0] // 2, axis=0)[:, None], shape[1], axis=1), np.float32)


def _flecks(shape: tuple[int, int], recipe: dict[str, Any]) -> Floats:
    """Iron flecks of stoneware: sparse soft dots of random size and depth, 0..1."""
    rng = np.random.default_rng(recipe["seed"])
    count = round(recipe["flecks_per_m2"] * recipe["size_m"][0] * recipe["size_m"][1])
    flecks = np.zeros(shape, np.float32)
    for x, y, size, depth in rng.random((count, 4)):
        center = (int(x * shape[1]), int(y * shape[0]))
        cv2.circle(flecks, center, 1 + int(size**3 * 3), 0.3 + 0.7 * depth, -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(flecks, (0, 0), 0.8), np.float32)


def roughness(material: Material) -> Floats:
    """Roughness with soft clouds, (H, W, 1)."""
    recipe = material.texture
    shape = _shape(recipe)
    cloud = fractal(shape, (shape[0] / 8, shape[1] / 8), recipe["seed"] + 50, 4)
    varied = material.roughness + recipe["roughness_variation"] * cloud
    return np.asarray(np.clip(varied, 0.05, 1.0)[..., None], np.float32)


def bump(recipe: dict[str, Any]) -> Floats:
    """Height in units of the bump's depth, (H, W, 1)."""
    shape = _shape(recipe)
    if recipe.get("kind") == "wood":
        return planks(recipe, np.ones(3, np.float32))[1]
    if recipe.get("kind") in RELIEFS:
        return RELIEFS[recipe["kind"]](shape, recipe, np.ones(3, np.float32))[1]
    cell = recipe["cell_m"] / recipe["size_m"][0] * shape[1]
    return fractal(shape, (cell, cell), recipe["seed"], recipe.get("octaves", 3))[..., None]


def _shape(recipe: dict[str, Any]) -> tuple[int, int]:
    per_metre = recipe.get("pixels_per_m", 1500)
    width, height = recipe["size_m"]
    return round(height * per_metre), round(width * per_metre)
