"""What the seed changes, so that twelve shots of one product are twelve pictures.

Seed 0 is the set as its designer left it. Any other seed, deterministically: each lamp between -25 % and +25 % with the
exposure held, the camera nearer or further by up to 6 % and moved by up to 3 % of the frame, and, where the set allows
it, left and right exchanged (light, props and all; never the product). Everything chosen is written into the recipe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from inference.edits import Edits
from inference.errors import InputRejected

LIGHT_SPAN = 0.25
ZOOM_SPAN = 0.06
SHIFT_SPAN = 0.03
DIRECTION_STOPS = 1.8
"""How many stops a lamp straight to the side gains or loses when the light comes wholly from one side."""


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


def edited_look(look: Look, edits: Edits, *, mirrors: bool) -> Look:
    """A seed's look as a person wants it: the camera moved, left and right exchanged.

    Raises InputRejected ``shot.set_has_no_mirror``.
    """
    if edits.light_mirror and not mirrors:
        raise InputRejected("shot.set_has_no_mirror", "this set has a left and a right; it can not be mirrored")
    return replace(
        look,
        zoom=round(look.zoom * edits.frame_zoom, 5),
        shift=(round(look.shift[0] + edits.frame_x, 5), round(look.shift[1] + edits.frame_y, 5)),
        mirrored=look.mirrored != edits.light_mirror,
    )


def directed_look(look: Look, light_shares: Sequence[float], sides: Sequence[float], direction: float) -> Look:
    """Light that comes more from one side, at the same exposure.

    Args:
        light_shares: as for ``look_for``.
        sides: where each light stands in the picture, -1 = left, 1 = right, 0 = all around (``ops.lamps.sideways``).
        direction: -1..1.
    """
    if direction == 0:
        return look
    before = float(np.dot(look.lights, light_shares))
    factors = np.array(look.lights) * np.exp2(DIRECTION_STOPS * direction * np.array(sides))
    factors *= before / float(np.dot(factors, light_shares))
    return replace(look, lights=tuple(round(float(factor), 5) for factor in factors))
