"""A product's pixels on the canvas: found, scaled once, set down on whole pixels.

The one place that resamples product pixels. Compositor and product gate both call it, each with the photo in its hands.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import cv2
import numpy as np
from PIL import Image

from inference.errors import InputRejected
from inference.ops.matte import bounding_slice
from inference.types import U8, Mask

SOLID = 128
_MEASURED_PX = 320
_MARGIN_PX = 3
_CUT_OFF = 0.005
"""Of the picture's longer side: what ends this little beyond it looks whole."""
_KERNEL = Image.Resampling.LANCZOS


@dataclass(frozen=True)
class Outline:
    """A product in its photo, in photo pixels: its box, and the row and column it stands on."""

    left: int
    top: int
    right: int
    bottom: int
    base_row: int
    middle: float

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        """From the top to the base line."""
        return self.base_row - self.top


def find_outline(alpha: U8) -> Outline:
    """The box of everything solid, and the base line: the lowest row that is more than a stray hair.

    Raises InputRejected ``shot.empty_cutout`` if less than 64 pixels are solid.
    """
    solid: Mask = alpha >= SOLID
    if int(solid.sum()) < 64:
        raise InputRejected(
            "shot.empty_cutout", "the cutout is empty; draw a box around the product and cut it out again"
        )
    top, bottom, left, right = bounding_slice(solid)
    per_row = solid[:, left:right].sum(axis=1)
    enough = max(2, round(0.008 * (right - left)))
    base_row = int(np.flatnonzero(per_row >= enough)[-1]) + 1 if (per_row >= enough).any() else bottom
    return Outline(left, top, right, bottom, base_row, (left + right) / 2)


def widest_place(alpha: U8) -> float:
    """The diameter of the largest circle inside a product's outline, in shares of the outline's width, 0..1."""
    solid: Mask = alpha >= SOLID
    if not solid.any():
        return 0.0
    top, bottom, left, right = bounding_slice(solid)
    part = solid[top:bottom, left:right].astype(np.uint8)
    shrink = min(1.0, _MEASURED_PX / max(part.shape))
    size = (max(1, round(part.shape[1] * shrink)), max(1, round(part.shape[0] * shrink)))
    small = np.pad(cv2.resize(part * 255, size, interpolation=cv2.INTER_AREA) >= SOLID, 1).astype(np.uint8)
    distance = cv2.distanceTransform(small, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return float(min(1.0, 2 * distance.max() / size[0]))


@dataclass(frozen=True)
class Placement:
    """Where the product is drawn: a uniform scale and a whole-pixel rectangle of the canvas.

    ``scale`` is canvas pixels per photo pixel. The canvas rectangle (``x``, ``y``, ``width``, ``height``) shows the
    photo rectangle that starts at (``source_x``, ``source_y``), in photo pixels, and is ``width / scale`` wide.
    """

    scale: float
    x: int
    y: int
    width: int
    height: int
    source_x: float
    source_y: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def warnings(self, canvas: tuple[int, ...]) -> tuple[str, ...]:
        """Codes of what a person should know about a product placed so on a ``canvas`` (height, width).

        ``shot.product_upscaled``: larger than in its photo; ``shot.product_cut_off``: it ends beyond the picture.
        """
        ends = (self.x, self.y, canvas[1] - self.x - self.width, canvas[0] - self.y - self.height)
        is_so = {
            "shot.product_upscaled": self.scale > 1,
            "shot.product_cut_off": min(ends) + _MARGIN_PX < -_CUT_OFF * max(canvas[:2]),
        }
        return tuple(code for code, holds in is_so.items() if holds)


def place(outline: Outline, *, scale: float, base: tuple[float, float]) -> Placement:
    """Set a product down so that its base line lies on a whole canvas row.

    Args:
        scale: canvas pixels per photo pixel.
        base: canvas coordinates of the middle of the base line; rounded to whole pixels.
    """
    margin = _MARGIN_PX
    middle, floor = round(base[0]), round(base[1])
    left = int(np.ceil((outline.middle - outline.left) * scale)) + margin
    right = int(np.ceil((outline.right - outline.middle) * scale)) + margin
    above = int(np.ceil((outline.base_row - outline.top) * scale)) + margin
    below = int(np.ceil((outline.bottom - outline.base_row) * scale)) + margin
    return Placement(
        scale=scale,
        x=middle - left,
        y=floor - above,
        width=left + right,
        height=above + below,
        source_x=outline.middle - left / scale,
        source_y=outline.base_row - above / scale,
    )


def resample(pixels: U8, placement: Placement) -> U8:
    """The placed rectangle of a picture: Lanczos with the support widened for shrinking, float box, edges repeated.

    Args:
        pixels: uint8 (H, W), (H, W, 3) or (H, W, 4); four channels are weighted by alpha while they are filtered.

    Returns:
        uint8 (placement.height, placement.width[, channels]). Deterministic: fixed-point arithmetic.
    """
    x0, y0, x1, y1 = _reach(placement)
    part = _window(pixels, x0, y0, x1, y1)
    left, top = placement.source_x - x0, placement.source_y - y0
    box = (left, top, left + placement.width / placement.scale, top + placement.height / placement.scale)
    return np.asarray(Image.fromarray(part).resize((placement.width, placement.height), _KERNEL, box=box))


def resample_rgba(rgb: U8, alpha: U8, placement: Placement) -> U8:
    """``resample`` of colours and coverage together, without touching the rest of a large photo."""
    window, moved = source_window(placement, alpha.shape)
    return resample(np.dstack([rgb[window], alpha[window]]), moved)


def resample_alpha(alpha: U8, placement: Placement) -> U8:
    """The coverage that ``resample_rgba`` gives, without the colours; clear outside of the photo."""
    x0, y0, x1, y1 = _reach(placement)
    part = np.zeros((y1 - y0, x1 - x0), np.uint8)
    height, width = alpha.shape
    top, left, bottom, right = max(0, y0), max(0, x0), min(height, y1), min(width, x1)
    part[top - y0 : bottom - y0, left - x0 : right - x0] = alpha[top:bottom, left:right]
    moved = replace(placement, source_x=placement.source_x - x0, source_y=placement.source_y - y0)
    box = (
        moved.source_x,
        moved.source_y,
        moved.source_x + placement.width / placement.scale,
        moved.source_y + placement.height / placement.scale,
    )
    return np.asarray(Image.fromarray(part).resize((placement.width, placement.height), _KERNEL, box=box))


def source_window(placement: Placement, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], Placement]:
    """The part of a photo (slices of rows and columns) that a placement can see, and the placement within that part."""
    x0, y0, x1, y1 = _reach(placement)
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(shape[1], x1), min(shape[0], y1)
    moved = replace(placement, source_x=placement.source_x - x0, source_y=placement.source_y - y0)
    return (slice(y0, y1), slice(x0, x1)), moved


