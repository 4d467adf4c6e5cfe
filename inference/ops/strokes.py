"""What a person painted on a cutout: brush strokes and polygons, read from JSON and written back the same.

    {"version": 1, "photo_size": [W, H], "strokes": [
        {"tool": "keep" | "remove" | "refine", "size": 48.0, "hardness": 0.8, "points": [[x, y], ...]},
        {"tool": "polygon", "mode": "keep" | "remove", "points": [[x, y], ...]}]}

A bare list of strokes is read, too. Coordinates and sizes are pixels of the upright photo, its corner at (0, 0), pixel
(i, j) covering [i, i + 1) x [j, j + 1). ``size`` is a brush's diameter, ``hardness`` (0.8 unless given) the share of
its radius that it covers fully. Numbers are rounded on reading (1/16 px, 1/100): a recipe is short and exact.

* ``keep`` raises alpha to the stroke's coverage; what it raised takes the photo's own colours.
* ``remove`` lowers alpha to what the stroke leaves over.
* ``refine`` decides the painted pixels again by closed-form matting, their surroundings being the truth, and estimates
  the product's own colours there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inference.errors import InputRejected

BRUSHES = ("keep", "remove", "refine")
MODES = ("keep", "remove")
MOST_STROKES = 1000
MOST_POINTS = 5000
MOST_POINTS_IN_ALL = 100_000
SIZE_LIMITS_PX = (1.0, 2000.0)
COORDINATE_LIMIT_PX = 100_000.0
DEFAULT_HARDNESS = 0.8
VERSION = 1

_STEPS_A_PX = 16

Point = tuple[float, float]


@dataclass(frozen=True)
class Brush:
    """``tool`` is one of ``BRUSHES``; the stroke is a polyline with round caps, one point being a dot."""

    tool: str
    size: float
    hardness: float
    points: tuple[Point, ...]

    def as_dict(self) -> dict[str, Any]:
        """The stroke's JSON: a step of the cutout's recipe."""
        return {"tool": self.tool, "size": self.size, "hardness": self.hardness, "points": _listed(self.points)}


@dataclass(frozen=True)
class Polygon:
    """``mode`` is one of ``MODES``; the area is what an odd number of windings covers."""

    mode: str
    points: tuple[Point, ...]

    def as_dict(self) -> dict[str, Any]:
        """The stroke's JSON: a step of the cutout's recipe."""
        return {"tool": "polygon", "mode": self.mode, "points": _listed(self.points)}


Stroke = Brush | Polygon


def parse_strokes(document: Any, *, size: tuple[int, int] | None = None) -> tuple[Stroke, ...]:
    """Read strokes from a JSON value.

    Args:
        document: what ``json.loads`` returned.
        size: (width, height) of the photo, to compare with the document's ``photo_size``.

    Raises:
        InputRejected: ``strokes.unreadable``, ``strokes.unknown_tool``, ``strokes.out_of_range``, ``strokes.too_many``,
            ``strokes.too_many_points``, ``strokes.too_few_points``, ``strokes.other_photo``.
    """
    entries = _entries(document, size)
    if len(entries) > MOST_STROKES:
        raise _too_many(f"{len(entries)} strokes are too many; {MOST_STROKES} is the limit", MOST_STROKES)
    strokes = tuple(_stroke(index, entry) for index, entry in enumerate(entries))
    if sum(len(stroke.points) for stroke in strokes) > MOST_POINTS_IN_ALL:
        raise _too_many(f"the strokes have more than {MOST_POINTS_IN_ALL} points in all", MOST_POINTS_IN_ALL)
    return strokes


def _entries(document: Any, size: tuple[int, int] | None) -> Sequence[Any]:
    if isinstance(document, Mapping):
        _check_keys(-1, document, required={"strokes"}, optional={"version", "photo_size"})
        if document.get("version", VERSION) != VERSION:
            raise _unreadable(-1, f"only version {VERSION} of strokes can be read")
        painted_on = document.get("photo_size")
        if painted_on is not None and size is not None and list(size) != painted_on:
            raise InputRejected(
                "strokes.other_photo",
                f"the strokes were painted on a photo of {painted_on} px; this one has {size[0]}x{size[1]} px",
                width=size[0],
                height=size[1],
            )
        document = document["strokes"]
    if not isinstance(document, list):
        raise _unreadable(-1, "strokes are a list")
    return document


def _stroke(index: int, entry: Any) -> Stroke:
    if not isinstance(entry, Mapping):
        raise _unreadable(index, "a stroke is an object")
    tool = entry.get("tool")
    if tool == "polygon":
        _check_keys(index, entry, required={"tool", "mode", "points"}, optional=set())
        if entry["mode"] not in MODES:
            raise _unknown(index, f"a polygon's mode is keep or remove, not {entry['mode']!r}", str(entry["mode"]))
        return Polygon(entry["mode"], _points(index, entry["points"], least=3))
    if tool not in BRUSHES:
        raise _unknown(index, f"there is no tool {tool!r}; there are keep, remove, refine and polygon", str(tool))
    _check_keys(index, entry, required={"tool", "size", "points"}, optional={"hardness"})
    width = _number(index, entry["size"], *SIZE_LIMITS_PX)
    hardness = _number(index, entry.get("hardness", DEFAULT_HARDNESS), 0.0, 1.0)
    return Brush(tool, _rounded(width), round(hardness, 2), _points(index, entry["points"], least=1))


def _points(index: int, value: Any, *, least: int) -> tuple[Point, ...]:
    if not isinstance(value, list):
        raise _unreadable(index, "points are a list of [x, y]")
    if len(value) < least:
        raise InputRejected("strokes.too_few_points", f"stroke {index} needs at least {least} points", index=index)
    if len(value) > MOST_POINTS:
        message = f"stroke {index} has {len(value)} points; {MOST_POINTS} is the limit"
        raise InputRejected("strokes.too_many_points", message, index=index, limit=MOST_POINTS)
    return tuple(_point(index, pair) for pair in value)


def _point(index: int, pair: Any) -> Point:
    if not isinstance(pair, list) or len(pair) != 2:
        raise _unreadable(index, "a point is [x, y]")
    x, y = (_number(index, value, -COORDINATE_LIMIT_PX, COORDINATE_LIMIT_PX) for value in pair)
    return _rounded(x), _rounded(y)


def _number(index: int, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unreadable(index, f"{value!r} is not a number")
    if not low <= value <= high:  # also false for NaN
        message = f"stroke {index}: {value!r} is not between {low:g} and {high:g}"
        raise InputRejected("strokes.out_of_range", message, index=index)
    return float(value)


def _rounded(value: float) -> float:
    return round(value * _STEPS_A_PX) / _STEPS_A_PX


def _check_keys(index: int, entry: Mapping[Any, Any], *, required: set[str], optional: set[str]) -> None:
    missing, unknown = required - set(entry), set(entry) - required - optional
    if missing:
        raise _unreadable(index, f"{sorted(missing)[0]!r} is missing")
    if unknown:
        raise _unreadable(index, f"{sorted(map(str, unknown))[0]!r} means nothing here")


def _unreadable(index: int, why: str) -> InputRejected:
    where = f"stroke {index}" if index >= 0 else "the strokes"
    return InputRejected("strokes.unreadable", f"{where} can not be read: {why}", index=index)


def _unknown(index: int, message: str, tool: str) -> InputRejected:
    return InputRejected("strokes.unknown_tool", message, index=index, tool=tool)


def _too_many(message: str, limit: int) -> InputRejected:
    return InputRejected("strokes.too_many", message, limit=limit)


def _listed(points: tuple[Point, ...]) -> list[list[float]]:
    return [list(point) for point in points]
