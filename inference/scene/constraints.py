"""By how much of the picture a relation between boxes is missed. All on arrays of boxes, so that a solver can try many.

Boxes are (n, 4): left, top, width, height in fractions of the picture; where two arrays meet, one of them may
have a single row. Results are (n,): 0 = satisfied, else a distance in fractions of the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.floating[Any]]
Amounts = npt.NDArray[np.floating[Any]]

_SPACE = 0.36
COPY_SPACES: Mapping[str, tuple[float, float, float, float] | None] = {
    "none": None,
    "left": (0.0, 0.0, _SPACE, 1.0),
    "right": (1.0 - _SPACE, 0.0, _SPACE, 1.0),
    "top": (0.0, 0.0, 1.0, 0.3),
    "bottom": (0.0, 0.7, 1.0, 0.3),
}
"""What each copy space keeps free, in fractions of the picture."""

_BESIDE_GAP, _NEAR_GAP, _LEVEL, _DEPTH = 0.12, 0.15, 0.08, 0.02
_SUNK = 0.35


def missed(relation: str, subject: Boxes, other: Boxes, *, ground: bool = False) -> Amounts:
    """How far ``subject`` is from being ``relation`` ``other``.

    Args:
        ground: ``other`` is the surface that things stand on: ``on`` it means with the lower edge inside it.
    """
    if ground and relation == "on":
        return _on_ground(subject, other)
    return _MEASURES[relation](subject, other)


def overlap(first: Boxes, second: Boxes) -> Amounts:
    """The shared area in parts of the smaller box, 0..1."""
    smaller = np.minimum(_area(first), _area(second))
    return np.asarray(_shared(first, second) / np.maximum(smaller, 1e-6), np.float32)


def coverage(boxes: Boxes, region: tuple[float, float, float, float] | None) -> Amounts:
    """Which part of each box lies in ``region``, 0..1."""
    if region is None:
        return np.zeros(len(boxes), np.float32)
    area = np.maximum(_area(boxes), 1e-6)
    return np.asarray(_shared(boxes, np.asarray([region], np.float32)) / area, np.float32)


def _left_of(a: Boxes, b: Boxes) -> Amounts:
    return _over(_right(a) - _left(b) - 0.1 * np.minimum(a[:, 2], b[:, 2]))


def _right_of(a: Boxes, b: Boxes) -> Amounts:
    return _left_of(b, a)


def _above(a: Boxes, b: Boxes) -> Amounts:
    return _over(_bottom(a) - _top(b)) + _apart(a, b)


def _under(a: Boxes, b: Boxes) -> Amounts:
    """``a`` carries ``b`` or lies below it: its upper edge not much above the lower edge of ``b``."""
    return _over(_bottom(b) - 0.25 * a[:, 3] - _top(a)) + _apart(a, b) + _over(_top(a) - _bottom(b) - _NEAR_GAP)


def _on(a: Boxes, b: Boxes) -> Amounts:
    """The lower edge of ``a`` in the upper part of ``b``, its middle above ``b``."""
    above = _over(_top(b) - _bottom(a))
    below = _over(_bottom(a) - _top(b) - _SUNK * b[:, 3])
    middle = _left(a) + a[:, 2] / 2
    return above + below + _over(_left(b) - middle) + _over(middle - _right(b))


def _on_ground(a: Boxes, b: Boxes) -> Amounts:
    return _over(_top(b) - _bottom(a)) + _over(_bottom(a) - _bottom(b))


def _behind(a: Boxes, b: Boxes) -> Amounts:
    """Higher in the picture by its lower edge, not far aside, and not wholly hidden."""
    hidden = _over(_shared(a, b) / np.maximum(_area(a), 1e-6) - 0.6)
    far = _over(_bottom(b) - _bottom(a) - 0.3)
    return _over(_bottom(a) - _bottom(b) + _DEPTH) + _apart(a, b) + far + 0.3 * hidden


def _in_front_of(a: Boxes, b: Boxes) -> Amounts:
    """Lower in the picture by its lower edge, not far aside, covering little of what is behind."""
    covering = _shared(a, b) / np.maximum(_area(b), 1e-6)
    return _over(_bottom(b) - _bottom(a) + _DEPTH) + _apart(a, b) + _over(covering - 0.05)


def _beside(a: Boxes, b: Boxes) -> Amounts:
    gap = _gap(a, b)
    level = _over(np.abs(_bottom(a) - _bottom(b)) - _LEVEL)
    return _over(-gap) + _over(gap - _BESIDE_GAP) + level


def _near(a: Boxes, b: Boxes) -> Amounts:
    across = _over(_gap(a, b))
    down = _over(np.maximum(_top(a) - _bottom(b), _top(b) - _bottom(a)))
    return _over(np.hypot(across, down) - _NEAR_GAP)


_MEASURES: Mapping[str, Callable[[Boxes, Boxes], Amounts]] = {
    "on": _on,
    "left of": _left_of,
    "right of": _right_of,
    "behind": _behind,
    "in front of": _in_front_of,
    "above": _above,
    "beside": _beside,
    "near": _near,
    "under": _under,
}


def _gap(a: Boxes, b: Boxes) -> Amounts:
    """Horizontal distance; negative where they overlap across."""
    return np.maximum(_left(a) - _right(b), _left(b) - _right(a))


def _apart(a: Boxes, b: Boxes) -> Amounts:
    return _over(_gap(a, b))


def _shared(a: Boxes, b: Boxes) -> Amounts:
    across = np.minimum(_right(a), _right(b)) - np.maximum(_left(a), _left(b))
    down = np.minimum(_bottom(a), _bottom(b)) - np.maximum(_top(a), _top(b))
    return _over(across) * _over(down)


def _area(a: Boxes) -> Amounts:
    return np.asarray(a[:, 2] * a[:, 3])


def _left(a: Boxes) -> Amounts:
    return np.asarray(a[:, 0])


def _top(a: Boxes) -> Amounts:
    return np.asarray(a[:, 1])


def _right(a: Boxes) -> Amounts:
    return np.asarray(a[:, 0] + a[:, 2])


def _bottom(a: Boxes) -> Amounts:
    return np.asarray(a[:, 1] + a[:, 3])


def _over(amount: Amounts) -> Amounts:
    return np.asarray(np.maximum(amount, 0))
