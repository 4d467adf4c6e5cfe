"""Marble, terrazzo, concrete, tiles, weave: procedural albedo and relief of what sets are built from."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.engines.studio_sets.render.definition import hex_to_linear
from inference.engines.studio_sets.render.noise import fractal, noise

Floats = NDArray[np.float32]


def marble(shape: tuple[int, int], recipe: dict[str, Any], base: Floats) -> Floats:
    """Veined stone: ridges of warped noise, a few strong veins and many faint ones, (H, W, 3) linear.

    With `flow_deg` veins run that way across the slab and branch, as in Calacatta; without it they close to loops.
    `halo` is how much grey surrounds a strong vein.
    """
    seed, per_metre = recipe["seed"], recipe["pixels_per_m"]
    vein = np.asarray(hex_to_linear(recipe["vein"]), np.float32)
    cell = recipe.get("cell_m", 0.22) * per_metre
    warp = [fractal(shape, (cell, cell), seed + 40 + axis, 4) * 0.16 * cell for axis in (0, 1)]
    strong = np.zeros(shape, np.float32)
    for number, (scale, width, depth) in enumerate(((1.0, 0.045, 1.0), (0.55, 0.03, 0.55), (0.28, 0.022, 0.25))):
        size = (cell * scale * 2.2, cell * scale * 1.3)
        field = _warped(fractal(shape, size, seed + 10 * number, 3), warp)
        if "flow_deg" in recipe:
            field = _flowing(field, cell * scale * 1.5, recipe["flow_deg"] + (0, 24, -31)[number])
        ridge = np.abs(field)
        where = np.clip(0.5 + 0.6 * noise(shape, (cell * 1.5, cell * 1.5), seed + 70 + number), 0, 1)
        thick = width * (0.5 + where)
        strong = np.maximum(strong, depth * where * np.exp(-((ridge / thick) ** 1.1)))
        if number == 0:
            strong = strong + recipe.get("halo", 0.0) * where**2 * np.exp(-ridge / (7 * thick))
    cloud = _warped(fractal(shape, (cell * 1.4, cell * 1.4), seed + 90, 5), warp)
    share = np.clip(recipe.get("contrast", 0.8) * strong + recipe.get("cloud", 0.08) * np.clip(cloud, -1, 2), 0, 1)
    grain = 1 + 0.012 * noise(shape, (1.5, 1.5), seed + 99)
    return np.asarray((base + (vein - base) * share[..., None]) * grain[..., None], np.float32)


def _flowing(field: Floats, spacing: float, way_deg: float) -> Floats:
    """A field whose zero lines run across the picture every `spacing` pixels, pushed about by `field`."""
    down, across = np.mgrid[0 : field.shape[0], 0 : field.shape[1]].astype(np.float32)
    turn = np.radians(way_deg)
    along = (across * np.sin(turn) + down * np.cos(turn)) / spacing
    return np.asarray(0.5 * np.sin(np.pi * along + 1.5 * field), np.float32)


def terrazzo(shape: tuple[int, int], recipe: dict[str, Any], base: Floats) -> Floats:
    """Stone chips in cement: broken polygons of the `chips` colours, large and small, (H, W, 3) linear.

    `coarse` is the size of chips relative to a fine terrazzo, whose largest are 17 mm.
    """
    rng = np.random.default_rng(recipe["seed"])
    per_metre = recipe["pixels_per_m"]
    chips = [hex_to_linear(code) for code in recipe["chips"]]
    cement = base * (1 + 0.03 * fractal(shape, (0.03 * per_metre,) * 2, recipe["seed"], 4))[..., None]
    picture = np.ascontiguousarray(cement, np.float32)
    area = shape[0] * shape[1] / per_metre**2
    coarse = recipe.get("coarse", 1.0)
    for size_m, per_m2 in ((0.0032, 26000), (0.008, 4200), (0.017, recipe.get("large_per_m2", 700))):
        size_m, per_m2 = size_m * coarse, per_m2 / coarse**2
        for _ in range(int(per_m2 * area)):
            size = size_m * per_metre * rng.uniform(0.5, 1.2)
            spot = rng.random(2) * (shape[1], shape[0])
            count = int(rng.integers(4, 8))
            angle = np.sort(rng.uniform(0, 2 * np.pi, count))
            reach = size / 2 * rng.uniform(0.55, 1.0, count)[:, None] * (1.0, rng.uniform(0.55, 1.0))
            corners = spot + np.stack([np.cos(angle), np.sin(angle)], 1) * reach
            tone = rng.uniform(0.82, 1.12)
            colour = tuple(float(min(0.9, part * tone)) for part in chips[rng.integers(len(chips))])
            cv2.fillPoly(picture, [np.round(corners * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)
    return picture


def concrete(shape: tuple[int, int], recipe: dict[str, Any], base: Floats) -> tuple[Floats, Floats]:
    """Cast concrete: clouds, pinholes and, every `board_m`, a seam of the form; albedo (H, W, 3), height (H, W, 1)."""
    seed, per_metre = recipe["seed"], recipe["pixels_per_m"]
    rng = np.random.default_rng(seed)
    cloud = fractal(shape, (0.25 * per_metre, 0.3 * per_metre), seed, 6)
    fine = noise(shape, (2.0, 2.0), seed + 9)
    holes = np.zeros(shape, np.float32)
    for x, y, size in rng.random((round(recipe.get("holes_per_m2", 900) * shape[0] * shape[1] / per_metre**2), 3)):
        radius = per_metre * (0.0004 + 0.0032 * size**7)
        cv2.circle(holes, (int(x * shape[1] * 16), int(y * shape[0] * 16)), int(radius * 16), 1.0, -1, cv2.LINE_AA, 4)
    holes = np.asarray(cv2.GaussianBlur(holes, (0, 0), 0.7), np.float32)
    tone = 1 + recipe.get("contrast", 0.05) * cloud + 0.015 * fine - 0.35 * holes
    height = np.asarray(-holes + 0.03 * fine, np.float32)
    if "board_m" in recipe:
        position = np.arange(shape[0]) / per_metre / recipe["board_m"]
        edge = np.abs(position - np.round(position))[:, None] * recipe["board_m"]
        seam = np.exp(-((edge / 0.0016) ** 2)).astype(np.float32)
        step = np.random.default_rng(seed + 1).normal(0, 0.02, 200)[np.round(position - 0.5).astype(int)][:, None]
        tone = tone * (1 + step) - 0.16 * seam
        height = np.asarray(height - 1.2 * seam, np.float32)
    return np.asarray(np.clip(base * tone[..., None], 0.01, 0.92), np.float32), np.asarray(height, np.float32)[
        ..., None
    ]


def tiles(shape: tuple[int, int], recipe: dict[str, Any], base: Floats) -> tuple[Floats, Floats]:
    """Glazed tiles of `tile_m` (x, y), every second row shifted by `bond`; albedo (H, W, 3), height (H, W, 1)."""
    per_metre = recipe["pixels_per_m"]
    width, height = (part * per_metre for part in recipe["tile_m"])
    joint = recipe.get("joint_m", 0.0025) * per_metre
    down, across = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    row = np.floor(down / height)
    across = across + (row % 2) * width * recipe.get("bond", 0.0)
    column = np.floor(across / width)
    edge = np.minimum(
        np.minimum(across - column * width, (column + 1) * width - across),
        np.minimum(down - row * height, (row + 1) * height - down),
    )
    table = np.random.default_rng(recipe["seed"]).normal(0, 1, (4, 4096)).astype(np.float32)
    index = (row * 131 + column * 17).astype(np.int64) % 4096
    inside = np.clip((edge - joint / 2) / 1.2, 0, 1)
    glaze = noise(shape, (0.02 * per_metre,) * 2, recipe["seed"] + 3)
    tone = 1 + recipe.get("contrast", 0.06) * table[0][index] + 0.3 * recipe.get("contrast", 0.06) * glaze
    grout = np.asarray(hex_to_linear(recipe.get("grout", "#C9C3BA")), np.float32)
    albedo = grout + (np.clip(base * tone[..., None], 0.01, 0.9) - grout) * inside[..., None]
    pillow = np.clip((edge - joint / 2) / (0.0035 * per_metre), 0, 1)
    u, v = (across - (column + 0.5) * width) / width, (down - (row + 0.5) * height) / height
    tilt = recipe.get("tilt", 0.15) * (u * table[1][index] + v * table[2][index])
    relief = 1 - (1 - pillow) ** 2 + tilt + recipe.get("waves", 0.06) * glaze
    return np.asarray(albedo, np.float32), np.asarray(relief * inside, np.float32)[..., None]


def weave(shape: tuple[int, int], recipe: dict[str, Any], base: Floats) -> tuple[Floats, Floats]:
    """Plain-woven linen: threads of `thread_m` with slubs; albedo (H, W, 3), height (H, W, 1)."""
    seed = recipe["seed"]
    pitch = recipe.get("thread_m", 0.0011) * recipe["pixels_per_m"]
    wobble = [fractal(shape, (60.0, 60.0), seed + axis, 2) * 0.22 for axis in (0, 1)]
    down, across = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    u, v = across / pitch + wobble[0], down / pitch + wobble[1]
    over = np.where((np.floor(u) + np.floor(v)) % 2 == 0, 1.0, 0.0)
    warp, weft = np.sin(np.pi * (u - np.floor(u))), np.sin(np.pi * (v - np.floor(v)))
    height = over * warp + (1 - over) * weft
    slub = noise(shape, (pitch * 0.9, pitch * 22), seed + 5) + noise(shape, (pitch * 22, pitch * 0.9), seed + 6)
    tone = 1 + recipe.get("contrast", 0.06) * (1.2 * (height - 0.64) + 0.35 * slub)
    return np.asarray(np.clip(base * tone[..., None], 0.005, 0.92), np.float32), np.asarray(height, np.float32)[
        ..., None
    ]


def sand(shape: tuple[int, int], recipe: dict[str, Any], base: Floats) -> Floats:
    """Grains of sand or granite: each a little lighter or darker, a few dark, (H, W, 3) linear."""
    rng = np.random.default_rng(recipe["seed"])
    grain = recipe.get("grain_px", 1.6)
    tone = 1 + recipe.get("contrast", 0.12) * noise(shape, (grain, grain), recipe["seed"])
    dark = cv2.GaussianBlur((rng.random(shape) < recipe.get("dark", 0.004)).astype(np.float32), (0, 0), 0.8) * 3.2
    cloud = fractal(shape, (shape[0] / 5, shape[1] / 5), recipe["seed"] + 4, 5)
    tone = tone + 0.04 * cloud - recipe.get("dark_share", 0.35) * np.clip(dark, 0, 1)
    return np.asarray(np.clip(base * tone[..., None], 0.01, 0.92), np.float32)


def _warped(field: Floats, by: list[Floats]) -> Floats:
    down, across = np.mgrid[0 : field.shape[0], 0 : field.shape[1]].astype(np.float32)
    mapped = cv2.remap(field, across + by[0], down + by[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(mapped, np.float32)
