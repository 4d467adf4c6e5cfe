"""What Studio offers to choose from: picture formats and ready palettes. Plain data; sets come from the library."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.errors import InvalidInput

MAX_SHOTS_PER_SHOOT = 200
MAX_VARIATIONS = 4
MAX_COLOURS = 6
HEX = re.compile(r"^#[0-9a-f]{6}$")


@dataclass(frozen=True)
class Format:
    """A picture format: aspect ratio and the size in pixels that we make."""

    key: str
    title: str | Promise
    width: int
    height: int


FORMATS = {
    "1:1": Format("1:1", _("Square"), 1200, 1200),
    "4:5": Format("4:5", _("Portrait"), 1200, 1500),
    "3:4": Format("3:4", _("Tall portrait"), 1200, 1600),
    "9:16": Format("9:16", _("Story"), 1080, 1920),
    "16:9": Format("16:9", _("Wide"), 1920, 1080),
}


@dataclass(frozen=True)
class Palette:
    """Colours for a set's recolourable materials, in the set's order; none = the set's own."""

    key: str
    title: str | Promise
    colours: tuple[str, ...]


PALETTES = {
    palette.key: palette
    for palette in (
        Palette("own", _("Set's own"), ()),
        Palette("sand", _("Warm sand"), ("#e6d5bf", "#cfae8a", "#a9805a")),
        Palette("sage", _("Sage"), ("#cdd6c4", "#93a58a", "#5f735d")),
        Palette("blush", _("Blush"), ("#f1d9d2", "#dfaea3", "#b97a70")),
        Palette("sky", _("Clear sky"), ("#d7e4ee", "#9dbcd4", "#4f7ea3")),
        Palette("ink", _("Ink and cream"), ("#f3ecdf", "#2b3a4a", "#8c9aa6")),
        Palette("terracotta", _("Terracotta"), ("#efd3bf", "#c8704a", "#8e4a31")),
        Palette("forest", _("Forest"), ("#dfe3d3", "#1b4d3e", "#7c9a80")),
    )
}


def parse_palette(text: str) -> tuple[str, ...]:
    """``own``, the key of a ready palette, or hex colours separated by commas.

    Raises InvalidInput ``studio.palette_unreadable``.
    """
    text = text.strip().lower()
    if text in PALETTES:
        return PALETTES[text].colours
    colours = tuple(part.strip() for part in text.split(",") if part.strip())
    if not colours or len(colours) > MAX_COLOURS or not all(HEX.match(colour) for colour in colours):
        raise InvalidInput("studio.palette_unreadable", text=text[:60])
    return colours


def parse_formats(keys: Sequence[str]) -> list[Format]:
    """Raises InvalidInput ``studio.format_unknown``."""
    unknown = [key for key in keys if key not in FORMATS]
    if unknown:
        raise InvalidInput("studio.format_unknown", name=unknown[0][:20])
    return [FORMATS[key] for key in dict.fromkeys(keys)]
