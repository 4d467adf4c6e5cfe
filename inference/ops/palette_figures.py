"""How much of a picture is in a palette: three figures with fixed definitions, so that numbers stay comparable.

* ``coverage``: of the pixels that count and have a colour (CIELAB chroma above 8), the share within CIEDE2000 10 of
  some palette colour. Without such pixels nothing is off the palette: 1.
* ``recall``: the share of the palette's colours that can be seen: within CIEDE2000 10 of at least 1 % of the pixels.
* ``wasserstein``: sliced Wasserstein-2 distance in CIELAB (Rabin et al. 2011) between the pixels and the palette, each
  colour with the same weight, over 256 directions from a pinned generator. In CIELAB units; 0 = the same colours.

``VERSION`` goes up with any change of definition, sample or directions; figures of different versions do not compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from inference.ops.colour import hex_to_rgb
from inference.types import F64, U8, Mask

VERSION = 1
MIN_CHROMA = 8.0
NEAR_DELTA_E = 10.0
VISIBLE_SHARE = 0.01
DIRECTIONS = 256
_SEED = 20261121
_SAMPLES = 4096


def palette_figures(rgb: U8, palette: Sequence[str], counts: Mask | None = None) -> dict[str, float]:
    """The three figures, and ``chromatic``: the share of the pixels that coverage is about.

    Args:
        rgb: uint8 (H, W, 3).
        palette: ``#rrggbb``, at least one.
        counts: bool (H, W), pixels that are looked at: everything but the product. None = all.

    Raises:
        InputRejected: ``shot.bad_colour``.
    """
    from skimage.color import deltaE_ciede2000, rgb2lab

    pixels = _sample(rgb if counts is None else rgb[counts])
    colours = rgb2lab(np.array([hex_to_rgb(code) for code in palette], np.float64)[None] / 255)[0]
    if len(pixels) == 0:
        return {"coverage": 1.0, "recall": 0.0, "wasserstein": 0.0, "chromatic": 0.0}
    lab = rgb2lab(pixels[None].astype(np.float64) / 255)[0]
    apart = np.stack([deltaE_ciede2000(lab, colour[None]) for colour in colours], axis=1)  # type: ignore[no-untyped-call]
    near = apart <= NEAR_DELTA_E
    chromatic = np.hypot(lab[:, 1], lab[:, 2]) > MIN_CHROMA
    coverage = float(near[chromatic].any(axis=1).mean()) if chromatic.any() else 1.0
    return {
        "coverage": round(coverage, 4),
        "recall": round(float((near.mean(axis=0) >= VISIBLE_SHARE).mean()), 4),
        "wasserstein": round(_sliced_wasserstein(lab, colours), 3),
        "chromatic": round(float(chromatic.mean()), 4),
    }


def named(prefix: str, figures: Mapping[str, float]) -> dict[str, float]:
    """The figures under names with a prefix, for reports that hold several."""
    return {f"{prefix}_{name}": value for name, value in figures.items()}


def _sample(pixels: U8) -> U8:
    """At most ``_SAMPLES`` pixels (n, 3), evenly over the picture."""
    flat = pixels.reshape(-1, 3)
    if len(flat) <= _SAMPLES:
        return flat
    return np.asarray(flat[np.linspace(0, len(flat) - 1, _SAMPLES).astype(np.int64)])


def _sliced_wasserstein(pixels: F64, colours: F64) -> float:
    """Root of the mean over all directions of the squared one-dimensional distance."""
    ways = _directions()
    ours = np.sort(pixels @ ways.T, axis=0)
    theirs = np.sort(colours @ ways.T, axis=0)
    # The quantile function of equal masses is a staircase: pixel i meets the colour whose step it stands on.
    steps = np.minimum(np.arange(len(ours)) * len(colours) // len(ours), len(colours) - 1)
    return float(np.sqrt(np.square(ours - theirs[steps]).mean()))


@lru_cache(maxsize=1)
def _directions() -> F64:
    """(DIRECTIONS, 3) unit vectors, the same everywhere (PCG64)."""
    raw = np.random.Generator(np.random.PCG64(_SEED)).standard_normal((DIRECTIONS, 3))
    return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True), np.float64)
