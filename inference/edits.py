"""What a person changes in a shot once its set is chosen: plain numbers with a unit, a range and a neutral value.

All neutral is the picture as the set makes it, bit for bit. Recipes hold only what was changed, so a shot without edits
has the recipe that it always had. Nothing here is computed: the module imports nothing, so that a web page can check
and offer edits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

SMALLEST_SCALE, LARGEST_SCALE = 0.05, 4.0
"""How many times its natural size in a set a product may have, before edits."""

MAX_PRODUCT_DELTA_E = 3.0
"""Exposure and white balance may change the product's colour by this mean CIEDE2000, no more."""


class EditProblem(ValueError):
    """An edit that can not be made. ``code`` is ``shot.unknown_edit`` or ``shot.edit_out_of_range``."""

    def __init__(self, code: str, message: str, **params: str | float) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.params = params


@dataclass(frozen=True)
class Knob:
    """A number that can be changed. ``step`` is what one press of a key changes."""

    low: float
    high: float
    neutral: float
    step: float
    unit: str
    meaning: str


KNOBS: Mapping[str, Knob] = {
    "scale": Knob(0.2, 3.0, 1.0, 0.01, "x", "size of the product in the picture; the camera stays"),
    "rotate_deg": Knob(-180.0, 180.0, 0.0, 0.5, "deg", "turn of the product in the picture, clockwise"),
    "exposure_ev": Knob(-0.5, 0.5, 0.0, 0.02, "EV", "exposure of the product's own pixels, in linear light"),
    "warmth_ev": Knob(-0.2, 0.2, 0.0, 0.01, "EV", "white balance of the product: red up and blue down by this much"),
    "tint_ev": Knob(-0.2, 0.2, 0.0, 0.01, "EV", "white balance of the product: magenta up, green down by this much"),
    "shadow_softness": Knob(0.2, 6.0, 1.0, 0.05, "x", "size of the lamps as the shadow sees them"),
    "shadow_intensity": Knob(0.0, 2.0, 1.0, 0.02, "x", "0 = no shadow and no contact shade, 1 = as lit, 2 = deepest"),
    "shadow_length": Knob(0.4, 2.5, 1.0, 0.05, "x", "length of the main lamp's shadow, by the lamp's elevation"),
    "light_direction": Knob(-1.0, 1.0, 0.0, 0.05, "", "-1 = the lamps on the left lead, 1 = those on the right"),
    "reflection": Knob(0.0, 2.0, 1.0, 0.05, "x", "0 = none, 1 = as the surface is, 2 = polished"),
    "background_blur": Knob(0.0, 1.0, 0.0, 0.02, "", "blur behind the product, growing with distance"),
    "frame_zoom": Knob(0.7, 1.6, 1.0, 0.01, "x", "camera nearer (more than 1) or further"),
    "frame_x": Knob(-0.25, 0.25, 0.0, 0.005, "of the frame", "camera to the right"),
    "frame_y": Knob(-0.25, 0.25, 0.0, 0.005, "of the frame", "camera down"),
}
SWITCHES: Mapping[str, str] = {
    "flip": "the product mirrored left to right",
    "light_mirror": "the set mirrored left to right: light, shadow and props, never the product",
}
DECIMALS = 4


@dataclass(frozen=True)
class Edits:
    """Changes of one shot; see ``KNOBS`` and ``SWITCHES`` for units, ranges and meaning.

    Only ``rotate_deg``, ``flip``, ``exposure_ev``, ``warmth_ev`` and ``tint_ev`` alter how the product's own pixels
    come in.
    """

    scale: float = 1.0
    rotate_deg: float = 0.0
    flip: bool = False
    exposure_ev: float = 0.0
    warmth_ev: float = 0.0
    tint_ev: float = 0.0
    shadow_softness: float = 1.0
    shadow_intensity: float = 1.0
    shadow_length: float = 1.0
    light_mirror: bool = False
    light_direction: float = 0.0
    reflection: float = 1.0
    background_blur: float = 0.0
    frame_zoom: float = 1.0
    frame_x: float = 0.0
    frame_y: float = 0.0

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Edits:
        """Read what ``as_dict`` wrote, or a form's values. Raises EditProblem."""
        unknown = [name for name in raw if name not in KNOBS and name not in SWITCHES]
        if unknown:
            raise EditProblem("shot.unknown_edit", f"no edit is called {unknown[0]!r}", name=str(unknown[0])[:40])
        values: dict[str, Any] = {name: _number(name, raw[name]) for name in KNOBS if name in raw}
        values |= {name: _switch(name, raw[name]) for name in SWITCHES if name in raw}
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """What differs from neutral, as JSON values."""
        return {field.name: getattr(self, field.name) for field in fields(self) if self._is_changed(field.name)}

    def check(self) -> None:
        """Raises EditProblem ``shot.edit_out_of_range``."""
        for name in KNOBS:
            _number(name, getattr(self, name))

    def _is_changed(self, name: str) -> bool:
        neutral: float | bool = KNOBS[name].neutral if name in KNOBS else False
        return bool(getattr(self, name) != neutral)

    @property
    def turns_product(self) -> bool:
        """The product is rotated or flipped."""
        return self.flip or self.rotate_deg % 360 != 0

    @property
    def colours_product(self) -> bool:
        """The product's exposure or white balance is changed."""
        return bool(self.exposure_ev or self.warmth_ev or self.tint_ev)


NO_EDITS = Edits()


def _number(name: str, value: Any) -> float:
    knob = KNOBS[name]
    try:
        number = round(float(value), DECIMALS)
    except (TypeError, ValueError) as error:
        raise _outside(name, knob) from error
    if isinstance(value, bool) or not knob.low <= number <= knob.high:
        raise _outside(name, knob)
    return number + 0.0  # never -0.0


def _switch(name: str, value: Any) -> bool:
    if value not in (True, False):
        raise EditProblem("shot.edit_out_of_range", f"{name} is true or false", name=name, low=0, high=1)
    return bool(value)


def _outside(name: str, knob: Knob) -> EditProblem:
    return EditProblem(
        "shot.edit_out_of_range",
        f"{name} is {knob.low:g} to {knob.high:g}",
        name=name,
        low=knob.low,
        high=knob.high,
    )
