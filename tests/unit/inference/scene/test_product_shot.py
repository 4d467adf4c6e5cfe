"""A product shot, end to end on a set whose light is known."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.engines.studio_sets.plates import PlateStore
from inference.engines.studio_sets.recolouring import chosen_colours
from inference.errors import Cancelled, EngineUnavailable, InputRejected
from inference.ops.gate import interior
from inference.ops.placement import Placement, on_canvas, resample
from inference.pipelines.product_shot import make_shot, warm
from inference.ports import SceneOptions
from inference.recipe import pixels_sha256, recipe_hash
from inference.types import Cutout, ShotResult, ShotSpec

SPEC = ShotSpec("synthetic", width=400, height=400)


@pytest.fixture(scope="module")
def shot(photo: np.ndarray, cutout: Cutout, options: SceneOptions) -> ShotResult:
    return make_shot(photo, cutout, SPEC, options=options)


def test_the_product_shows_the_photos_own_pixels(shot: ShotResult, photo: np.ndarray, cutout: Cutout) -> None:
    placement = Placement(**shot.recipe["parameters"]["placement"])
    placed = on_canvas(resample(photo, placement), placement, (400, 400))
    inside = interior(on_canvas(resample(cutout.alpha, placement), placement, (400, 400)))
    assert inside.sum() > 10_000
    assert np.array_equal(shot.master[inside], placed[inside])
    assert shot.gate.passed
    assert shot.gate.max_abs_diff == 0
    assert shot.gate.pixels_compared == inside.sum()


def test_the_master_is_the_plate_where_no_product_is(shot: ShotResult) -> None:
    empty = shot.mask == 0
    assert np.array_equal(shot.master[empty], shot.plate[empty])


def test_the_product_stands_on_its_anchor(shot: ShotResult) -> None:
    lowest = int(np.flatnonzero((shot.mask >= 128).any(axis=1))[-1]) + 1
    placement = shot.recipe["parameters"]["placement"]
    assert lowest == placement["y"] + placement["height"] - 3
    assert 0.5 < lowest / 400 < 0.9


def test_the_product_keeps_its_proportions(shot: ShotResult, cutout: Cutout) -> None:
    rows, columns = np.nonzero(shot.mask >= 128)
    photo_rows, photo_columns = np.nonzero(cutout.alpha >= 128)
    drawn = (np.ptp(columns) + 1) / (np.ptp(rows) + 1)
    assert drawn == pytest.approx((np.ptp(photo_columns) + 1) / (np.ptp(photo_rows) + 1), rel=0.015)


def test_the_shadow_falls_away_from_the_lamp(shot: ShotResult) -> None:
    placement = shot.recipe["parameters"]["placement"]
    base = placement["y"] + placement["height"] - 3
    near_base = shot.shadow[base - 25 : base + 5].astype(float)
    left = near_base[:, placement["x"] - 60 : placement["x"] - 5].mean()
    right = near_base[:, placement["x"] + placement["width"] + 5 : placement["x"] + placement["width"] + 60].mean()
    assert right < left - 20


def test_the_shadow_mirrors_with_the_set(photo: np.ndarray, cutout: Cutout, options: SceneOptions) -> None:
    seeds = (seed for seed in range(1, 30))
    for seed in seeds:
        mirrored = make_shot(photo, cutout, replace(SPEC, seed=seed), options=options)
        if mirrored.recipe["parameters"]["look"]["mirrored"]:
            break
    placement = mirrored.recipe["parameters"]["placement"]
    base = placement["y"] + placement["height"] - 3
    near_base = mirrored.shadow[base - 25 : base + 5].astype(float)
    left = near_base[:, placement["x"] - 60 : placement["x"] - 5].mean()
    right = near_base[:, placement["x"] + placement["width"] + 5 : placement["x"] + placement["width"] + 60].mean()
    assert left < right - 20


def test_the_base_is_grounded(shot: ShotResult) -> None:
    rows, columns = np.nonzero(shot.mask >= 128)
    base, middle = rows.max() + 1, int(columns.mean())
    assert shot.shadow[base - 2 : base + 1, middle - 20 : middle + 20].max() < 160


@pytest.mark.parametrize("size", [(240, 240), (240, 300), (300, 240), (200, 266), (284, 160)])
def test_the_product_is_as_large_as_wanted_in_every_format(
    photo: np.ndarray, cutout: Cutout, options: SceneOptions, size: tuple[int, int]
) -> None:
    spec = replace(SPEC, width=size[0], height=size[1], seed=0)
    measures = make_shot(photo, cutout, spec, options=options).measures
    # 58 % of the height or 60 % of the width, whichever it reaches first
    assert max(measures["fill_height"] / 0.58, measures["fill_width"] / 0.6) == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize("code", ["#1b4d3e", "#c0392b", "#f4e9d8", "#2d4fa0"])
def test_a_wall_takes_the_brand_colour(photo: np.ndarray, cutout: Cutout, options: SceneOptions, code: str) -> None:
    result = make_shot(photo, cutout, replace(SPEC, palette=(code,)), options=options)
    assert result.gate.set_delta_e is not None
    assert result.gate.set_delta_e <= 1.0


def test_a_recoloured_wall_leaves_the_table_alone(
    shot: ShotResult, photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    green = make_shot(photo, cutout, replace(SPEC, palette=("#1b4d3e",)), options=options)
    assert np.array_equal(green.plate[330:], shot.plate[330:])
    assert np.abs(green.plate[40, 40].astype(int) - shot.plate[40, 40]).max() > 100


def test_an_empty_colour_leaves_its_surface_alone(
    shot: ShotResult, photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    table = make_shot(photo, cutout, replace(SPEC, palette=("", "#1b4d3e")), options=options)
    assert list(table.recipe["parameters"]["colours"]) == ["table"]
    assert np.array_equal(table.plate[:100], shot.plate[:100])
    assert np.abs(table.plate[-20, 40].astype(int) - shot.plate[-20, 40]).max() > 60


def test_details_come_last_and_lead_nobody(sets_dir: Path) -> None:
    studio = PlateStore(sets_dir, 512).get("uniform")
    wall, table = studio.materials
    detailed = replace(studio, materials=(replace(wall, detail=True), table))
    assert chosen_colours(studio, ("#1b4d3e",)) == {0: "#1b4d3e", 1: "#1b4d3e"}
    assert chosen_colours(detailed, ("#1b4d3e",)) == {1: "#1b4d3e"}
    assert chosen_colours(detailed, ("", "#1b4d3e")) == {0: "#1b4d3e"}


def test_the_same_request_makes_the_same_bytes(
    shot: ShotResult, photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    again = make_shot(photo, cutout, SPEC, options=options)
    assert np.array_equal(again.master, shot.master)
    assert again.recipe == shot.recipe
    assert again.recipe["output"]["pixels_sha256"] == pixels_sha256(shot.master)


def test_twelve_seeds_make_twelve_pictures(photo: np.ndarray, cutout: Cutout, options: SceneOptions) -> None:
    shots = [make_shot(photo, cutout, replace(SPEC, seed=seed), options=options) for seed in range(12)]
    assert len({shot.recipe["output"]["pixels_sha256"] for shot in shots}) == 12
    assert len({recipe_hash(shot.recipe) for shot in shots}) == 12
    assert all(shot.gate.passed for shot in shots)


@pytest.mark.parametrize(("width", "height"), [(400, 500), (300, 400), (270, 480), (480, 270)])
def test_every_format_holds_the_whole_product(
    photo: np.ndarray, cutout: Cutout, options: SceneOptions, width: int, height: int
) -> None:
    result = make_shot(photo, cutout, replace(SPEC, width=width, height=height), options=options)
    assert result.master.shape == (height, width, 3)
    rows, columns = np.nonzero(result.mask >= 128)
    assert rows.min() > 0.05 * height
    assert rows.max() < 0.95 * height
    assert columns.min() > 0.08 * width
    assert columns.max() < 0.92 * width
    assert result.gate.passed


def test_a_prop_in_front_covers_the_product_and_the_rest_stays_exact(
    photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    open_view = make_shot(photo, cutout, SPEC, options=options)
    behind = make_shot(photo, cutout, replace(SPEC, set_name="pillar"), options=options)
    hidden = (open_view.mask == 255) & (behind.mask == 0)
    assert hidden.sum() > 200
    assert np.array_equal(behind.master[hidden], behind.plate[hidden])
    assert behind.gate.passed
    assert behind.gate.pixels_compared < open_view.gate.pixels_compared


def test_a_glossy_table_mirrors_the_product_below_its_base(
    shot: ShotResult, photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    glossy = make_shot(photo, cutout, replace(SPEC, set_name="glossy"), options=options)
    placement = shot.recipe["parameters"]["placement"]
    base = placement["y"] + placement["height"] + 2
    middle = placement["x"] + placement["width"] // 2
    below = np.s_[base : base + 30, middle - 20 : middle + 20]
    beside = np.s_[base : base + 30, 5:30]
    change = glossy.plate.astype(int) - shot.plate
    assert np.abs(change[below]).mean() > 4
    assert np.abs(change[beside]).mean() < 1.5


def test_enlarging_a_small_photo_is_said(photo: np.ndarray, cutout: Cutout, options: SceneOptions) -> None:
    small = Cutout(rgb=cutout.rgb[::8, ::8], alpha=cutout.alpha[::8, ::8].copy(), engine="test", confidence=1.0)
    result = make_shot(photo[::8, ::8], small, SPEC, options=options)
    assert result.warnings == ("shot.product_upscaled",)
    assert result.measures["product_scale"] > 1


@pytest.mark.parametrize(("scale", "warnings"), [(1.0, ()), (2.0, ("shot.product_cut_off",))])
def test_a_product_that_ends_beyond_the_picture_is_said(
    photo: np.ndarray, cutout: Cutout, options: SceneOptions, scale: float, warnings: tuple[str, ...]
) -> None:
    result = make_shot(photo, cutout, replace(SPEC, edits=replace(SPEC.edits, scale=scale)), options=options)
    assert result.warnings == warnings
    assert result.recipe["warnings"] == list(warnings)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"set_name": "nowhere"}, "shot.unknown_set"),
        ({"palette": ("green",)}, "shot.bad_colour"),
        ({"palette": ("#111", "#222", "#333")}, "shot.too_many_colours"),
        ({"width": 10}, "shot.bad_size"),
        ({"scale": 0.0}, "shot.bad_scale"),
        ({"options": {"sparkle": True}}, "shot.unknown_option"),
        ({"offset": (0.0, -3.0)}, "shot.offset_outside"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    photo: np.ndarray, cutout: Cutout, options: SceneOptions, change: dict[str, object], code: str
) -> None:
    with pytest.raises(InputRejected) as refusal:
        make_shot(photo, cutout, replace(SPEC, **change), options=options)
    assert refusal.value.code == code


def test_an_empty_cutout_is_refused(photo: np.ndarray, cutout: Cutout, options: SceneOptions) -> None:
    with pytest.raises(InputRejected) as refusal:
        make_shot(photo, replace(cutout, alpha=np.zeros_like(cutout.alpha)), SPEC, options=options)
    assert refusal.value.code == "shot.empty_cutout"


def test_warming_names_the_sets_that_it_loaded(sets_dir: Path) -> None:
    assert warm(options=SceneOptions(plates_dir=sets_dir)) == ("glossy", "pillar", "raised")
    assert warm(("warm",), options=SceneOptions(plates_dir=sets_dir)) == ("warm",)


def test_a_damaged_set_is_said_by_name(photo: np.ndarray, cutout: Cutout, sets_dir: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(sets_dir / "synthetic", broken)
    (broken / "lamp.jp2").write_bytes(b"not a picture")
    with pytest.raises(EngineUnavailable, match="broken") as refusal:
        make_shot(photo, cutout, replace(SPEC, set_name="broken"), options=SceneOptions(plates_dir=tmp_path))
    assert refusal.value.code == "shot.plates_damaged"


def test_the_least_recently_used_set_leaves_memory_first(sets_dir: Path) -> None:
    store = PlateStore(sets_dir, limit_mb=1)
    first = store.get("synthetic")
    assert store.get("synthetic").normal is first.normal
    store.get("pillar")
    assert store.get("synthetic").normal is not first.normal
    assert PlateStore(sets_dir, limit_mb=500).get("synthetic").digest == first.digest


def test_a_caller_may_stop_it(photo: np.ndarray, cutout: Cutout, options: SceneOptions) -> None:
    seen: list[str] = []

    def stop_at_shadow(stage: str, fraction: float) -> None:
        seen.append(stage)
        if stage == "shadow":
            raise Cancelled

    with pytest.raises(Cancelled):
        make_shot(photo, cutout, SPEC, options=options, on_progress=stop_at_shadow)
    assert seen == ["plates", "place", "stage", "shadow"]


def test_one_colour_reaches_everything_that_looked_the_same(
    photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    alone = make_shot(photo, cutout, replace(SPEC, palette=("#1b4d3e",)), options=options)
    assert alone.recipe["parameters"]["colours"] == {"wall": "#1b4d3e"}
    together = make_shot(photo, cutout, replace(SPEC, set_name="uniform", palette=("#1b4d3e",)), options=options)
    assert together.recipe["parameters"]["colours"] == {"wall": "#1b4d3e", "table": "#1b4d3e"}
    apart = make_shot(photo, cutout, replace(SPEC, set_name="uniform", palette=("#1b4d3e", "#fff")), options=options)
    assert apart.recipe["parameters"]["colours"] == {"wall": "#1b4d3e", "table": "#fff"}


def test_a_brand_colour_stays_itself_under_a_warm_lamp(
    photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    result = make_shot(photo, cutout, replace(SPEC, set_name="warm", palette=("#2d4fa0",)), options=options)
    assert result.gate.set_delta_e is not None
    assert result.gate.set_delta_e <= 1.5
