"""Each edit changes what it says, and nothing else; the product stays the photo's own pixels."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from inference.edits import Edits
from inference.errors import InputRejected
from inference.ops.consistency import backdrop
from inference.ops.gate import interior, product_gate
from inference.ops.placement import Placement, on_canvas, resample
from inference.pipelines.product_shot import draft_shot, make_shot
from inference.pipelines.verify import verify
from inference.ports import SceneOptions
from inference.recipe import canonical_json, recipe_hash
from inference.types import CameraLock, Cutout, ShotResult, ShotSpec
from tests.unit.inference.scene.synthetic_set import write_synthetic_set

SPEC = ShotSpec("synthetic", width=400, height=400)
HORIZON = 210
"""The row where the set's table meets its wall."""

RECIPES = Path(__file__).resolve().parents[3] / "data" / "recipes"
Shoot = Callable[..., ShotResult]


@pytest.fixture(scope="module")
def shoot(photo: np.ndarray, cutout: Cutout, options: SceneOptions) -> Shoot:
    def run(spec: ShotSpec = SPEC, **edits: Any) -> ShotResult:
        return make_shot(photo, cutout, replace(spec, edits=Edits(**edits)), options=options)

    return run


@pytest.fixture(scope="module")
def plain(shoot: Shoot) -> ShotResult:
    return shoot()


def floor_of(shot: ShotResult) -> tuple[int, int, int]:
    """(base row, left, right) of the product on the canvas."""
    rows, columns = np.nonzero(shot.mask >= 128)
    return int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1


def test_a_recorded_recipe_still_makes_its_picture(photo: np.ndarray, cutout: Cutout, tmp_path: Path) -> None:
    recipe = json.loads((RECIPES / "without-edits.json").read_text())
    picture = cv2.cvtColor(cv2.imread(str(RECIPES / "without-edits.png")), cv2.COLOR_BGR2RGB)
    options = SceneOptions(plates_dir=write_synthetic_set(tmp_path, name="glossy", gloss=True))
    report = verify(recipe, photo, cutout, picture=picture, options=options)
    assert report.changed == ()
    # Another processor may round a sample differently; no picture may change beyond that.
    assert report.max_abs_diff is not None
    assert report.max_abs_diff <= 1
    assert report.mean_delta_e is not None
    assert report.mean_delta_e < 0.001


def test_a_shot_without_edits_has_the_recipe_that_it_always_had(plain: ShotResult) -> None:
    assert {"edits", "lock", "camera", "mood"} & set(plain.recipe["spec"]) == set()
    assert "turn" not in plain.recipe["parameters"]
    assert "product_delta_e" not in plain.recipe["gate"]


