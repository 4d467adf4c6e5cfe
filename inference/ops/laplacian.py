"""The matting Laplacian of a few pixels, and its solution.

Levin, Lischinski, Weiss, "A Closed-Form Solution to Natural Image Matting", CVPR 2006: in each 3x3 window alpha is an
affine function of colour. Only windows that hold an unknown pixel are visited. An unknown pixel couples to the 5x5
pixels around it, and because the matrix is symmetric each couple is kept once, by its first pixel in reading order:
itself, two to its right, five in each of the two rows below. It is solved by conjugate gradients with a diagonal
preconditioner (Hestenes and Stiefel, 1952) from a start that should be near: see ``ops.pyramid``.

Multiplying the matrix is what takes the time, and memory is what it waits for. So neighbours are not looked up one by
one: unknown pixels that lie near each other in a row have consecutive numbers (known ones between them get empty
places), and for each pixel and row below it one number says where its five neighbours start.
"""

from __future__ import annotations

import cv2
import numba
import numpy as np
import numpy.typing as npt

from inference.types import F32, F64, U8, Mask

I32 = npt.NDArray[np.int32]

_REACH = 2
_SPAN = 2 * _REACH + 1
_COUPLES = 1 + _REACH + _REACH * _SPAN
_PAD = 2 * _REACH
"""Empty places before the first number and after the last: five neighbours are read where perhaps one is unknown."""
_DOWN = np.repeat(np.arange(-1, 2), 3)
_ACROSS = np.tile(np.arange(-1, 2), 3)
_COUPLE = (_DOWN[None, :] - _DOWN[:, None]) * _SPAN + _ACROSS[None, :] - _ACROSS[:, None]
"""Where pixel i of a window keeps its couple with pixel j, for j >= i."""
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
    result = alpha.copy()
    number, total = _numbered(unknown)
    if total == 0:
        return result
    where = np.flatnonzero(unknown)
    places = number.ravel()[where]
    couples, right, start = np.zeros((total, _COUPLES)), np.zeros(total), np.zeros(total)
    couples[:, 0] = _RIDGE
    _assemble(rgb, alpha, number, _window_centres(unknown), couples, right)
    start[places] = alpha.ravel()[where]
    drawn = np.asarray(loyalty, np.float64) if np.ndim(loyalty) == 0 else np.ravel(loyalty)[where]
    couples[places, 0] += drawn
    right[places] += drawn * start[places]
    solved = _conjugate_gradients(couples, _below(number, total), right, start, rounds, tolerance)
    result.ravel()[where] = np.clip(solved[places], 0, 1)
    return result


def _window_centres(unknown: Mask) -> I32:
    """Row and column of each pixel inside the picture's border whose 3x3 window holds an unknown one, int32 (M, 2)."""
    near = np.asarray(cv2.dilate(unknown.view(np.uint8), np.ones((3, 3), np.uint8)), np.uint8)
    return _places(near, int(np.count_nonzero(near)))


@numba.njit(cache=True, nogil=True)
def _places(near: U8, most: int) -> I32:
    """Row and column of what is not 0, the picture's border left out, int32 (M, 2)."""
    height, width = near.shape
    found = np.empty((most, 2), np.int32)
    count = 0
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            if near[y, x]:
                found[count, 0], found[count, 1] = y, x
                count += 1
    return found[:count]


@numba.njit(cache=True, nogil=True)
def _numbered(unknown: Mask) -> tuple[I32, int]:
    """The number of each unknown pixel in reading order, int32 (H, W), -1 elsewhere; and how many numbers there are.

    Between unknown pixels of a row that see each other, as many numbers are left out as there are known ones.
    """
    height, width = unknown.shape
    number = np.full((height, width), -1, np.int32)
    total = 0
    for y in range(height):
        last = -_SPAN
        for x in range(width):
            if unknown[y, x]:
                total += x - last if x - last < _SPAN else 1
                number[y, x] = total - 1
                last = x
    return number, total


