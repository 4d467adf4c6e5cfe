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
    """Four colours by their part in the picture (background, ground, support, accent); none = the set's own."""

    key: str
    title: str | Promise
    colours: tuple[str, ...]


PALETTES = {
    palette.key: palette
    for palette in (
        Palette("own", _("Set's own"), ()),
        Palette("sand", _("Warm sand"), ("#e6d5bf", "#d9c3a5", "#cfae8a", "#a9805a")),
        Palette("sage", _("Sage"), ("#d8dfd0", "#c3cdb8", "#93a58a", "#5f735d")),
        Palette("blush", _("Blush"), ("#f4e1dc", "#ecd0c8", "#dfaea3", "#b97a70")),
        Palette("sky", _("Clear sky"), ("#dde8f0", "#c3d6e5", "#9dbcd4", "#4f7ea3")),
        Palette("ink", _("Ink and cream"), ("#f3ecdf", "#e4d9c6", "#2b3a4a", "#8c9aa6")),
        Palette("terracotta", _("Terracotta"), ("#f3ddcd", "#e6c3ab", "#c8704a", "#8e4a31")),
        Palette("forest", _("Forest"), ("#e6e9dd", "#cbd4c0", "#7c9a80", "#1b4d3e")),
    )
}


READY = frozenset(palette.colours for palette in PALETTES.values() if palette.colours)


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