def test_an_edited_shot_verifies_from_its_recipe(
    shoot: Shoot, photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    shot = shoot(rotate_deg=11, flip=True, exposure_ev=0.1, background_blur=0.5, shadow_softness=2, reflection=1.5)
    recipe = json.loads(canonical_json(shot.recipe))
    report = verify(recipe, photo, cutout, picture=shot.master, options=options)
    assert report.passed
    assert report.identical
    assert report.changed == ()


def test_every_edit_makes_another_recipe_and_another_picture(shoot: Shoot, plain: ShotResult) -> None:
    changes: list[dict[str, Any]] = [
        {"scale": 1.2},
        {"rotate_deg": 5.0},
        {"flip": True},
        {"exposure_ev": 0.1},
        {"warmth_ev": 0.04},
        {"tint_ev": 0.04},
        {"shadow_softness": 2.0},
        {"shadow_intensity": 0.5},
        {"shadow_intensity": 1.5},
        {"shadow_length": 0.6},
        {"light_mirror": True},
        {"reflection": 1.6},
        {"background_blur": 0.8},
        {"frame_zoom": 1.1},
        {"frame_x": 0.05},
        {"frame_y": 0.02},
    ]
    shots = [plain, *(shoot(**change) for change in changes)]
    assert len({recipe_hash(shot.recipe) for shot in shots}) == len(shots)
    assert len({shot.recipe["output"]["pixels_sha256"] for shot in shots}) == len(shots)
    assert all(shot.gate.passed for shot in shots)
    assert all(shot.gate.max_abs_diff == 0 for shot in shots)


@pytest.mark.parametrize(
    "change",
    [
        {"shadow_softness": 3.0},
        {"shadow_intensity": 0.0},
        {"shadow_length": 2.0},
        {"light_mirror": True},
        {"reflection": 2.0},
        {"background_blur": 1.0},
    ],
)
def test_edits_of_the_scene_leave_the_product_alone(shoot: Shoot, plain: ShotResult, change: dict[str, Any]) -> None:
    shot = shoot(**change)
    inside = interior(plain.mask)
    assert np.array_equal(shot.mask, plain.mask)
    assert np.array_equal(shot.master[inside], plain.master[inside])


def test_scale_enlarges_the_product_under_the_same_camera(shoot: Shoot, plain: ShotResult) -> None:
    larger = shoot(scale=1.25)
    assert larger.recipe["parameters"]["window"] == plain.recipe["parameters"]["window"]
    assert larger.measures["product_scale"] == pytest.approx(1.25 * plain.measures["product_scale"], rel=1e-4)
    assert floor_of(larger)[0] == pytest.approx(floor_of(plain)[0], abs=1)
    assert np.abs(larger.plate[:8].astype(int) - plain.plate[:8]).max() <= 1


def test_a_flip_only_moves_pixels(shoot: Shoot, photo: np.ndarray, cutout: Cutout) -> None:
    shot = shoot(flip=True)
    placement = Placement(**shot.recipe["parameters"]["placement"])
    size = (400, 400)
    mirrored = on_canvas(resample(np.ascontiguousarray(photo[:, ::-1]), placement), placement, size)
    alpha = np.ascontiguousarray(cutout.alpha[:, ::-1])
    inside = interior(on_canvas(resample(alpha, placement), placement, size))
    assert inside.sum() > 10_000
    assert np.array_equal(shot.master[inside], mirrored[inside])


def test_a_quarter_turn_lays_the_product_down_at_the_same_scale(shoot: Shoot, plain: ShotResult) -> None:
    lying = shoot(rotate_deg=90)
    assert lying.measures["product_scale"] == pytest.approx(plain.measures["product_scale"], rel=0.02)
    rows, columns = np.nonzero(lying.mask >= 128)
    assert np.ptp(columns) > 1.5 * np.ptp(rows)
    assert lying.gate.passed
    assert lying.gate.edge_delta_e < 1


def test_a_turned_product_stands_on_its_lowest_point(shoot: Shoot, plain: ShotResult) -> None:
    assert floor_of(shoot(rotate_deg=-20))[0] == pytest.approx(floor_of(plain)[0], abs=2)


def test_the_gate_sees_a_turn_that_nobody_asked_for(shoot: Shoot, photo: np.ndarray, cutout: Cutout) -> None:
    shot = shoot(rotate_deg=10)
    judged = {
        degrees: product_gate(
            shot.master,
            photo=photo,
            foreground=cutout.rgb,
            alpha=cutout.alpha,
            plate=shot.plate,
            visible=np.full((400, 400), 255, np.uint8),
            placement=Placement(**shot.recipe["parameters"]["placement"]),
            edits=Edits(rotate_deg=degrees),
        )
        for degrees in (10.0, 10.5, 0.0)
    }
    assert judged[10.0].passed
    assert judged[10.0].max_abs_diff == 0
    assert not judged[10.5].passed
    assert not judged[0.0].passed


def test_the_gate_sees_an_exposure_that_nobody_asked_for(shoot: Shoot, photo: np.ndarray, cutout: Cutout) -> None:
    shot = shoot(exposure_ev=0.1)
    report = product_gate(
        shot.master,
        photo=photo,
        foreground=cutout.rgb,
        alpha=cutout.alpha,
        plate=shot.plate,
        visible=np.full((400, 400), 255, np.uint8),
        placement=Placement(**shot.recipe["parameters"]["placement"]),
    )
    assert not report.passed
    assert report.max_abs_diff > 0


def test_an_exposure_is_measured_and_recorded(shoot: Shoot) -> None:
    gate = shoot(exposure_ev=0.1).gate
    assert gate.passed
    assert gate.max_abs_diff == 0
    assert gate.product_delta_e is not None
    assert gate.product_delta_e_p95 is not None
    assert 0.3 < gate.product_delta_e < 3
    assert gate.product_delta_e <= gate.product_delta_e_p95


def test_white_balance_keeps_the_luminance_of_grey(shoot: Shoot) -> None:
    from inference.ops.colour import LUMINANCE
    from inference.ops.grade import gains

    for edits in (Edits(warmth_ev=0.2), Edits(tint_ev=-0.2), Edits(warmth_ev=-0.1, tint_ev=0.1)):
        assert float(gains(edits) @ np.array(LUMINANCE)) == pytest.approx(1.0, abs=1e-5)
    assert gains(Edits(warmth_ev=0.1))[0] > 1 > gains(Edits(warmth_ev=0.1))[2]
    assert gains(Edits(tint_ev=0.1))[1] < 1


def test_a_colour_change_above_the_cap_is_refused_with_its_figure(shoot: Shoot) -> None:
    with pytest.raises(InputRejected) as refusal:
        shoot(exposure_ev=0.5)
    assert refusal.value.code == "shot.colour_change_too_large"
    assert float(refusal.value.params["delta_e"]) > 3
    assert refusal.value.params["most"] == 3.0


def test_no_shadow_leaves_the_light_as_it_falls_on_the_empty_set(shoot: Shoot) -> None:
    assert shoot(shadow_intensity=0.0).shadow.min() == 255


def test_a_deeper_shadow_is_darker_everywhere(shoot: Shoot, plain: ShotResult) -> None:
    light, deep = shoot(shadow_intensity=0.5).shadow.astype(int), shoot(shadow_intensity=2.0).shadow.astype(int)
    assert (light >= plain.shadow.astype(int) - 1).all()
    assert (deep <= plain.shadow.astype(int) + 1).all()
    assert deep.mean() < plain.shadow.mean() < light.mean()


def test_a_longer_shadow_reaches_further(shoot: Shoot) -> None:
    def reach(shot: ShotResult) -> int:
        return int(np.nonzero(shot.shadow[HORIZON : floor_of(shot)[0]] < 215)[1].max()) - floor_of(shot)[2]

    short, usual, long = (reach(shoot(scale=0.4, shadow_length=length)) for length in (0.5, 1.0, 2.0))
    assert 0 < short < 0.8 * usual
    assert long > 1.5 * usual


def test_a_larger_lamp_softens_the_shadows_edge(shoot: Shoot) -> None:
    def steepest(shot: ShotResult) -> float:
        base, _, right = floor_of(shot)
        beside = shot.shadow[HORIZON:base, right + 10 :].astype(float)
        return float(np.abs(np.diff(beside, axis=0)).max())

    assert steepest(shoot(scale=0.4, shadow_softness=6.0)) < 0.8 * steepest(shoot(scale=0.4, shadow_softness=0.5))


def test_mirrored_light_throws_the_shadow_to_the_other_side(shoot: Shoot, plain: ShotResult) -> None:
    def lean(shot: ShotResult) -> float:
        base, left, right = floor_of(shot)
        near_base = shot.shadow[base - 25 : base + 5].astype(float)
        return float(near_base[:, left - 60 : left - 5].mean() - near_base[:, right + 5 : right + 60].mean())

    assert lean(plain) > 20
    assert lean(shoot(light_mirror=True)) < -20


def test_a_set_that_has_a_left_and_a_right_can_not_be_mirrored(
    photo: np.ndarray, cutout: Cutout, tmp_path: Path
) -> None:
    home = write_synthetic_set(tmp_path, name="lefty")
    description = json.loads((home / "lefty" / "set.json").read_text()) | {"mirrors": False}
    (home / "lefty" / "set.json").write_text(json.dumps(description))
    spec = ShotSpec("lefty", 200, 200, edits=Edits(light_mirror=True))
    with pytest.raises(InputRejected) as refusal:
        make_shot(photo, cutout, spec, options=SceneOptions(plates_dir=home))
    assert refusal.value.code == "shot.set_has_no_mirror"


def test_light_from_one_side_dims_the_lamp_on_the_other(shoot: Shoot, plain: ShotResult) -> None:
    left, right = shoot(light_direction=-1.0), shoot(light_direction=1.0)
    lights = [shot.recipe["parameters"]["look"]["lights"] for shot in (right, plain, left)]
    assert lights[0][0] < lights[1][0] < lights[2][0]
    # The exposure is held: what the lamp loses the surroundings gain.
    assert left.plate.mean() == pytest.approx(right.plate.mean(), rel=0.1)


def test_a_polished_ground_mirrors_and_no_reflection_mirrors_nothing(shoot: Shoot, plain: ShotResult) -> None:
    base, left, right = floor_of(plain)
    below = np.s_[base + 4 : base + 24, (left + right) // 2 - 20 : (left + right) // 2 + 20]
    change = np.abs(shoot(reflection=2.0).plate[below].astype(int) - plain.plate[below]).mean()
    assert change > 4
    glossy = replace(SPEC, set_name="glossy")
    assert np.array_equal(shoot(glossy, reflection=0.0).plate[base + 4 :], plain.plate[base + 4 :])


def test_a_polished_floor_below_a_plinth_does_not_mirror_what_stands_on_it(shoot: Shoot) -> None:
    for name, mirrors in (("glossy", True), ("raised", False)):
        spec = replace(SPEC, set_name=name)
        shot, without = shoot(spec, reflection=1.0), shoot(spec, reflection=0.0)
        base, _, _ = floor_of(shot)
        assert np.array_equal(shot.plate[base + 4 :], without.plate[base + 4 :]) is not mirrors


def test_background_blur_leaves_the_ground_and_what_is_on_it_sharp(shoot: Shoot, plain: ShotResult) -> None:
    blurred = shoot(background_blur=1.0)
    base = floor_of(plain)[0]
    assert np.array_equal(blurred.plate[base - 3 :], plain.plate[base - 3 :])
    edge = slice(HORIZON - 30, HORIZON + 30)

    def steepest(shot: ShotResult) -> float:
        luma = cv2.GaussianBlur(shot.plate[edge, :60].mean(axis=2).astype(np.float32), (5, 5), 0)
        return float(np.abs(np.diff(luma, axis=0)).max())

    assert steepest(blurred) < 0.6 * steepest(plain)


def test_a_draft_is_the_same_picture_smaller(
    photo: np.ndarray, cutout: Cutout, options: SceneOptions, shoot: Shoot
) -> None:
    small_photo, small_alpha = photo[::3, ::3].copy(), cutout.alpha[::3, ::3].copy()
    small = Cutout(small_photo, small_alpha, engine="test", confidence=1.0)
    spec = replace(SPEC, width=800, height=1000, edits=Edits(rotate_deg=4, scale=1.1))
    full = make_shot(small_photo, small, spec, options=options)
    draft = draft_shot(small_photo, small, spec, longest_px=250, options=options)
    assert draft.rgb.shape == (250, 200, 3)
    rows, columns = np.nonzero(full.mask >= 128)
    box = (columns.min() / 800, rows.min() / 1000, np.ptp(columns) / 800, np.ptp(rows) / 1000)
    assert draft.product == pytest.approx(box, abs=0.015)
    shrunk = cv2.resize(full.master, (200, 250), interpolation=cv2.INTER_AREA).astype(float)
    assert np.abs(shrunk - draft.rgb).mean() < 4


def test_a_draft_says_how_far_colours_move_also_above_the_cap(
    photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    spec = replace(SPEC, edits=Edits(exposure_ev=0.5))
    change = draft_shot(photo, cutout, spec, longest_px=200, options=options).colour_change
    assert change is not None
    assert change.mean > 3
    assert draft_shot(photo, cutout, SPEC, longest_px=200, options=options).colour_change is None


def test_an_edit_out_of_range_is_refused(shoot: Shoot) -> None:
    with pytest.raises(InputRejected) as refusal:
        shoot(shadow_softness=9.0)
    assert refusal.value.code == "shot.edit_out_of_range"
    assert refusal.value.params["name"] == "shadow_softness"


def test_a_locked_camera_shows_another_product_in_the_same_frame_on_the_same_line(
    photo: np.ndarray, cutout: Cutout, options: SceneOptions, shoot: Shoot, plain: ShotResult
) -> None:
    window = tuple(plain.recipe["parameters"]["window"])
    base = (plain.measures["base_x"], plain.measures["base_y"])
    wide_photo = np.ascontiguousarray(np.rot90(photo))
    wide = Cutout(np.ascontiguousarray(np.rot90(cutout.rgb)), np.ascontiguousarray(np.rot90(cutout.alpha)), "test", 1.0)
    free = make_shot(wide_photo, wide, SPEC, options=options)
    locked = make_shot(wide_photo, wide, replace(SPEC, lock=CameraLock(window, base)), options=options)

    assert tuple(free.recipe["parameters"]["window"]) != window
    assert tuple(locked.recipe["parameters"]["window"]) == window
    assert floor_of(locked)[0] == pytest.approx(floor_of(plain)[0], abs=1)
    assert np.abs(locked.plate[:40].astype(int) - plain.plate[:40]).max() <= 1
    report = verify(json.loads(canonical_json(locked.recipe)), wide_photo, wide, options=options)
    assert report.identical


def test_a_lock_that_is_not_on_the_plate_is_refused(shoot: Shoot) -> None:
    for window in ((0, 0, 4000, 4000), (-5, 0, 100, 100), (0, 0, 4, 4), (0, 0, 0, 0)):
        with pytest.raises(InputRejected) as refusal:
            shoot(replace(SPEC, lock=CameraLock(window, (0.5, 0.8))))
        assert refusal.value.code == "shot.lock_does_not_fit"


def test_the_backdrop_leaves_out_the_product_and_its_shadow(plain: ShotResult, shoot: Shoot) -> None:
    cells = backdrop(plain.plate, plain.mask, plain.shadow)
    assert len(cells) == 36
    assert cells[0] is not None
    assert cells[3 * 6 + 2] is None
    assert all(cell is None or len(cell) == 3 for cell in cells)
    darker = backdrop((plain.plate * 0.8).astype(np.uint8), plain.mask, plain.shadow)
    assert darker[0] is not None
    assert darker[0][0] < cells[0][0] - 5