@numba.njit(cache=True, nogil=True)
def _below(number: I32, total: int) -> I32:
    """Where in a padded vector the five neighbours in each of the two rows below an unknown start, int32 (N, 2)."""
    height, width = number.shape
    starts = np.zeros((total, _REACH), np.int32)
    for y in range(height):
        for x in range(width):
            if number[y, x] < 0:
                continue
            for down in range(1, min(_REACH, height - 1 - y) + 1):
                for other in range(max(0, x - _REACH), min(width, x + _REACH + 1)):
                    if number[y + down, other] >= 0:
                        starts[number[y, x], down - 1] = number[y + down, other] - (other - x + _REACH) + _PAD
                        break
    return starts


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _assemble(rgb: U8, alpha: F32, number: I32, centres: I32, couples: F64, right: F64) -> None:
    """Add up the windows: ``couples[i, 5 * dy + dx]`` is that of unknown i with the pixel at (dy, dx) from it."""
    colour, turned = np.empty((3, 9)), np.empty((3, 9))
    ids, known = np.empty(9, np.int64), np.empty(9)
    for place in range(len(centres)):
        y, x = centres[place, 0], centres[place, 1]
        _window(rgb, y, x, colour, turned)
        for j in range(9):
            ids[j] = number[y + _DOWN[j], x + _ACROSS[j]]
            known[j] = alpha[y + _DOWN[j], x + _ACROSS[j]]
        for i in range(9):
            for j in range(i, 9):
                alike = turned[0, i] * colour[0, j] + turned[1, i] * colour[1, j] + turned[2, i] * colour[2, j]
                value = (-1.0 - alike) / 9
                if i == j:
                    value += 1
                if ids[i] >= 0 and ids[j] >= 0:
                    couples[ids[i], _COUPLE[i, j]] += value
                elif ids[i] >= 0:
                    right[ids[i]] -= value * known[j]
                elif ids[j] >= 0:
                    right[ids[j]] -= value * known[i]


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
def _conjugate_gradients(couples: F64, below: I32, right: F64, start: F64, rounds: int, tolerance: float) -> F64:
    total = len(right)
    diagonal = couples[:, 0].copy()
    direction, image = np.zeros(total + 2 * _PAD), np.zeros(total + 2 * _PAD)
    direction[_PAD : _PAD + total] = start
    _multiply(couples, below, direction, image)
    solution, residual = start.copy(), right - image[_PAD : _PAD + total]
    energy, limit = 0.0, 0.0
    for row in range(total):
        direction[_PAD + row] = residual[row] / diagonal[row]
        energy += residual[row] * direction[_PAD + row]
        limit += right[row] * (right[row] / diagonal[row])
    enough = tolerance * tolerance * limit + 1e-24
    for _ in range(rounds):
        if energy <= enough:
            break
        length = energy / _multiply(couples, below, direction, image)
        following = 0.0
        for row in range(total):
            solution[row] += length * direction[_PAD + row]
            residual[row] -= length * image[_PAD + row]
            following += residual[row] * residual[row] / diagonal[row]
        for row in range(total):
            direction[_PAD + row] = residual[row] / diagonal[row] + (following / energy) * direction[_PAD + row]
        energy = following
    return solution


@numba.njit(cache=True, nogil=True)
def _multiply(couples: F64, below: I32, vector: F64, image: F64) -> float:
    """Fill ``image`` with the matrix times ``vector``, both padded; returns their product.

    Not BLAS: its thread pool costs more than it brings here, and must not exist in a process that forks.
    """
    image[:] = 0.0
    product = 0.0
    for row in range(len(couples)):
        couple, here = couples[row], row + _PAD
        own = vector[here]
        total = image[here] + couple[0] * own
        for k in range(1, _REACH + 1):
            total += couple[k] * vector[here + k]
            image[here + k] += couple[k] * own
        for down in range(_REACH):
            first, at = below[row, down], 1 + _REACH + down * _SPAN
            for k in range(_SPAN):
                total += couple[at + k] * vector[first + k]
                image[first + k] += couple[at + k] * own
        image[here] = total
        product += own * total
    return product
