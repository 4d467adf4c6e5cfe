"""A product as a solid that light can hit, made from its outline alone.

The silhouette stands as a card at the front of the base and is pushed back *along the view direction*: then every pixel
of the outline's lower edge meets the support exactly where the camera sees it, so round bases, wheels and feet are
grounded without being modelled. Towards the back the solid narrows, as round things do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numba
import numpy as np

from inference.ops.geometry import F64, Camera, Frame
from inference.types import F32, U8

CARD_PX = 224
NARROWING = 0.3
STANDING = 0.2
ROUNDED_FRONT = 0.12
MAX_DEPTH = 1.5


@dataclass(frozen=True, eq=False)
class Body:
    """The solid in its frame (metres; origin at the middle of the base's front edge).

    ``card`` is float32 (h, w) coverage, row 0 at the top; ``metrics`` are (left, right, height, thickness, slope of the
    view, card pixels per metre across, card pixels per metre up) as the kernels take them.
    """

    frame: Frame
    card: F32
    metrics: F64
    centre: F64
    radius_m: float


def build_body(alpha: U8, base_row: int, middle: float, camera: Camera, frame: Frame, thickness_m: float) -> Body:
    """Make the solid of a placed product.

    Args:
        alpha: uint8 (H, W), the placed product's coverage.
        base_row, middle: the base line and its middle, in pixels of ``alpha``.
        camera: of the canvas that ``alpha`` is placed on (same pixel size).
        frame: at the front of the base.
    """
    ray = frame.local(camera.origin)
    slope = float(ray[2] / max(1e-6, -ray[1]))
    _, _, depth = camera.project(frame.origin)
    metres = depth / camera.focal_px
    upright = metres * float(np.hypot(1.0, slope))
    rows = min(alpha.shape[0], base_row)
    shrink = min(1.0, CARD_PX / max(rows, alpha.shape[1]))
    size = (max(2, round(alpha.shape[1] * shrink)), max(2, round(rows * shrink)))
    card = cv2.resize(alpha[:rows], size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    left, right = middle * metres, (alpha.shape[1] - middle) * metres
    height = rows * upright
    contact = _deepest_contact(alpha[:rows], slope / upright) + 0.1 * (left + right)
    thickness_m = max(thickness_m, min(contact, MAX_DEPTH * height))
    metrics = np.array([left, right, height, thickness_m, slope, size[0] / (left + right), size[1] / height])
    centre = np.array([(right - left) / 2, thickness_m / 2, height / 2])
    radius = float(np.linalg.norm([(left + right) / 2, thickness_m / 2, height / 2]))
    return Body(frame, card, metrics, centre, radius)


def _deepest_contact(upper: U8, slope_per_px: float) -> float:
    """How far behind the front the lower outline still stands on the support, metres.

    A photo taken from above shows feet and wheels of the far side well above the base line. They are taken as standing
    (not as raised) up to ``STANDING`` of the height, and the solid must reach back to them, or they float.
    """
    solid = upper >= 128
    columns = solid.any(axis=0)
    raised = np.argmax(solid[::-1], axis=0)[columns]
    standing = raised[raised <= STANDING * upper.shape[0]]
    if standing.size == 0 or slope_per_px <= 0:
        return 0.0
    return float(np.percentile(standing, 95)) / slope_per_px


def camera_in_frame(camera: Camera, frame: Frame) -> F64:
    """(5, 3): origin, right, down, forward in frame coordinates; then focal length and principal point, pixels."""
    turn = frame.rotation
    rows = [frame.local(camera.origin), turn @ camera.right, turn @ camera.down, turn @ camera.forward]
    return np.stack([*rows, np.array([camera.focal_px, *camera.centre_px])])


@numba.njit(cache=True, nogil=True, inline="always")
def pixel_position(lens: Any, x: float, y: float, depth: float) -> Any:
    """Frame coordinates of the point seen at pixel centre (x, y) at a planar depth."""
    across = (x - lens[4, 1]) / lens[4, 0]
    below = (y - lens[4, 2]) / lens[4, 0]
    a = lens[0, 0] + depth * (lens[3, 0] + across * lens[1, 0] + below * lens[2, 0])
    b = lens[0, 1] + depth * (lens[3, 1] + across * lens[1, 1] + below * lens[2, 1])
    c = lens[0, 2] + depth * (lens[3, 2] + across * lens[1, 2] + below * lens[2, 2])
    return a, b, c


@numba.njit(cache=True, nogil=True)
def _span(start: float, step: float, low: float, high: float, near: float, far: float) -> tuple[float, float]:
    if abs(step) < 1e-9:
        return (near, far) if low <= start <= high else (1.0, 0.0)
    first, second = (low - start) / step, (high - start) / step
    if first > second:
        first, second = second, first
    return max(near, first), min(far, second)


@numba.njit(cache=True, nogil=True)
def blocked(
    card: Any, metrics: Any, p: tuple[float, float, float], d: tuple[float, float, float], far: float, jitter: float
) -> float:
    """How much of the ray p + t d, 0 < t < far, the solid blocks, 0..1. Marched inside the solid's box."""
    left, right, height, thick, slope = metrics[0], metrics[1], metrics[2], metrics[3], metrics[4]
    near, far = _span(p[2], d[2], 0.0, height, 0.0, far)
    near, far = _span(p[0], d[0], -left, right, near, far)
    near, far = _span(p[1], d[1], 0.0, thick, near, far)
    if far <= near:
        return 0.0
    length = (far - near) * np.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2])
    steps = min(10, 2 + int(16.0 * length / (left + right + height)))
    middle = 0.5 * (right - left)
    densest = 0.0
    for i in range(steps):
        t = near + (far - near) * (i + jitter) / steps
        depth = p[1] + t * d[1]
        back = depth / thick
        across = middle + (p[0] + t * d[0] - middle) / (1.0 - NARROWING * back * back)
        column = int((across + left) * metrics[5])
        row = int((height - (p[2] + t * d[2]) - depth * slope) * metrics[6])
        if 0 <= column < card.shape[1] and 0 <= row < card.shape[0]:
            densest = max(densest, card[row, column] * min(1.0, 0.4 + 0.6 * back / ROUNDED_FRONT))
            if densest > 0.99:
                break
    return densest
