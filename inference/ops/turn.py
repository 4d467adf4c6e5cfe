"""A product turned or flipped in its photo: the one transform of product pixels besides the placement's scale.

A flip and quarter turns only move pixels. Any other angle resamples once, with a bicubic kernel, on the crop around the
product. Compositor and product gate both call ``turned``, each with the photo in its hands.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inference.edits import Edits
from inference.errors import InputRejected
from inference.ops.matte import bounding_slice
from inference.types import U8, Cutout

MARGIN_PX = 12
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Turn:
    """``matrix`` (2, 3) takes pixel coordinates of the photo to those of the turned picture of ``size`` (w, h)."""

    matrix: F64
    size: tuple[int, int]
    quarter_turns: int | None
    flip: bool

    def as_list(self) -> list[float]:
        """The matrix row by row, as recipes hold it."""
        return [round(float(value), 6) for value in self.matrix.ravel()]


def find_turn(alpha: U8, edits: Edits) -> Turn | None:
    """The turn that edits ask for, around everything that ``alpha`` (uint8 (H, W)) covers; None = as photographed.

    Raises InputRejected ``shot.empty_cutout``.
    """
    if not edits.turns_product:
        return None
    height, width = alpha.shape
    mirror = np.array([[-1.0, 0, width], [0, 1, 0], [0, 0, 1]]) if edits.flip else np.eye(3)
    quarters, rest = divmod(edits.rotate_deg, 90)
    if rest == 0:
        spin, size = _quarter_turn(int(quarters) % 4, (width, height))
        return Turn((spin @ mirror)[:2], size, int(quarters) % 4, edits.flip)
    if not alpha.any():
        raise InputRejected(
            "shot.empty_cutout", "the cutout is empty; draw a box around the product and cut it out again"
        )
    top, bottom, left, right = bounding_slice(alpha > 0)
    if edits.flip:
        left, right = width - right, width - left
    return _free_turn(mirror, (left, top, right, bottom), edits)


def _free_turn(mirror: F64, box: tuple[int, int, int, int], edits: Edits) -> Turn:
    angle = np.radians(edits.rotate_deg)
    cosine, sine = float(np.cos(angle)), float(np.sin(angle))
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    size = (
        int(np.ceil(abs(wide * cosine) + abs(high * sine))) + 2 * MARGIN_PX,
        int(np.ceil(abs(wide * sine) + abs(high * cosine))) + 2 * MARGIN_PX,
    )
    x, y = (left + right) / 2, (top + bottom) / 2
    spin = np.array(
        [
            [cosine, -sine, size[0] / 2 - cosine * x + sine * y],
            [sine, cosine, size[1] / 2 - sine * x - cosine * y],
            [0, 0, 1],
        ]
    )
    return Turn((spin @ mirror)[:2], size, None, edits.flip)


def _quarter_turn(quarters: int, size: tuple[int, int]) -> tuple[F64, tuple[int, int]]:
    width, height = size
    spins = [
        np.eye(3),
        np.array([[0.0, -1, height], [1, 0, 0], [0, 0, 1]]),
        np.array([[-1.0, 0, width], [0, -1, height], [0, 0, 1]]),
        np.array([[0.0, 1, 0], [-1, 0, width], [0, 0, 1]]),
    ]
    return spins[quarters], size if quarters % 2 == 0 else (height, width)


def turned(pixels: U8, turn: Turn | None) -> U8:
    """A photo (uint8 (H, W, 3), its border repeated outside) or an alpha (uint8 (H, W), nothing outside), turned."""
    if turn is None:
        return pixels
    if turn.quarter_turns is not None:
        flipped = pixels[:, ::-1] if turn.flip else pixels
        return np.ascontiguousarray(np.rot90(flipped, -turn.quarter_turns))
    # Pixel centres lie at + 0.5 in our coordinates and at whole numbers in OpenCV's.
    matrix = turn.matrix.copy()
    matrix[:, 2] += 0.5 * (turn.matrix[:, 0] + turn.matrix[:, 1]) - 0.5
    border = cv2.BORDER_REPLICATE if pixels.ndim == 3 else cv2.BORDER_CONSTANT
    return np.asarray(
        cv2.warpAffine(pixels, matrix, turn.size, flags=cv2.INTER_CUBIC, borderMode=border, borderValue=0), np.uint8
    )


def turned_cutout(cutout: Cutout, turn: Turn | None) -> tuple[U8, U8]:
    """(colours, alpha) of a cutout, turned."""
    return turned(cutout.rgb, turn), turned(cutout.alpha, turn)
