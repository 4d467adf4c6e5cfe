"""Random surfaces: colours and patterns as uint8 sRGB pictures, many kinds, cheap."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from inference.types import F32, U8

Rng = np.random.Generator
Painter = Callable[[int, list[F32], Rng], F32]


def colour(rng: Rng) -> F32:
    """One sRGB colour, 0..1: greys, naturals and bright ones as products have them."""
    kind = rng.random()
    hue, light = rng.uniform(0, 360), rng.uniform(0.05, 0.97)
    if kind < 0.3:
        saturation = rng.uniform(0, 0.08)
    elif kind < 0.6:
        hue, saturation = rng.uniform(10, 60), rng.uniform(0.1, 0.5)
    else:
        saturation = rng.uniform(0.3, 1.0)
    pixel = np.array([[[hue, light if kind < 0.6 else light * 0.6 + 0.15, saturation]]], np.float32)
    return np.asarray(cv2.cvtColor(pixel, cv2.COLOR_HLS2RGB)[0, 0], np.float32)


def palette(rng: Rng, count: int = 4, *, base: F32 | None = None) -> list[F32]:
    """Colours for one pattern; the first is ``base`` where one is given, the others relatives or contrasts."""
    first = colour(rng) if base is None else base
    spread = rng.choice([0.04, 0.12, 0.5])
    others = [
        np.clip(first + spread * rng.standard_normal() + 0.4 * spread * rng.standard_normal(3), 0, 1)
        if rng.random() < 0.6
        else colour(rng)
        for _ in range(count - 1)
    ]
    return [np.asarray(value, np.float32) for value in (first, *others)]


def noise(side: int, cells: int, rng: Rng) -> F32:
    """Smooth noise 0..1, (side, side)."""
    coarse = rng.random((cells + 2, cells + 2)).astype(np.float32)
    return np.asarray(np.clip(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC), 0, 1), np.float32)


def fractal(side: int, rng: Rng, *, cells: int = 3, octaves: int = 5, stretch: float = 1.0) -> F32:
    """Octaves of noise, 0..1; ``stretch`` > 1 makes it streaky."""
    total, weight = np.zeros((side, side), np.float32), 0.0
    for octave in range(octaves):
        down = max(1, min(side // 2, cells * 2**octave))
        coarse = rng.random((down + 1, max(2, round(down / stretch) + 1))).astype(np.float32)
        total += 0.5**octave * cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
        weight += 0.5**octave
    return np.asarray(np.clip((total / weight - 0.5) * 1.8 + 0.5, 0, 1), np.float32)


def pattern(rng: Rng, side: int = 256, *, base: F32 | None = None, kind: str | None = None) -> U8:
    """One random surface, uint8 (side, side, 3)."""
    names = list(PAINTERS)
    name = kind or str(rng.choice(names, p=np.array([WEIGHTS[name] for name in names]) / sum(WEIGHTS.values())))
    picture = PAINTERS[name](side, palette(rng, base=base), rng)
    if rng.random() < 0.5:
        picture = picture * (1 + rng.uniform(0, 0.25) * (fractal(side, rng)[..., None] - 0.5))
    return np.asarray(np.clip(np.rint(picture * 255), 0, 255), np.uint8)


def _mix(mask: F32, first: F32, second: F32) -> F32:
    return np.asarray(first + mask[..., None] * (second - first), np.float32)


def _plain(side: int, colours: list[F32], rng: Rng) -> F32:
    return np.broadcast_to(colours[0], (side, side, 3)).astype(np.float32)


def _cloudy(side: int, colours: list[F32], rng: Rng) -> F32:
    field = fractal(side, rng, cells=int(rng.integers(2, 24)), stretch=float(rng.choice([1, 1, 6, 20])))
    return _mix(field, colours[0], colours[1])


def _patches(side: int, colours: list[F32], rng: Rng) -> F32:
    field = fractal(side, rng, cells=int(rng.integers(2, 14)), octaves=int(rng.integers(1, 5)))
    edges = np.quantile(field, sorted(rng.uniform(0.1, 0.9, 3)))
    return np.asarray(np.stack(colours)[np.digitize(field, edges)], np.float32)


def _waves(side: int, rng: Rng) -> tuple[F32, F32]:
    angle, count = rng.uniform(0, np.pi), rng.uniform(3, 30)
    rows, columns = np.mgrid[:side, :side].astype(np.float32) / side
    bent = rng.choice([0.0, 0.0, 0.15]) * fractal(side, rng)
    first = (np.cos(angle) * columns + np.sin(angle) * rows + bent) * count
    second = (-np.sin(angle) * columns + np.cos(angle) * rows + bent) * count
    return first.astype(np.float32), second.astype(np.float32)


def _stripes(side: int, colours: list[F32], rng: Rng) -> F32:
    first, _ = _waves(side, rng)
    return _mix(((first % 1) < rng.uniform(0.15, 0.85)).astype(np.float32), colours[0], colours[1])


def _checks(side: int, colours: list[F32], rng: Rng) -> F32:
    first, second = _waves(side, rng)
    share = rng.uniform(0.1, 0.6)
    woven = ((first % 1) < share).astype(np.float32) + ((second % 1) < share)
    return np.asarray(np.stack(colours)[woven.astype(int)], np.float32)


def _tiles(side: int, colours: list[F32], rng: Rng) -> F32:
    first, second = _waves(side, rng)
    row = np.floor(second)
    along = first + 0.5 * (row % 2) * rng.integers(0, 2)
    shade = np.sin(np.floor(along) * 12.9898 + row * 78.233) * 43758.5453 % 1
    joint = ((along % 1) < 0.05) | ((second % 1) < 0.05)
    return np.where(joint[..., None], colours[2], _mix(shade.astype(np.float32), colours[0], colours[1]))


def _dots(side: int, colours: list[F32], rng: Rng) -> F32:
    first, second = _waves(side, rng)
    distance = np.hypot(first % 1 - 0.5, second % 1 - 0.5)
    return _mix((distance < rng.uniform(0.1, 0.45)).astype(np.float32), colours[0], colours[1])


def _speckles(side: int, colours: list[F32], rng: Rng) -> F32:
    picture = np.ascontiguousarray(np.broadcast_to(colours[0], (side, side, 3)).astype(np.float32))
    count, largest = int(rng.integers(100, 2500)), rng.uniform(1.2, 9)
    for x, y, size, pick in rng.random((count, 4)):
        tone = colours[1 + int(pick * 3)] * np.float32(0.8 + 0.4 * size)
        spot = (int(x * side), int(y * side))
        cv2.circle(picture, spot, int(1 + size**2 * largest), tone.tolist(), -1, cv2.LINE_AA)
    return picture


def _strokes(side: int, colours: list[F32], rng: Rng) -> F32:
    """Grass, straw, needles, scratches."""
    picture = np.ascontiguousarray(np.broadcast_to(colours[0], (side, side, 3)).astype(np.float32))
    heading, spread, length = rng.uniform(0, np.pi), rng.choice([0.15, 0.6, 3.0]), rng.uniform(6, 50)
    for x, y, turn, size, pick in rng.random((int(rng.integers(200, 1800)), 5)):
        angle = heading + spread * (turn - 0.5)
        start = np.array([x, y]) * side
        stop = start + length * (0.3 + size) * np.array([np.cos(angle), np.sin(angle)])
        tone = colours[1 + int(pick * 3)] * np.float32(0.6 + 0.6 * size)
        cv2.line(picture, start.astype(int).tolist(), stop.astype(int).tolist(), tone.tolist(), 1, cv2.LINE_AA)
    return picture


def _wood(side: int, colours: list[F32], rng: Rng) -> F32:
    grain = fractal(side, rng, cells=int(rng.integers(8, 40)), stretch=float(rng.uniform(8, 40)))
    rings = np.sin(2 * np.pi * (rng.uniform(1, 5) * fractal(side, rng, cells=2, stretch=6) + 0.5 * grain)) * 0.5 + 0.5
    board = np.floor(np.arange(side) / side * rng.integers(1, 8)) * 0.37 % 1
    tone = 0.45 * rings.astype(np.float32) + 0.4 * grain + 0.3 * board.astype(np.float32)[:, None]
    return _mix(np.clip(tone, 0, 1).astype(np.float32), colours[0], np.asarray(colours[0] * 0.5, np.float32))


def _print(side: int, colours: list[F32], rng: Rng) -> F32:
    """A label: blocks, bars, lettering."""
    picture = np.ascontiguousarray(np.broadcast_to(colours[0], (side, side, 3)).astype(np.float32))
    for _ in range(int(rng.integers(1, 8))):
        x, y, width, height = (rng.random(4) * np.array([0.9, 0.9, 0.6, 0.3]) * side).astype(int)
        tone = colours[int(rng.integers(1, 4))].tolist()
        if rng.random() < 0.5:
            cv2.rectangle(picture, (x, y), (x + width, y + height), tone, -1)
        else:
            cv2.ellipse(picture, (x, y), (width // 2 + 2, height // 2 + 2), rng.uniform(0, 180), 0, 360, tone, -1)
    for _ in range(int(rng.integers(1, 9))):
        word = "".join(chr(int(code)) for code in rng.integers(65, 122, int(rng.integers(2, 9))))
        spot = (rng.random(2) * 0.8 * side).astype(int).tolist()
        tone = colours[int(rng.integers(1, 4))].tolist()
        size = float(rng.uniform(0.3, 2.5))
        cv2.putText(picture, word, spot, int(rng.integers(0, 8)), size, tone, int(1 + 2 * size), cv2.LINE_AA)
    return picture


def _gradient(side: int, colours: list[F32], rng: Rng) -> F32:
    first, _ = _waves(side, rng)
    return _mix(np.clip((first - first.min()) / np.ptp(first), 0, 1), colours[0], colours[1])


def _collage(side: int, colours: list[F32], rng: Rng) -> F32:
    """Anything: overlapping pieces of other patterns, like a street or a shelf far away."""
    picture = np.ascontiguousarray(_cloudy(side, colours, rng))
    for _ in range(int(rng.integers(4, 30))):
        x, y = (rng.random(2) * side).astype(int)
        width, height = (1 + rng.random(2) ** 2 * 0.5 * side).astype(int)
        tone = (colour(rng) if rng.random() < 0.7 else colours[1]) * np.float32(rng.uniform(0.4, 1.1))
        box = ((float(x), float(y)), (float(width), float(height)), float(rng.choice([0, 0, rng.uniform(0, 180)])))
        if rng.random() < 0.3:
            cv2.ellipse(picture, box, tone.tolist(), -1)
        else:
            cv2.fillConvexPoly(picture, cv2.boxPoints(box).astype(np.int32), tone.tolist(), cv2.LINE_AA)
    return picture


PAINTERS: dict[str, Painter] = {
    "plain": _plain,
    "cloudy": _cloudy,
    "patches": _patches,
    "stripes": _stripes,
    "checks": _checks,
    "tiles": _tiles,
    "dots": _dots,
    "speckles": _speckles,
    "strokes": _strokes,
    "wood": _wood,
    "print": _print,
    "gradient": _gradient,
    "collage": _collage,
}
WEIGHTS = {
    "plain": 5.0,
    "cloudy": 2.5,
    "patches": 1.0,
    "stripes": 0.8,
    "checks": 0.7,
    "tiles": 0.7,
    "dots": 0.5,
    "speckles": 1.0,
    "strokes": 0.8,
    "wood": 1.2,
    "print": 2.0,
    "gradient": 1.0,
    "collage": 1.0,
}