def _reach(placement: Placement) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of the photo pixels that the kernel touches; may lie outside the photo."""
    step = 1 / placement.scale
    margin = 3 * max(1.0, step) + 1
    left, top = placement.source_x - margin, placement.source_y - margin
    right = placement.source_x + placement.width * step + margin
    bottom = placement.source_y + placement.height * step + margin
    return int(np.floor(left)), int(np.floor(top)), int(np.ceil(right)), int(np.ceil(bottom))


def _window(pixels: U8, x0: int, y0: int, x1: int, y1: int) -> U8:
    """Rows y0..y1 and columns x0..x1, the border repeated outside (transparent where there is an alpha channel)."""
    height, width = pixels.shape[:2]
    inner = pixels[max(0, y0) : min(height, y1), max(0, x0) : min(width, x1)]
    before_y, after_y = max(0, -y0), max(0, y1 - height)
    before_x, after_x = max(0, -x0), max(0, x1 - width)
    if not (before_y or after_y or before_x or after_x):
        return np.ascontiguousarray(inner)
    spread = [(before_y, after_y), (before_x, after_x)] + [(0, 0)] * (pixels.ndim - 2)
    padded = np.pad(inner, spread, mode="edge")
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        outside = np.ones(padded.shape[:2], bool)
        outside[before_y : before_y + inner.shape[0], before_x : before_x + inner.shape[1]] = False
        padded[outside, 3] = 0
    return padded


def on_canvas(part: U8, placement: Placement, size: tuple[int, int]) -> U8:
    """The placed rectangle on an otherwise empty (zero) canvas of ``size`` (width, height); what sticks out is cut."""
    canvas = np.zeros((size[1], size[0], *part.shape[2:]), np.uint8)
    target, source = overlap(placement, size)
    canvas[target] = part[source]
    return canvas


def overlap(placement: Placement, size: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices of the canvas and of the placed rectangle where they overlap."""
    x0, y0 = max(0, placement.x), max(0, placement.y)
    x1, y1 = min(size[0], placement.x + placement.width), min(size[1], placement.y + placement.height)
    x1, y1 = max(x0, x1), max(y0, y1)
    target = (slice(y0, y1), slice(x0, x1))
    source = (slice(y0 - placement.y, y1 - placement.y), slice(x0 - placement.x, x1 - placement.x))
    return target, source
