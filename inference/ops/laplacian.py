"""The matting Laplacian of a few pixels, and its solution.

Levin, Lischinski, Weiss, "A Closed-Form Solution to Natural Image Matting", CVPR 2006: in each 3x3 window alpha is an
affine function of colour. Only windows that hold an unknown pixel are visited, and an unknown pixel couples to the 5x5
pixels around it, so that the system is a dense (N, 25) table. It is solved by conjugate gradients with a diagonal
preconditioner (Hestenes and Stiefel, 1952) from a start that should be near: see ``ops.pyramid``.
"""

from __future__ import annotations

import cv2
import numba
import numpy as np
import numpy.typing as npt

from inference.types import F32, F64, U8, Mask

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

_REACH = 2
_SPAN = 2 * _REACH + 1
_DOWN = np.repeat(np.arange(-1, 2), 3)
_ACROSS = np.tile(np.arange(-1, 2), 3)
_OFFSET = _DOWN * _SPAN + _ACROSS
_BYTE = 1 / 255
_EPSILON = 1e-6
_RIDGE = 1e-7


def solve_unknown(
    rgb: U8, alpha: F32, unknown: Mask, *, rounds: int, tolerance: float, loyalty: F32 | float = 0.0
) -> F32:
    """``alpha`` with its unknown pixels solved for, float32 0..1; all others come back exactly as they are.

    Args:
        rgb: uint8 sRGB (H, W, 3); the colour-line model was published on such values.
        alpha: float32 (H, W): the truth outside ``unknown``, where to start inside.
        rounds: at most so many conjugate gradient steps.
        tolerance: stop when the residual has shrunk to this share of the right-hand side.
        loyalty: how much each unknown pixel is drawn to where it starts, one number or float32 (H, W). Where product
            and background look alike the colours decide nothing; then a little of it decides.
    """
    number = np.full(unknown.shape, -1, np.int64)
    total = int(np.count_nonzero(unknown))
    result = alpha.copy()
    if total == 0:
        return result
    number[unknown] = np.arange(total)
    table, right = np.zeros((total, _SPAN * _SPAN)), np.zeros(total)
    _assemble(rgb, alpha, number, _window_centres(unknown), table, right)
    places = _neighbours(number, total)
    start = alpha[unknown].astype(np.float64)
    drawn = np.broadcast_to(np.asarray(loyalty, np.float64), unknown.shape)[unknown]
    table[:, _REACH * _SPAN + _REACH] += drawn
    right += drawn * start
    solved = _conjugate_gradients(table, places, right, start, rounds, tolerance)
    result[unknown] = np.clip(solved, 0, 1)
    return result


