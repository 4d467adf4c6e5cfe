"""What the seed changes, so that twelve shots of one product are twelve pictures.

Seed 0 is the set as its designer left it. Any other seed, deterministically: each lamp between -25 % and +25 % with the
exposure held, the camera nearer or further by up to 6 % and moved by up to 3 % of the frame, and, where the set allows
it, left and right exchanged (light, props and all; never the product). Everything chosen is written into the recipe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

LIGHT_SPAN = 0.25
ZOOM_SPAN = 0.06
SHIFT_SPAN = 0.03


@dataclass(frozen=True)
class Look:
    """Light factors in the set's order; zoom > 1 is nearer; shift in fractions of the frame; mirrored left to right."""

    lights: tuple[float, ...]
    zoom: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    mirrored: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {
            "lights": list(self.lights),
            "zoom": self.zoom,
            "shift": list(self.shift),
            "mirrored": self.mirrored,
        }


def look_for(seed: int, light_shares: tuple[float, ...], *, mirrors: bool) -> Look:
    """The look of a seed.

    Args:
        light_shares: how much each light adds to the mean luminance; the factors keep the weighted sum.
        mirrors: the set may be flipped.
    """
    if seed == 0:
        return Look(lights=(1.0,) * len(light_shares))
    dice = np.random.Generator(np.random.PCG64(seed))
    factors = 1 + dice.uniform(-LIGHT_SPAN, LIGHT_SPAN, len(light_shares))
    factors *= sum(light_shares) / float(np.dot(factors, light_shares))
    zoom = 1 + float(dice.uniform(-ZOOM_SPAN, ZOOM_SPAN))
    shift_x, shift_y = dice.uniform(-SHIFT_SPAN, SHIFT_SPAN, 2)
    flipped = bool(dice.random() < 0.5)
    return Look(
        lights=tuple(round(float(factor), 5) for factor in factors),
        zoom=round(zoom, 5),
        shift=(round(float(shift_x), 5), round(float(shift_y), 5)),
        mirrored=mirrors and flipped,
    )
