"""Strokes as people send them: read exactly, refused in words."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from inference.errors import InputRejected
from inference.ops.brush import painted
from inference.ops.strokes import MOST_POINTS, MOST_STROKES, Brush, Polygon, parse_strokes
from inference.types import Box

DOT = {"tool": "keep", "size": 8.0, "points": [[20, 20]]}


def test_it_reads_every_tool_and_writes_the_same() -> None:
    entries = [
        {"tool": "keep", "size": 48.0, "hardness": 0.5, "points": [[1.0, 2.0], [3.5, 4.25]]},
        {"tool": "remove", "size": 2000.0, "hardness": 0.0, "points": [[-5.0, 2.0]]},
        {"tool": "refine", "size": 1.0, "hardness": 1.0, "points": [[9.0, 9.0]]},
        {"tool": "polygon", "mode": "remove", "points": [[0.0, 0.0], [9.0, 0.0], [9.0, 9.0]]},
    ]
    document = {"version": 1, "photo_size": [640, 480], "strokes": entries}
    strokes = parse_strokes(json.loads(json.dumps(document)), size=(640, 480))
    assert [stroke.as_dict() for stroke in strokes] == entries
    assert parse_strokes(entries) == strokes
    assert isinstance(strokes[3], Polygon)


def test_numbers_are_rounded_once_and_stay() -> None:
    (stroke,) = parse_strokes([{"tool": "keep", "size": 10.01, "hardness": 0.333, "points": [[1 / 3, 2 / 3]]}])
    assert stroke == Brush("keep", 10.0, 0.33, ((0.3125, 0.6875),))
    assert parse_strokes([stroke.as_dict()]) == (stroke,)


def test_hardness_has_a_default() -> None:
    (stroke,) = parse_strokes([DOT])
    assert isinstance(stroke, Brush)
    assert stroke.hardness == 0.8


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("keep", "strokes.unreadable"),
        ({"version": 1}, "strokes.unreadable"),
        ({"version": 2, "strokes": []}, "strokes.unreadable"),
        ({"strokes": [], "layer": 3}, "strokes.unreadable"),
        (["keep"], "strokes.unreadable"),
        ([{"tool": "keep", "points": [[1, 1]]}], "strokes.unreadable"),
        ([{**DOT, "colour": "red"}], "strokes.unreadable"),
        ([{**DOT, "points": [[1, 1, 1]]}], "strokes.unreadable"),
        ([{**DOT, "points": [["1", 1]]}], "strokes.unreadable"),
        ([{**DOT, "size": True}], "strokes.unreadable"),
        ([{**DOT, "tool": "smudge"}], "strokes.unknown_tool"),
        ([{**DOT, "tool": ["keep"]}], "strokes.unknown_tool"),
        ([{"tool": "polygon", "mode": "refine", "points": [[0, 0], [1, 0], [1, 1]]}], "strokes.unknown_tool"),
        ([{**DOT, "size": 0.5}], "strokes.out_of_range"),
        ([{**DOT, "size": 10**400}], "strokes.out_of_range"),
        ([{**DOT, "hardness": 1.01}], "strokes.out_of_range"),
        ([{**DOT, "points": [[float("nan"), 1]]}], "strokes.out_of_range"),
        ([{**DOT, "points": [[float("inf"), 1]]}], "strokes.out_of_range"),
        ([{**DOT, "points": []}], "strokes.too_few_points"),
        ([{"tool": "polygon", "mode": "keep", "points": [[0, 0], [1, 0]]}], "strokes.too_few_points"),
        ([{**DOT, "points": [[1, 1]] * (MOST_POINTS + 1)}], "strokes.too_many_points"),
        ([DOT] * (MOST_STROKES + 1), "strokes.too_many"),
        ([{**DOT, "points": [[1, 1]] * MOST_POINTS}] * 21, "strokes.too_many"),
        ({"photo_size": [640, 481], "strokes": []}, "strokes.other_photo"),
    ],
)
def test_it_refuses_what_it_can_not_read(document: Any, code: str) -> None:
    with pytest.raises(InputRejected) as caught:
        parse_strokes(document, size=(640, 480))
    assert caught.value.code == code
    assert caught.value.message


def test_the_refusal_says_which_stroke() -> None:
    with pytest.raises(InputRejected, match="stroke 1") as caught:
        parse_strokes([DOT, {**DOT, "size": 0}])
    assert caught.value.params == {"index": 1}


@pytest.mark.parametrize("diameter", [9.0, 60.0, 500.0])
def test_a_hard_dot_covers_the_area_of_its_circle(diameter: float) -> None:
    found = painted(Brush("keep", diameter, 1.0, ((400.0, 300.0),)), (800, 600))
    assert found is not None
    window, coverage = found
    assert coverage.sum() / 255 == pytest.approx(np.pi * diameter**2 / 4, rel=0.01)
    assert window.x + window.width / 2 == pytest.approx(400, abs=1)
    assert coverage.max() == 255


def test_a_soft_brush_falls_from_its_hard_part_to_its_rim() -> None:
    found = painted(Brush("keep", 40.0, 0.5, ((50.0, 50.0), (90.0, 50.0))), (200, 100))
    assert found is not None
    window, coverage = found
    column = coverage[:, 70 - window.x].astype(int)
    middle = 50 - window.y
    assert (column[middle - 9 : middle + 9] == 255).all()
    assert column[middle + 14] == pytest.approx(255 * 5.5 / 10, abs=2)
    assert column[0] < 20
    assert (np.diff(column[middle:]) <= 0).all()


def test_a_polygon_covers_its_exact_area_and_leaves_what_it_winds_around_twice() -> None:
    square = Polygon("keep", ((10.5, 10.25), (30.5, 10.25), (30.5, 20.25), (10.5, 20.25)))
    found = painted(square, (100, 100))
    assert found is not None
    window, coverage = found
    assert window == Box(10, 10, 21, 11)
    assert coverage.sum() / 255 == pytest.approx(200, rel=0.005)
    assert coverage[5, 0] == 128
    twice = Polygon("keep", ((0.0, 0.0), (40.0, 0.0), (40.0, 40.0), (0.0, 40.0)) * 2)
    found = painted(twice, (100, 100))
    assert found is not None
    assert not found[1].any()


def test_a_stroke_beside_the_photo_paints_nothing() -> None:
    assert painted(Brush("keep", 10.0, 1.0, ((-50.0, 20.0),)), (100, 100)) is None
    assert painted(Polygon("keep", ((200.0, 0.0), (300.0, 0.0), (300.0, 9.0))), (100, 100)) is None


def test_a_stroke_across_the_border_is_clipped() -> None:
    found = painted(Brush("keep", 20.0, 1.0, ((-100.0, 50.0), (500.0, 50.0))), (100, 100))
    assert found is not None
    window, coverage = found
    assert window == Box(0, 39, 100, 22)
    assert (coverage[2:20] == 255).all()
