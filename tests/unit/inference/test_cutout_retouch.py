"""What a person paints on a cutout, and all that it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.cli import main
from inference.errors import Cancelled, InputRejected
from inference.ops.brush import painted
from inference.ops.strokes import Stroke, parse_strokes
from inference.pipelines.cutout import placed_cutout, refine_cutout
from inference.types import U8, Cutout, Mask
from tests.bench.drawn_photos import DrawnPhoto, draw

KEEP = {"tool": "keep", "size": 30, "points": [[60, 60], [120, 80]]}
REMOVE = {"tool": "remove", "size": 24, "points": [[160, 150], [160, 220]]}
REFINE = {"tool": "refine", "size": 26, "hardness": 1, "points": [[118, 150], [118, 200]]}
TRIANGLE = {"tool": "polygon", "mode": "keep", "points": [[20, 20], [60, 20], [20, 60]]}
HOLE = {"tool": "polygon", "mode": "remove", "points": [[140, 120], [180, 120], [180, 140], [140, 140]]}
ALL = [KEEP, REMOVE, REFINE, TRIANGLE, HOLE]


@pytest.fixture(scope="module")
def plush() -> DrawnPhoto:
    return draw("plush", "wood", side_px=320)


@pytest.fixture(scope="module")
def cutout(plush: DrawnPhoto) -> Cutout:
    """A hard cut along the truth: the softness of its fur is missing."""
    alpha = np.where(plush.alpha > 127, 255, 0).astype(np.uint8)
    return Cutout(np.where(alpha[..., None] > 0, plush.rgb, 0).astype(np.uint8), alpha, "classical", 0.7)


def outline(photo: DrawnPhoto, size: float) -> tuple[Stroke, ...]:
    """A refine stroke along a piece of the fur."""
    rows = range(photo.alpha.shape[0] // 2, photo.alpha.shape[0] // 2 + 60, 3)
    points = [[float(np.flatnonzero(photo.alpha[row] > 127)[0]), row + 0.5] for row in rows]
    return parse_strokes([{"tool": "refine", "size": size, "hardness": 1, "points": points}])


def painted_by(strokes: tuple[Stroke, ...], photo: U8) -> Mask:
    touched = np.zeros(photo.shape[:2], np.bool_)
    for stroke in strokes:
        found = painted(stroke, (photo.shape[1], photo.shape[0]))
        if found is not None:
            window, coverage = found
            touched[window.y : window.y + window.height, window.x : window.x + window.width] |= coverage > 0
    return touched


@pytest.mark.parametrize("entry", ALL, ids=["keep", "remove", "refine", "polygon keep", "polygon remove"])
def test_what_was_not_painted_stays_bit_identical(entry: dict[str, object], plush: DrawnPhoto, cutout: Cutout) -> None:
    before = cutout.rgb.copy(), cutout.alpha.copy(), plush.rgb.copy()
    strokes = parse_strokes([entry])
    result = refine_cutout(plush.rgb, cutout, strokes)
    outside = ~painted_by(strokes, plush.rgb)
    assert np.count_nonzero(~outside) > 300
    assert np.array_equal(result.alpha[outside], cutout.alpha[outside])
    assert np.array_equal(result.rgb[outside], cutout.rgb[outside])
    assert not np.array_equal(result.alpha, cutout.alpha)
    for kept, now in zip(before, (cutout.rgb, cutout.alpha, plush.rgb), strict=True):
        assert np.array_equal(kept, now)


def test_kept_pixels_take_the_photos_own_colours(plush: DrawnPhoto, cutout: Cutout) -> None:
    result = refine_cutout(plush.rgb, cutout, parse_strokes([KEEP, TRIANGLE]))
    raised = result.alpha > cutout.alpha
    assert np.count_nonzero(raised) > 1000
    assert np.array_equal(result.rgb[raised], plush.rgb[raised])
    assert (result.alpha >= cutout.alpha).all()


def test_removed_pixels_are_clear_and_hand_no_colour_on(plush: DrawnPhoto, cutout: Cutout) -> None:
    result = refine_cutout(plush.rgb, cutout, parse_strokes([REMOVE, HOLE]))
    cleared = (result.alpha == 0) & (cutout.alpha > 0)
    assert np.count_nonzero(cleared) > 1000
    assert not result.rgb[cleared].any()
    assert (result.alpha <= cutout.alpha).all()


@pytest.mark.parametrize(("surroundings", "size"), [("paper", 18), ("paper", 60), ("leaves", 18), ("leaves", 60)])
def test_the_refine_brush_brings_fur_back_where_it_painted(surroundings: str, size: float) -> None:
    photo = draw("plush", surroundings, side_px=320)
    hard = np.where(photo.alpha > 127, 255, 0).astype(np.uint8)
    strokes = outline(photo, size)
    result = refine_cutout(photo.rgb, Cutout(photo.rgb, hard, "classical", 0.7), strokes)
    touched = painted_by(strokes, photo.rgb)

    def error(alpha: U8) -> float:
        return float(np.abs(alpha[touched].astype(float) - photo.alpha[touched]).mean())

    assert error(result.alpha) < 0.6 * error(hard)
    solid = touched & (result.alpha == 255)
    assert np.array_equal(result.rgb[solid], photo.rgb[solid])


def test_painting_in_two_goes_is_painting_in_one(plush: DrawnPhoto, cutout: Cutout) -> None:
    strokes = parse_strokes([*ALL, KEEP, REFINE, REMOVE])
    at_once = refine_cutout(plush.rgb, cutout, strokes)
    again = refine_cutout(plush.rgb, cutout, strokes)
    step_by_step = cutout
    for stroke in strokes:
        step_by_step = refine_cutout(plush.rgb, step_by_step, [stroke])
    for other in (again, step_by_step):
        assert np.array_equal(at_once.alpha, other.alpha)
        assert np.array_equal(at_once.rgb, other.rgb)
        assert at_once.steps == other.steps
    assert list(at_once.steps) == [stroke.as_dict() for stroke in strokes]


def test_strokes_alone_can_make_a_cutout(plush: DrawnPhoto) -> None:
    result = refine_cutout(plush.rgb, None, parse_strokes([TRIANGLE, KEEP]))
    assert result.engine == "hand"
    assert result.alpha[30, 30] == 255
    assert result.alpha[200, 200] == 0
    assert "several_objects" in result.warnings


def test_a_person_takes_back_the_doubt_but_not_the_facts(plush: DrawnPhoto, cutout: Cutout) -> None:
    doubted = Cutout(cutout.rgb, cutout.alpha, "classical", 0.2, warnings=("low_confidence", "fallback_engine"))
    edge = parse_strokes([{"tool": "keep", "size": 40, "points": [[0, 160], [160, 160]]}])
    assert set(refine_cutout(plush.rgb, doubted, edge).warnings) == {"touches_frame", "fallback_engine"}


def test_nothing_left_is_refused(plush: DrawnPhoto, cutout: Cutout) -> None:
    everything = parse_strokes([{"tool": "remove", "size": 2000, "hardness": 1, "points": [[160, 160]]}])
    with pytest.raises(InputRejected, match="undo the last one") as caught:
        refine_cutout(plush.rgb, cutout, everything)
    assert caught.value.code == "cutout.nothing_left"


def test_a_cutout_of_another_photo_is_refused(cutout: Cutout) -> None:
    with pytest.raises(InputRejected) as caught:
        refine_cutout(np.zeros((100, 100, 3), np.uint8), cutout, [])
    assert caught.value.code == "strokes.other_photo"


def test_the_caller_can_cancel_between_strokes(plush: DrawnPhoto, cutout: Cutout) -> None:
    def stop(stage: str, fraction: float) -> None:
        assert stage == "strokes"
        if fraction > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        refine_cutout(plush.rgb, cutout, parse_strokes([KEEP, REMOVE]), on_progress=stop)


def test_a_cropped_cutout_goes_back_to_its_place(cutout: Cutout) -> None:
    rgba = np.dstack([cutout.rgb, cutout.alpha])
    rows, columns = np.nonzero(cutout.alpha)
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    window = int(left), int(top), int(right - left), int(bottom - top)
    back = placed_cutout(rgba[top:bottom, left:right], window=window, size=(320, 320), engine="classical")
    assert np.array_equal(back.alpha, cutout.alpha)
    assert np.array_equal(back.rgb[back.alpha > 0], cutout.rgb[cutout.alpha > 0])
    with pytest.raises(InputRejected):
        placed_cutout(rgba[top:bottom, left:right], window=(200, *window[1:]), size=(320, 320), engine="classical")


def test_the_command_line_paints_strokes(
    plush: DrawnPhoto, cutout: Cutout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(np.dstack([plush.rgb, cutout.alpha])).save(tmp_path / "photo.png")
    (tmp_path / "strokes.json").write_text(json.dumps({"version": 1, "photo_size": [320, 320], "strokes": [KEEP]}))
    out = tmp_path / "cutout.png"
    command = ["cutout", str(tmp_path / "photo.png"), "--out", str(out), "--strokes", str(tmp_path / "strokes.json")]
    assert main(command) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["steps"] == [stroke.as_dict() for stroke in parse_strokes([KEEP])]
    expected = refine_cutout(plush.rgb, cutout, parse_strokes([KEEP]))
    with Image.open(out) as picture:
        assert np.array_equal(np.asarray(picture)[..., 3], expected.alpha)
    (tmp_path / "strokes.json").write_text("{nonsense")
    assert main(command) == 2
    assert json.loads(capsys.readouterr().out)["error"] == "strokes.unreadable"
