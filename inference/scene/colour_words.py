"""Colours as words for prompts: the nearest of a short list that models know, by CIEDE2000."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from inference.ops.colour import delta_e, hex_to_rgb

WORDS: Mapping[str, str] = {
    "black": "#101010",
    "charcoal": "#36393d",
    "grey": "#808080",
    "light grey": "#c8c8c8",
    "white": "#fafafa",
    "cream": "#f4ead6",
    "beige": "#d9c7a7",
    "tan": "#b8946a",
    "brown": "#7a4b2a",
    "dark brown": "#402616",
    "terracotta": "#c0623f",
    "rust": "#9a3f1c",
    "red": "#cc2027",
    "burgundy": "#6b1428",
    "coral": "#f47c62",
    "pink": "#f4a3b8",
    "blush": "#efd0c9",
    "magenta": "#c2267e",
    "orange": "#f28a1e",
    "peach": "#f9c79f",
    "mustard": "#d2a127",
    "gold": "#c9a24b",
    "yellow": "#f6d737",
    "lime green": "#a4cf3c",
    "olive green": "#7a7a35",
    "sage green": "#a5b59a",
    "green": "#2f9e48",
    "dark green": "#1b4d3e",
    "mint": "#b4e5cd",
    "teal": "#127c7c",
    "turquoise": "#36c5c4",
    "sky blue": "#8cc8ec",
    "blue": "#2a62c9",
    "navy blue": "#16264f",
    "slate blue": "#5f7590",
    "lavender": "#c3b3e3",
    "purple": "#6b3a9c",
    "plum": "#5a2a4e",
}


def colour_words(codes: Sequence[str]) -> tuple[str, ...]:
    """A word for each ``#rrggbb``, without repeats. Raises InputRejected ``shot.bad_colour``."""
    if not codes:
        return ()
    asked = np.array([hex_to_rgb(code) for code in codes], np.uint8)
    known = np.array([hex_to_rgb(code) for code in WORDS.values()], np.uint8)
    shape = (len(asked), len(known), 3)
    apart = delta_e(np.broadcast_to(asked[:, None], shape).copy(), np.broadcast_to(known[None], shape).copy())
    names = tuple(WORDS)
    return tuple(dict.fromkeys(names[int(index)] for index in np.argmin(apart, axis=1)))
