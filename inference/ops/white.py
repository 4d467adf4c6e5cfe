"""The picture that marketplaces want first: one product on pure white, as large as asked, nothing else.

White is exactly 255 wherever neither the product's soft edge nor the optional contact shadow reaches, and both end
before the border. The fill is the larger of width and height of the product's box, as a share of the canvas.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from inference.ops.placement import SOLID, Placement
from inference.types import F32, U8, Mask

NEAR_WHITE = 247
"""A pixel counts as product, or as shadow, below this value: JPEG ringing around an edge stays above."""

_MARGIN_PX = 3
_CONTACT = 0.42
_SOFT = 0.16


@dataclass(frozen=True)
class Box:
    """A box in pixels, the right and bottom edges excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


def _spans(shown: Mask) -> Box | None:
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    if not len(rows):
        return None
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def box_of(alpha: U8) -> Box:
    """The box of everything solid, uint8 (H, W). Raises ValueError when nothing is."""
    box = _spans(alpha >= SOLID)
    if box is None:
        raise ValueError("the cutout is empty")
    return box


def fitting_scale(box: Box, size: tuple[int, int], fill: float) -> float:
    """Canvas pixels per photo pixel that give the fill."""
    return fill * min(size[0] / box.width, size[1] / box.height)


def centred(box: Box, size: tuple[int, int], scale: float) -> Placement:
    """The product's box in the middle of the canvas, on whole pixels."""
    width, height = int(np.ceil(box.width * scale)), int(np.ceil(box.height * scale))
    margin = _MARGIN_PX
    return Placement(
        scale=scale,
        x=(size[0] - width) // 2 - margin,
        y=(size[1] - height) // 2 - margin,
        width=width + 2 * margin,
        height=height + 2 * margin,
        source_x=box.left - (width / scale - box.width) / 2 - margin / scale,
        source_y=box.top - (height / scale - box.height) / 2 - margin / scale,
    )


def white_plate(alpha: U8, *, shadow: bool, border_px: int) -> U8:
    """What the product is pasted on.

    Args:
        alpha: uint8 (H, W), the placed product.
        shadow: draw a soft contact shadow below it.
        border_px: so far from each side the plate is exactly 255.
    """
    plate = np.full((*alpha.shape, 3), 255, np.uint8)
    if not shadow or not (alpha >= SOLID).any():
        return plate
    level = np.rint(255 * (1 - _contact_shadow(alpha) * _window(alpha.shape, border_px)))
    return np.repeat(level.astype(np.uint8)[..., None], 3, axis=2)


def white_border_px(pixels: U8) -> int:
    """How many rings of pixels around the picture are exactly 255 in all channels."""
    height, width = int(pixels.shape[0]), int(pixels.shape[1])
    box = _spans(np.asarray((pixels < 255).any(axis=2)))
    if box is None:
        return min(height, width) // 2
    return min(box.top, height - box.bottom, box.left, width - box.right)


def measured_fill(pixels: U8) -> float:
    """The larger side of the box of everything that is not near white, as a share of the picture."""
    box = _spans(np.asarray((pixels < NEAR_WHITE).any(axis=2)))
    return 0.0 if box is None else max(box.height / pixels.shape[0], box.width / pixels.shape[1])


def _contact_shadow(alpha: U8) -> F32:
    """Darkness 0..1 along the product's lower outline where it is near the ground; around it wider and faint."""
    box = _spans(alpha >= SOLID)
    assert box is not None, "the caller looked"
    side = max(box.width, box.height)
    solid = alpha >= SOLID
    lowest = alpha.shape[0] - 1 - np.argmax(solid[::-1], axis=0)
    lifted = (box.bottom - lowest) / np.float32(max(3.0, 0.05 * side))
    stands = np.where(solid.any(axis=0), np.clip(1 - lifted, 0, 1), 0).astype(np.float32)
    reach = max(1, round(0.004 * side))
    rows = np.arange(alpha.shape[0])[:, None]
    ground = np.where(np.abs(rows - lowest[None, :]) <= reach, stands[None, :], 0).astype(np.float32)
    tight = _blurred(ground, 0.008 * side, 0.004 * side)
    soft = _blurred(ground, 0.022 * side, 0.012 * side)
    return np.clip(_CONTACT * tight + _SOFT * soft / max(1e-6, float(soft.max())), 0, 0.85).astype(np.float32)


def _blurred(picture: F32, sigma_x: float, sigma_y: float) -> F32:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigmaX=max(0.6, sigma_x), sigmaY=max(0.6, sigma_y)), np.float32)


def _window(shape: tuple[int, ...], border_px: int) -> F32:
    """1 inside, falling smoothly to 0 at ``border_px`` from each side."""
    height, width = shape[:2]
    x = np.minimum(np.arange(width), np.arange(width)[::-1]).astype(np.float32)
    y = np.minimum(np.arange(height), np.arange(height)[::-1]).astype(np.float32)
    distance = np.minimum(x[None, :], y[:, None])
    ease = np.clip((distance - border_px) / max(1.0, 0.04 * min(height, width)), 0, 1)
    return np.asarray(ease * ease * (3 - 2 * ease), np.float32)
