"""A camera that is held still: another shot's window and base line, and what becomes of them at another ratio."""

from __future__ import annotations

from dataclasses import dataclass, replace

from inference.engines.studio_sets.plates import StudioSet
from inference.errors import InputRejected
from inference.ops.geometry import Window
from inference.types import CameraLock, ShotSpec

SAME_RATIO = 0.02
"""Ratios that differ by less are one: windows are whole plate pixels."""
SMALLEST_PX = 16


@dataclass(frozen=True)
class Held:
    """The window to show, the base in fractions of it, and the locked window's (width, height) in fractions of it."""

    window: Window
    base: tuple[float, float]
    composed: tuple[float, float]


def as_composed(spec: ShotSpec) -> ShotSpec:
    """The request in the ratio of the window that it is locked to: a product's size in the set follows the ratio.

    ``held_camera`` has accepted the lock.
    """
    if spec.lock is None or _is_same_ratio(spec.lock, spec):
        return spec
    return replace(spec, width=spec.lock.window[2], height=spec.lock.window[3])


def _is_same_ratio(lock: CameraLock, spec: ShotSpec) -> bool:
    _left, _top, width, height = lock.window
    return abs(width / height / (spec.width / spec.height) - 1) <= SAME_RATIO


def held_camera(studio: StudioSet, spec: ShotSpec, *, mirrored: bool) -> Held | None:
    """What ``spec.lock`` shows in the picture's ratio; None where the camera is free. ``mirrored``: the set is.

    Another ratio than the lock's shows more of the set around the same window, as far as the plate goes: whatever
    product stands there, the window is the same. Where the plate ends, the camera comes nearer.

    Raises InputRejected ``shot.lock_does_not_fit``: the window is not one of this set.
    """
    if spec.lock is None:
        return None
    left, top, width, height = spec.lock.window
    inside = left >= 0 and top >= 0 and left + width <= studio.size[0] and top + height <= studio.size[1]
    if not inside or min(width, height) < SMALLEST_PX:
        raise InputRejected("shot.lock_does_not_fit", "the camera is locked to a window that this set has not")
    lock = spec.lock if spec.lock.mirrored in (None, mirrored) else _mirrored(studio.size[0], spec.lock)
    if _is_same_ratio(lock, spec):
        return Held(Window(*lock.window, spec.width, spec.height), lock.base, (1.0, 1.0))
    return _widened(studio.size, lock, spec.width, spec.height)


def _mirrored(plate_width: int, lock: CameraLock) -> CameraLock:
    """The same place of the set mirrored; the product, and so copy space, stays on its side of the picture."""
    left, top, width, height = lock.window
    base_x = plate_width - (left + lock.base[0] * width)
    begin = _within(base_x - lock.base[0] * width, width, plate_width)
    return CameraLock((begin, top, width, height), ((base_x - begin) / width, lock.base[1]))


def _widened(plate: tuple[int, int], lock: CameraLock, out_width: int, out_height: int) -> Held:
    left, top, width, height = lock.window
    aspect = out_width / out_height
    whole_w = min(max(width, height * aspect), plate[0], plate[1] * aspect)
    size = round(whole_w), round(whole_w / aspect)
    base_x, base_y = left + lock.base[0] * width, top + lock.base[1] * height
    if size[0] >= width:  # copy space stays on its side
        begin_x = left - min(max(lock.base[0], 0.0), 1.0) * (size[0] - width)
    else:  # around the product, within what was seen
        begin_x = min(max(base_x - size[0] / 2, left), left + width - size[0])
    # A lower window keeps the base line where it is in the picture: the product stands above it.
    begin_y = top - (size[1] - height) / 2 if size[1] >= height else base_y - lock.base[1] * size[1]
    x, y = _within(begin_x, size[0], plate[0]), _within(begin_y, size[1], plate[1])
    window = Window(x, y, size[0], size[1], out_width, out_height)
    at = (base_x - x) / size[0], (base_y - y) / size[1]
    return Held(window, at, (width / size[0], height / size[1]))


def _within(begin: float, length: int, plate: int) -> int:
    """The nearest whole beginning at which a window of ``length`` is on the plate."""
    return min(max(0, round(begin)), plate - length)
