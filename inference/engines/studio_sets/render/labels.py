"""Printed labels of the sample products (our own invented brand), drawn with Pillow's built-in font."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inference.engines.studio_sets.render.definition import hex_to_linear

Floats = NDArray[np.float32]
PIXELS_PER_M = 24_000
OVERSIZE = 2


def draw_label(recipe: dict[str, Any], paper_hex: str) -> Floats:
    """Linear albedo (H, W, 3) of a label of `width_m` x `height_m` with its `lines`.

    Each line is [text, height in mm, distance of its middle from the top in mm, letter spacing in em]; a line of the
    text "fern" draws the brand's leaf, one of "rule" a hairline. `ink` is the colour of the print.
    """
    scale = PIXELS_PER_M * OVERSIZE / 1000
    size = round(recipe["width_m"] * 1000 * scale), round(recipe["height_m"] * 1000 * scale)
    mask = Image.new("L", size, 0)
    pen = ImageDraw.Draw(mask)
    for text, height_mm, middle_mm, spacing in recipe["lines"]:
        center = size[0] / 2, middle_mm * scale
        if text == "fern":
            _fern(pen, center, height_mm * scale)
        elif text == "rule":
            half, thick = height_mm * scale / 2, 0.18 * scale
            pen.rectangle([center[0] - half, center[1] - thick / 2, center[0] + half, center[1] + thick / 2], fill=255)
        else:
            _spaced(pen, text, center, height_mm * scale, spacing)
    small = mask.resize((size[0] // OVERSIZE, size[1] // OVERSIZE), Image.Resampling.LANCZOS)
    ink = np.asarray(small, np.float32)[..., None] / 255
    paper, print_ = np.asarray(hex_to_linear(paper_hex)), np.asarray(hex_to_linear(recipe["ink"]))
    # Rows upside down: v grows upwards on the label.
    return np.asarray(paper * (1 - ink) + print_ * ink, np.float32)[::-1].copy()


def _spaced(pen: ImageDraw.ImageDraw, text: str, center: tuple[float, float], height: float, spacing: float) -> None:
    """Capitals `height` tall around a centre, set letter by letter because Pillow knows no letter spacing."""
    font = ImageFont.load_default(size=height / 0.72)
    gap = spacing * height
    widths = [pen.textlength(letter, font=font) for letter in text]
    x = center[0] - (sum(widths) + gap * (len(text) - 1)) / 2
    for letter, width in zip(text, widths, strict=True):
        pen.text((x, center[1]), letter, fill=255, font=font, anchor="lm")
        x += width + gap


def _fern(pen: ImageDraw.ImageDraw, center: tuple[float, float], height: float) -> None:
    """A stem with seven pairs of leaflets that shrink towards the tip."""
    x, top = center[0], center[1] - height / 2
    pen.line([x, top, x, top + height], fill=255, width=max(1, round(height * 0.022)))
    for pair in range(7):
        y = top + height * (0.10 + 0.115 * pair)
        length = height * (0.10 + 0.045 * pair) * (1.0 if pair < 5 else 0.92)
        for side in (-1, 1):
            _leaflet(pen, (x, y + length * 0.35), side, length, height * 0.040)
    pen.ellipse([x - height * 0.018, top - height * 0.03, x + height * 0.018, top + height * 0.05], fill=255)


def _leaflet(pen: ImageDraw.ImageDraw, base: tuple[float, float], side: int, length: float, width: float) -> None:
    t = np.linspace(0, 1, 24)
    spread = width * np.sin(np.pi * t**0.8)
    along = np.stack([side * length * t, -0.75 * length * t**1.25], 1)
    across = np.array([0.6 * side, 0.8]) * spread[:, None]
    outline = np.concatenate([along + across, (along - across)[::-1]]) + np.asarray(base)
    pen.polygon([(float(px), float(py)) for px, py in outline], fill=255)
