"""Strokes as coverage: how much of each pixel a brush or a polygon paints.

A brush is computed from the exact distance to its polyline; where it is large, on a coarser grid, because distance is
smooth (at least 64 steps across the brush, so a hard rim is off by less than a fiftieth of its radius). A polygon is
computed by exact spans on eight lines a pixel row. The cost is bounded by the limits in ``ops.strokes``.
"""

from __future__ import annotations

import cv2
import numba
import numpy as np
import numpy.typing as npt

from inference.ops.strokes import Brush, Point, Polygon, Stroke
from inference.types import F32, F64, U8, Box

I64 = npt.NDArray[np.int64]

_GRID_STEPS = 64
_LINES_A_ROW = 8


def painted(stroke: Stroke, size: tuple[int, int]) -> tuple[Box, U8] | None:
    """The smallest window of a photo of ``size`` (width, height) with all that ``stroke`` paints, and its coverage.

    None if the stroke misses the photo. Coverage is uint8 (window height, window width), 255 = painted fully.
    """
    if isinstance(stroke, Polygon):
        window = _window(stroke.points, 0.0, size)
        return None if window is None else (window, _polygon_coverage(stroke.points, window))
    inner, outer = _rims(stroke)
    window = _window(stroke.points, outer, size)
    if window is None:
        return None
    distance = _distance_in(window, stroke.points, step_px=max(1, round(outer * 2 / _GRID_STEPS)), reach=outer)
    return window, _as_bytes(np.clip((outer - distance) / (outer - inner), 0, 1))


def _rims(brush: Brush) -> tuple[float, float]:
    """Where the coverage begins to fall and where it is nothing; at least one pixel apart, for a smooth edge."""
    radius = brush.size / 2
    inner = brush.hardness * radius
    return (inner, radius) if radius - inner >= 1 else (max(0.0, radius - 0.5), max(0.0, radius - 0.5) + 1)


def _window(points: tuple[Point, ...], margin: float, size: tuple[int, int]) -> Box | None:
    across, down = [x for x, _ in points], [y for _, y in points]
    left, top = max(0, int(np.floor(min(across) - margin))), max(0, int(np.floor(min(down) - margin)))
    right = min(size[0], int(np.ceil(max(across) + margin)))
    bottom = min(size[1], int(np.ceil(max(down) + margin)))
    return Box(left, top, right - left, bottom - top) if right > left and bottom > top else None


def _distance_in(window: Box, points: tuple[Point, ...], *, step_px: int, reach: float) -> F32:
    """Distance in pixels from each pixel's middle to the polyline, float32; beyond ``reach`` anything above it."""
    # Grid points lie in the middle of blocks of step_px pixels, which is where cv2.resize expects them.
    columns, rows = -(-window.width // step_px), -(-window.height // step_px)
    line = (np.array(points, np.float64) - (window.x, window.y)) / step_px - 0.5
    squared = np.full((rows, columns), np.float32((reach / step_px + 2) ** 2))
    _nearest(squared, line, reach / step_px + 2)
    distance = np.sqrt(squared) * np.float32(step_px)
    if step_px == 1:
        return distance
    size = columns * step_px, rows * step_px
    large = cv2.resize(distance, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(large[: window.height, : window.width], np.float32)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _nearest(squared: F32, line: F64, reach: float) -> None:
    """Lower ``squared`` to the squared distance to each segment of ``line``, no farther than ``reach`` from it."""
    height, width = squared.shape
    for index in range(len(line)):
        x0, y0 = line[index]
        x1, y1 = line[min(index + 1, len(line) - 1)]
        along_x, along_y = x1 - x0, y1 - y0
        length = max(along_x * along_x + along_y * along_y, 1e-12)
        first, last = max(0, int(min(x0, x1) - reach)), min(width - 1, int(max(x0, x1) + reach) + 1)
        for y in range(max(0, int(min(y0, y1) - reach)), min(height - 1, int(max(y0, y1) + reach) + 1) + 1):
            for x in range(first, last + 1):
                share = min(1.0, max(0.0, ((x - x0) * along_x + (y - y0) * along_y) / length))
                dx, dy = x - x0 - share * along_x, y - y0 - share * along_y
                squared[y, x] = min(squared[y, x], np.float32(dx * dx + dy * dy))


def _polygon_coverage(points: tuple[Point, ...], window: Box) -> U8:
    corners = np.array(points, np.float64) - (window.x, window.y)
    coverage = np.zeros((window.height, window.width + 1), np.float32)
    _fill(coverage, corners)
    return _as_bytes(np.clip(coverage[:, :-1], 0, 1))


@numba.njit(cache=True, nogil=True)
def _fill(coverage: F32, corners: F64) -> None:
    """Add the even-odd spans of ``_LINES_A_ROW`` lines through each row, their ends by the exact share of a pixel."""
    total = len(corners)
    near, crossings = np.empty(total, np.int64), np.empty(total)
    for row in range(coverage.shape[0]):
        edges = 0
        for index in range(total):
            y0, y1 = corners[index - 1 if index else total - 1, 1], corners[index, 1]
            if min(y0, y1) < row + 1 and max(y0, y1) > row:
                near[edges] = index
                edges += 1
        for line in range(_LINES_A_ROW):
            count = _crossed(corners, near[:edges], row + (line + 0.5) / _LINES_A_ROW, crossings)
            ordered = np.sort(crossings[:count])
            for k in range(0, count - 1, 2):
                _add_span(coverage[row], ordered[k], ordered[k + 1])


@numba.njit(cache=True, nogil=True)
def _crossed(corners: F64, edges: I64, y: float, crossings: F64) -> int:
    """Write where a level line meets the edges that end at the corners ``edges``; returns how many there are."""
    count = 0
    for index in edges:
        before = index - 1 if index else len(corners) - 1
        x0, y0, x1, y1 = corners[before, 0], corners[before, 1], corners[index, 0], corners[index, 1]
        if (y0 <= y) != (y1 <= y):
            crossings[count] = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
            count += 1
    return count


@numba.njit(cache=True, nogil=True)
def _add_span(row: F32, start: float, stop: float) -> None:
    width = len(row) - 1
    start, stop = min(max(start, 0.0), width), min(max(stop, 0.0), width)
    for x in range(int(start), min(width, int(stop) + 1)):
        row[x] += max(0.0, min(stop, x + 1.0) - max(start, float(x))) / _LINES_A_ROW


def _as_bytes(coverage: F32) -> U8:
    return np.asarray(np.rint(coverage * 255), np.uint8)