def _window_centres(unknown: Mask) -> I64:
    """Row and column of each pixel inside the picture's border whose 3x3 window holds an unknown one, int64 (M, 2)."""
    near = cv2.dilate(unknown.view(np.uint8), np.ones((3, 3), np.uint8))
    return np.argwhere(near[1:-1, 1:-1]) + 1


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _assemble(rgb: U8, alpha: F32, number: I64, centres: I64, table: F64, right: F64) -> None:
    """Add up the windows: ``table[i, (dy + 2) * 5 + dx + 2]`` couples unknown i to the pixel at (dy, dx) from it."""
    table[:, _REACH * _SPAN + _REACH] = _RIDGE
    colour, turned = np.empty((3, 9)), np.empty((3, 9))
    ids, known, value = np.empty(9, np.int64), np.empty(9), np.empty(9)
    for place in range(len(centres)):
        y, x = centres[place, 0], centres[place, 1]
        _window(rgb, y, x, colour, turned)
        for j in range(9):
            ids[j] = number[y + _DOWN[j], x + _ACROSS[j]]
            known[j] = alpha[y + _DOWN[j], x + _ACROSS[j]]
        for i in range(9):
            row = ids[i]
            if row < 0:
                continue
            for j in range(9):
                alike = turned[0, i] * colour[0, j] + turned[1, i] * colour[1, j] + turned[2, i] * colour[2, j]
                value[j] = (-1.0 - alike) / 9
            value[i] += 1
            for j in range(9):
                if ids[j] < 0:
                    right[row] -= value[j] * known[j]
                else:
                    table[row, _OFFSET[j] - _OFFSET[i] + _REACH * _SPAN + _REACH] += value[j]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _window(rgb: U8, y: int, x: int, colour: F64, turned: F64) -> None:
    """The window's colours about their mean, and these times the inverse of their regularised covariance."""
    for c in range(3):
        mean = 0.0
        for i in range(9):
            colour[c, i] = rgb[y + _DOWN[i], x + _ACROSS[i], c] * _BYTE
            mean += colour[c, i]
        for i in range(9):
            colour[c, i] -= mean / 9
    xx = yy = zz = _EPSILON / 9
    xy = xz = yz = 0.0
    for i in range(9):
        xx += colour[0, i] * colour[0, i] / 9
        yy += colour[1, i] * colour[1, i] / 9
        zz += colour[2, i] * colour[2, i] / 9
        xy += colour[0, i] * colour[1, i] / 9
        xz += colour[0, i] * colour[2, i] / 9
        yz += colour[1, i] * colour[2, i] / 9
    p, q, s = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    t, u, v = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    scale = 1 / (xx * p + xy * q + xz * s)
    for i in range(9):
        turned[0, i] = (p * colour[0, i] + q * colour[1, i] + s * colour[2, i]) * scale
        turned[1, i] = (q * colour[0, i] + t * colour[1, i] + u * colour[2, i]) * scale
        turned[2, i] = (s * colour[0, i] + u * colour[1, i] + v * colour[2, i]) * scale


@numba.njit(cache=True, nogil=True)
def _neighbours(number: I64, total: int) -> I32:
    """The number of the unknown at each of the 25 places around each unknown; its own where there is none."""
    height, width = number.shape
    places = np.empty((total, _SPAN * _SPAN), np.int32)
    for y in range(height):
        for x in range(width):
            row = number[y, x]
            if row < 0:
                continue
            for k in range(_SPAN * _SPAN):
                down, across = y + k // _SPAN - _REACH, x + k % _SPAN - _REACH
                inside = 0 <= down < height and 0 <= across < width
                places[row, k] = number[down, across] if inside and number[down, across] >= 0 else row
    return places


@numba.njit(cache=True, nogil=True)
def _conjugate_gradients(table: F64, places: I32, right: F64, start: F64, rounds: int, tolerance: float) -> F64:
    diagonal = table[:, _REACH * _SPAN + _REACH].copy()
    solution, residual = start.copy(), right - _times(table, places, start)
    direction = residual / diagonal
    energy = _dot(residual, direction)
    enough = tolerance * tolerance * _dot(right, right / diagonal) + 1e-24
    for _ in range(rounds):
        if energy <= enough:
            break
        image = _times(table, places, direction)
        length = energy / _dot(direction, image)
        following = 0.0
        for row in range(len(solution)):
            solution[row] += length * direction[row]
            residual[row] -= length * image[row]
            following += residual[row] * residual[row] / diagonal[row]
        for row in range(len(solution)):
            direction[row] = residual[row] / diagonal[row] + (following / energy) * direction[row]
        energy = following
    return solution


@numba.njit(cache=True, nogil=True)
def _dot(one: F64, other: F64) -> float:
    """Not BLAS: its thread pool costs more than it brings here, and must not exist in a process that forks."""
    total = 0.0
    for row in range(len(one)):
        total += one[row] * other[row]
    return total


@numba.njit(cache=True, nogil=True)
def _times(table: F64, places: I32, vector: F64) -> F64:
    result = np.empty(len(vector))
    for row in range(len(vector)):
        factors, numbers = table[row], places[row]
        total = 0.0
        for k in range(_SPAN * _SPAN):
            total += factors[k] * vector[numbers[k]]
        result[row] = total
    return result
