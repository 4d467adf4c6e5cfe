"""The small world that the pictures are about: its words, its colours, its shapes. Knows no torch."""

from __future__ import annotations

import numpy as np

from inference.types import F32

Rgb = tuple[int, int, int]

COLOURS: dict[str, Rgb] = {
    "red": (198, 40, 44),
    "orange": (236, 128, 36),
    "yellow": (240, 204, 56),
    "green": (52, 142, 72),
    "teal": (28, 150, 152),
    "blue": (44, 84, 192),
    "purple": (124, 64, 164),
    "pink": (236, 122, 168),
    "white": (242, 242, 240),
    "black": (36, 36, 40),
}
WALLS: dict[str, Rgb] = {
    "white": (234, 234, 232),
    "grey": (150, 152, 156),
    "cream": (238, 224, 190),
    "rose": (226, 178, 178),
    "mint": (176, 218, 194),
    "sky": (164, 200, 228),
    "navy": (40, 50, 86),
    "forest": (40, 74, 58),
}
SURFACES: dict[str, Rgb] = {
    "oak": (198, 152, 102),
    "walnut": (106, 72, 50),
    "marble": (222, 222, 220),
    "slate": (76, 82, 88),
    "linen": (208, 196, 172),
    "clay": (186, 104, 76),
}
PLACES = ("on the left", "in the middle", "on the right")
LIGHTS = ("light from the left", "light from the right")

# Half the width of a body over its height, at heights from 0 (base) to 1 (top); and its usual height.
_PROFILES: dict[str, tuple[float, tuple[tuple[float, float], ...]]] = {
    "bottle": (
        1.25,
        ((0, 0.17), (0.03, 0.19), (0.56, 0.19), (0.7, 0.1), (0.75, 0.07), (0.84, 0.07), (0.85, 0.09), (1, 0.09)),
    ),
    "mug": (0.72, ((0, 0.36), (0.06, 0.4), (1, 0.4))),
    "box": (0.78, ((0, 0.42), (1, 0.42))),
    "ball": (0.66, tuple((v, float(np.sqrt(max(0.0, 0.25 - (v - 0.5) ** 2)))) for v in np.linspace(0, 1, 33))),
    "vase": (1.05, ((0, 0.15), (0.15, 0.25), (0.4, 0.32), (0.55, 0.3), (0.75, 0.14), (0.86, 0.12), (1, 0.22))),
    "jar": (0.82, ((0, 0.32), (0.05, 0.36), (0.68, 0.36), (0.76, 0.3), (0.78, 0.3), (0.79, 0.34), (1, 0.34))),
    "bowl": (0.46, ((0, 0.3), (0.1, 0.36), (0.35, 0.66), (0.7, 0.9), (1, 0.98))),
    "candle": (0.95, ((0, 0.15), (0.76, 0.15), (0.77, 0.02), (0.8, 0.02), (0.84, 0.06), (0.88, 0.07), (1, 0.0))),
}
KINDS = tuple(_PROFILES)
HEIGHTS = tuple(height for height, _ in _PROFILES.values())
_SAMPLES = 96


def profiles() -> F32:
    """fp32 (kinds, samples): half width over height at evenly spaced heights from the base to the top."""
    heights = np.linspace(0.0, 1.0, _SAMPLES)
    points = [np.array(shape, np.float64) for _, shape in _PROFILES.values()]
    tables = [np.interp(heights, shape[:, 0], shape[:, 1]) for shape in points]
    return np.asarray(tables, np.float32)


def vocabulary() -> tuple[str, ...]:
    """Every word and mark of a caption, in a fixed order."""
    phrases = (
        *KINDS,
        *COLOURS,
        *WALLS,
        *SURFACES,
        *PLACES,
        *LIGHTS,
        "a",
        "an",
        "and",
        "on",
        "before",
        "wall",
        "of",
        ",",
    )
    return tuple(dict.fromkeys(word for phrase in phrases for word in phrase.split()))
