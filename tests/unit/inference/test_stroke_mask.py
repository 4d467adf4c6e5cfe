"""What was painted on a picture as a mask, exactly and about."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from inference.ops.stroke_mask import mask_of
from inference.ops.stroke_share import painted_share
from inference.ops.strokes import parse_strokes

SIZE = (400, 300)
LINE = {"tool": "keep", "size": 40, "hardness": 1, "points": [[100, 150], [300, 150]]}
CORNER = {"tool": "polygon", "mode": "keep", "points": [[0, 0], [200, 0], [0, 150]]}


def strokes(*entries: dict[str, Any]) -> Any:
    return parse_strokes(json.loads(json.dumps(entries)))


def test_painting_raises_and_erasing_lowers_in_their_order() -> None:
    eraser = {**LINE, "tool": "remove", "points": [[200, 150], [400, 150]]}
    mask = mask_of(strokes(LINE, eraser), SIZE)
    assert mask.shape == (300, 400)
    assert (mask[150, 120], mask[150, 250], mask[20, 20]) == (255, 0, 0)
    again = mask_of(strokes(LINE, eraser, LINE), SIZE)
    assert (again == mask_of(strokes(LINE), SIZE)).all()


def test_a_soft_brush_paints_softly() -> None:
    soft = mask_of(strokes({**LINE, "hardness": 0}), SIZE)
    assert 0 < soft[140, 200] < soft[148, 200] <= 255


@pytest.mark.parametrize(
    "entries",
    [
        [LINE],
        [CORNER],
        [LINE, CORNER],
        [CORNER, {**LINE, "tool": "remove", "size": 120}],
        [LINE, {**LINE, "tool": "remove", "size": 60}],
        [{**LINE, "points": [[9000, 9000]]}],
    ],
)
def test_the_light_share_is_near_the_exact_one(entries: list[dict[str, Any]]) -> None:
    exact = float(np.mean(mask_of(strokes(*entries), SIZE) > 127))
    about = painted_share(strokes(*entries), SIZE)
    assert about == pytest.approx(exact, abs=0.012)
    assert (about == 0) == (exact == 0)
