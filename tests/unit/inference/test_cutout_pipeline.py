"""The cutout pipeline on drawn photos whose exact alpha is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference.errors import Cancelled, EngineUnavailable, InputRejected
from inference.pipelines.cutout import cut_out
from inference.ports import CutoutOptions
from inference.types import U8, Box, Cutout
from tests.bench.drawn_photos import DrawnPhoto, draw


def iou(cutout: Cutout, photo: DrawnPhoto) -> float:
    ours, truth = cutout.alpha > 127, photo.alpha > 127
    return float(np.count_nonzero(ours & truth) / np.count_nonzero(ours | truth))


@pytest.fixture(scope="module")
def bottle() -> DrawnPhoto:
    return draw("bottle", "wood", side_px=320)


@pytest.fixture(scope="module")
def boxed(bottle: DrawnPhoto) -> Cutout:
    return cut_out(bottle.rgb, box=Box(*bottle.box()))


def test_it_finds_a_boxed_bottle_on_wood(boxed: Cutout, bottle: DrawnPhoto) -> None:
    assert iou(boxed, bottle) >= 0.96
    assert boxed.engine == "guided"
    assert boxed.size == (320, 320)


def test_it_finds_a_shoe_on_paper_without_a_box() -> None:
    photo = draw("shoe", "wood", side_px=320)
    assert iou(cut_out(photo.rgb), photo) >= 0.95


def test_it_follows_soft_fur() -> None:
    photo = draw("plush", "leaves", side_px=320)
    result = cut_out(photo.rgb, box=Box(*photo.box()))
    assert iou(result, photo) >= 0.93
    assert np.abs(result.alpha.astype(float) - photo.alpha).mean() <= 6.0


def test_it_leaves_the_hole_of_a_handle_open() -> None:
    photo = draw("mug", "wood", side_px=320)
    result = cut_out(photo.rgb, box=Box(*photo.box()))
    rows, columns = np.nonzero(photo.alpha > 127)
    hole = np.zeros(photo.alpha.shape, bool)
    hole[rows.min() : rows.max(), (columns.min() + columns.max()) // 2 : columns.max()] = True
    hole &= photo.alpha == 0
    assert iou(result, photo) >= 0.95
    assert (result.alpha[hole] < 128).mean() >= 0.9


def test_product_pixels_are_the_photos_own_and_the_outside_is_empty(boxed: Cutout, bottle: DrawnPhoto) -> None:
    solid = boxed.alpha == 255
    assert np.count_nonzero(solid) > 4000
    assert np.array_equal(boxed.rgb[solid], bottle.rgb[solid])
    x, y, width, height = bottle.box(margin_px=24)
    far = np.ones(boxed.alpha.shape, bool)
    far[y : y + height, x : x + width] = False
    assert not boxed.alpha[far].any()


def test_the_same_photo_gives_the_same_bytes(boxed: Cutout, bottle: DrawnPhoto) -> None:
    again = cut_out(bottle.rgb, box=Box(*bottle.box()))
    assert again.rgb.tobytes() == boxed.rgb.tobytes()
    assert again.alpha.tobytes() == boxed.alpha.tobytes()
    assert again.confidence == boxed.confidence


def test_it_does_not_change_the_photo_it_is_given(bottle: DrawnPhoto) -> None:
    before = bottle.rgb.copy()
    cut_out(bottle.rgb, box=Box(*bottle.box()))
    assert np.array_equal(before, bottle.rgb)


def test_the_files_own_alpha_is_the_cutout(bottle: DrawnPhoto) -> None:
    result = cut_out(bottle.rgb, alpha=bottle.alpha)
    assert result.engine == "alpha"
    assert np.array_equal(result.alpha, bottle.alpha)
    assert result.confidence == 1.0


def test_a_box_limits_the_files_own_alpha(bottle: DrawnPhoto) -> None:
    result = cut_out(bottle.rgb, alpha=bottle.alpha, box=Box(0, 0, 320, 160))
    assert np.array_equal(result.alpha[:160], bottle.alpha[:160])
    assert not result.alpha[160:].any()


def test_the_files_own_alpha_is_looked_at_too(bottle: DrawnPhoto) -> None:
    two = np.hstack([bottle.alpha, bottle.alpha])
    assert cut_out(np.hstack([bottle.rgb, bottle.rgb]), alpha=two).warnings == ("several_objects",)
    rows = np.flatnonzero(bottle.alpha.any(axis=1))
    cropped = np.s_[: int(rows[-1]) - 30]
    assert "touches_frame" in cut_out(bottle.rgb[cropped], alpha=bottle.alpha[cropped]).warnings


def test_rounded_corners_do_not_make_a_photo_a_cutout(bottle: DrawnPhoto, boxed: Cutout) -> None:
    corners = np.full((320, 320), 255, np.uint8)
    corners[:12, :12] = corners[:12, -12:] = corners[-12:, :12] = corners[-12:, -12:] = 0
    result = cut_out(bottle.rgb, alpha=corners, box=Box(*bottle.box()))
    assert result.engine == boxed.engine
    assert np.array_equal(result.alpha, boxed.alpha)


def test_a_fully_transparent_file_holds_no_product(bottle: DrawnPhoto) -> None:
    with pytest.raises(InputRejected) as caught:
        cut_out(bottle.rgb, alpha=np.full((320, 320), 3, np.uint8))
    assert caught.value.code == "cutout.transparent"


def test_a_box_on_the_clear_part_of_a_file_asks_for_another_box(bottle: DrawnPhoto) -> None:
    alpha = np.zeros((320, 320), np.uint8)
    alpha[:100] = 255
    with pytest.raises(InputRejected) as caught:
        cut_out(bottle.rgb, alpha=alpha, box=Box(20, 200, 100, 100))
    assert caught.value.code == "cutout.nothing_found"


def test_an_opaque_alpha_says_nothing_and_is_ignored(bottle: DrawnPhoto, boxed: Cutout) -> None:
    result = cut_out(bottle.rgb, alpha=np.full((320, 320), 255, np.uint8), box=Box(*bottle.box()))
    assert result.engine == "guided"
    assert np.array_equal(result.alpha, boxed.alpha)


def test_it_rejects_a_photo_that_is_too_small() -> None:
    with pytest.raises(InputRejected, match="20x20") as caught:
        cut_out(np.zeros((20, 20, 3), np.uint8))
    assert caught.value.code == "cutout.too_small"


@pytest.mark.parametrize("box", [Box(400, 10, 50, 50), Box(-60, -60, 62, 62), Box(10, 10, 3, 3)])
def test_it_rejects_a_box_outside_the_photo(bottle: DrawnPhoto, box: Box) -> None:
    with pytest.raises(InputRejected, match="draw it around the product") as caught:
        cut_out(bottle.rgb, box=box)
    assert caught.value.code == "cutout.box_outside"


def test_a_box_around_the_whole_photo_finds_the_product_all_the_same() -> None:
    photo = draw("shoe", "wood", side_px=320)
    assert iou(cut_out(photo.rgb, box=Box(0, 0, 320, 320)), photo) >= 0.9


def test_a_box_may_reach_over_the_photos_edge(bottle: DrawnPhoto) -> None:
    x, y, width, _ = bottle.box()
    result = cut_out(bottle.rgb, box=Box(x, y, width, 400))
    assert iou(result, bottle) >= 0.9


@pytest.mark.parametrize("box", [None, Box(20, 20, 60, 60)])
def test_an_empty_wall_holds_no_product(box: Box | None) -> None:
    with pytest.raises(InputRejected) as caught:
        cut_out(np.full((128, 128, 3), 200, np.uint8), box=box)
    assert caught.value.code == "cutout.nothing_found"


def test_it_warns_of_a_product_that_the_frame_cuts(bottle: DrawnPhoto) -> None:
    x, y, width, height = bottle.box()
    cropped = np.ascontiguousarray(bottle.rgb[: y + height - 40])
    result = cut_out(cropped, box=Box(x, y, width, height))
    assert "touches_frame" in result.warnings
    assert result.measures["frame_touch"] > 0.01


def test_it_warns_of_a_product_with_few_pixels() -> None:
    photo = draw("bottle", "wood", side_px=200)
    assert "tiny" in cut_out(photo.rgb, box=Box(*photo.box())).warnings


def test_it_warns_of_two_products_in_one_box() -> None:
    single = draw("shoe", "paper", side_px=240)
    double: U8 = np.hstack([single.rgb, single.rgb[:, ::-1]])
    result = cut_out(np.ascontiguousarray(double), box=Box(10, 40, 460, 180))
    assert "several_objects" in result.warnings


def test_a_failing_download_falls_back_and_says_so(
    bottle: DrawnPhoto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(address: str, path: Path) -> None:
        raise OSError(f"no route to {address}")

    monkeypatch.setattr("inference.engines.rembg._fetch", offline)
    options = CutoutOptions(weights_dir=tmp_path, allow_download=True)
    result = cut_out(bottle.rgb, box=Box(*bottle.box()), options=options)
    assert result.engine == "guided"
    assert "fallback_engine" in result.warnings


def test_an_engine_asked_for_by_name_does_not_fall_back(bottle: DrawnPhoto, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="downloads are off"):
        cut_out(bottle.rgb, engine="rembg", options=CutoutOptions(weights_dir=tmp_path))


def test_it_rejects_an_unknown_engine(bottle: DrawnPhoto) -> None:
    with pytest.raises(InputRejected, match="rembg, guided, classical"):
        cut_out(bottle.rgb, engine="magic")


def test_progress_names_each_stage_and_can_cancel(bottle: DrawnPhoto) -> None:
    seen: list[str] = []

    def watch(stage: str, fraction: float) -> None:
        assert 0 <= fraction <= 1
        seen.append(stage)
        if stage == "foreground":
            raise Cancelled

    with pytest.raises(Cancelled):
        cut_out(bottle.rgb, box=Box(*bottle.box()), on_progress=watch)
    assert list(dict.fromkeys(seen)) == ["find", "refine", "matte", "foreground"]


@pytest.mark.parametrize("corner", [(2, 2), (300, 300)])
def test_a_box_of_a_few_pixels_on_the_background_is_refused_in_words(
    bottle: DrawnPhoto, corner: tuple[int, int]
) -> None:
    with pytest.raises(InputRejected) as caught:
        cut_out(bottle.rgb, box=Box(*corner, 9, 9))
    assert caught.value.code == "cutout.nothing_found"
