"""The controls of the edit page: the library's knobs in groups, with the words of the trade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.studio import catalogue, offers
from inference.edits import KNOBS, LARGEST_SCALE, MAX_PRODUCT_DELTA_E, SMALLEST_SCALE
from inference.pipelines.catalogue import SetInfo


@dataclass(frozen=True)
class Control:
    """One slider. ``shown`` says how its number is written: times, degrees, stops, percent or signed percent."""

    name: str
    title: str | Promise
    shown: str
    low_title: str | Promise = ""
    high_title: str | Promise = ""

    @property
    def low(self) -> float:
        return KNOBS[self.name].low

    @property
    def high(self) -> float:
        return KNOBS[self.name].high

    @property
    def neutral(self) -> float:
        return KNOBS[self.name].neutral

    @property
    def step(self) -> float:
        return KNOBS[self.name].step


PLACEMENT = (
    Control("scale", _("Size"), "times"),
    Control("rotate_deg", _("Rotation"), "degrees"),
)
COLOUR = (
    Control("exposure_ev", _("Exposure"), "stops"),
    Control("warmth_ev", _("White balance"), "stops", _("Cooler"), _("Warmer")),
    Control("tint_ev", _("Tint"), "stops", _("Greener"), _("Pinker")),
)
LIGHT = (Control("light_direction", _("Direction"), "signed", _("From the left"), _("From the right")),)
SHADOW = (
    Control("shadow_intensity", _("Intensity"), "percent"),
    Control("shadow_softness", _("Softness"), "times"),
    Control("shadow_length", _("Length"), "times"),
)
SURFACE = (
    Control("reflection", _("Reflection"), "percent"),
    Control("background_blur", _("Background blur"), "percent"),
)
FRAME = (
    Control("frame_zoom", _("Camera distance"), "times", _("Further"), _("Nearer")),
    Control("frame_x", _("Camera to the side"), "signed", _("Left"), _("Right")),
    Control("frame_y", _("Camera height"), "signed", _("Up"), _("Down")),
)


@dataclass(frozen=True)
class Beside:
    """One slider of the second product."""

    name: str
    title: str | Promise
    low: float
    high: float
    step: float
    neutral: float
    low_title: str | Promise = ""
    high_title: str | Promise = ""


BESIDE = (
    Beside("size", _("Size"), 0.4, 2.0, 0.02, 1.0),
    Beside("aside", _("To the side"), -0.6, 0.6, 0.005, 0.0, _("Left"), _("Right")),
    Beside("nearer", _("Before or behind"), -0.2, 0.2, 0.005, 0.0, _("Behind"), _("Before")),
    Beside("turn", _("Rotation"), -180.0, 180.0, 0.5, 0.0),
    Beside("shadow", _("Shadow on each other"), 0.0, 1.0, 0.05, 1.0),
)


def for_edit(viewpoint: str = "") -> dict[str, Any]:
    """What the edit page offers, in the reader's language; sets that fit a photo from ``viewpoint`` come first."""
    sets = [info for _family, members in catalogue.by_family() for info in members]
    return {
        "placement": PLACEMENT,
        "colour": COLOUR,
        "light": LIGHT,
        "shadow": SHADOW,
        "surface": SURFACE,
        "frame": FRAME,
        "beside": BESIDE,
        "smallest_beside": SMALLEST_SCALE,
        "largest_beside": LARGEST_SCALE,
        "most_delta_e": MAX_PRODUCT_DELTA_E,
        "palettes": [palette for palette in offers.PALETTES.values() if palette.colours],
        "formats": list(offers.FORMATS.values()),
        "sets": [_set(info) for info in sorted(sets, key=lambda info: not catalogue.fits(viewpoint, info))],
    }


def _set(info: SetInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "title": catalogue.title(info.titles),
        "top_down": info.top_down,
        "cameras": [{"name": item.name, "title": catalogue.title(item.titles)} for item in info.cameras],
        "moods": [{"name": item.name, "title": catalogue.title(item.titles)} for item in info.moods],
        "materials": [
            {
                "name": item.name,
                "title": catalogue.title(item.titles),
                "hex": item.default_hex.lower(),
                "detail": item.detail,
            }
            for item in info.surfaces
        ],
    }
