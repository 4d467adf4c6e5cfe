"""From a form to a finished picture, on tiny weights."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from inference.errors import Cancelled, InputRejected
from inference.generation import GenerateOptions
from inference.pipelines.generated.shot import generated_shot
from inference.pipelines.generated.spec import (
    PULL_EFFORT,
    REFINE_STRENGTH,
    GeneratedInputs,
    GeneratedSpec,
    PaletteMeans,
)
from inference.pipelines.generated.verify import placement_of
from inference.scene import SceneForm
from inference.types import U8, Cutout

SCENE = SceneForm(surface="oak", props=("lemons",), light="window", palette=("#1b4d3e",))
EXACT = GeneratedSpec(
    "exact",
    "a red box",
    SCENE,
    model="sefi-1b-turbo",
    width=320,
    height=320,
    candidates=2,
    preview_px=256,
)


def test_exact_keeps_the_photos_pixels(options: GenerateOptions, photo: U8, cutout: Cutout) -> None:
    shot = generated_shot(EXACT, GeneratedInputs(photo, cutout), options=options)
    assert shot.master.shape == (320, 320, 3)
    assert shot.label == "product_exact"
    assert shot.gate is not None
    assert (shot.gate.passed, shot.gate.max_abs_diff) == (True, 0)
    assert shot.gate.pixels_compared > 5000
    assert shot.product is not None
    assert {candidate.seed for candidate in shot.candidates} == {0, 1}
    assert {candidate.rgb.shape for candidate in shot.candidates} == {(256, 256, 3)}
    assert json.loads(json.dumps(shot.recipe)) == shot.recipe


@pytest.mark.parametrize("model", ["sefi-1b-turbo", "flux2-klein-4b"])
def test_reimagined_is_labelled_and_has_no_gate(
    model: str, options: GenerateOptions, photo: U8, cutout: Cutout
) -> None:
    spec = replace(EXACT, mode="reimagined", model=model, candidates=1)
    shot = generated_shot(spec, GeneratedInputs(photo, cutout), options=options)
    assert shot.label == "product_reimagined"
    assert shot.gate is None
    assert shot.product is None


def test_an_edit_changes_nothing_outside_its_region(options: GenerateOptions) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (320, 320, 3), np.uint8)
    spec = GeneratedSpec(
        "edit",
        instruction="make it green",
        region=(0.25, 0.25, 0.5, 0.5),
        model="sefi-1b-turbo",
        width=320,
        height=320,
        candidates=1,
        preview_px=256,
    )
    shot = generated_shot(spec, GeneratedInputs(picture=picture), options=options)
    changed = (shot.master != picture).any(axis=2)
    assert changed[90:230, 90:230].mean() > 0.5
    changed[80:240, 80:240] = False
    assert not changed.any()
    assert shot.measures["outside_max_abs_diff"] == 0


def test_progress_grows_and_a_cancel_is_heard(options: GenerateOptions, photo: U8, cutout: Cutout) -> None:
    seen: list[tuple[str, float]] = []
    generated_shot(EXACT, GeneratedInputs(photo, cutout), options=options, on_progress=lambda *step: seen.append(step))
    assert [fraction for _, fraction in seen] == sorted(fraction for _, fraction in seen)
    assert list(dict.fromkeys(stage for stage, _ in seen)) == ["scene", "candidates", "judge", "render", "recipe"]

    def cancel(stage: str, fraction: float) -> None:
        if stage == "candidates" and fraction > 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        generated_shot(EXACT, GeneratedInputs(photo, cutout), options=options, on_progress=cancel)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"product_label": ""}, "generated.no_label"),
        ({"product_label": "a naked woman"}, "prompt.sexual"),
        ({"scene": SceneForm(words="two kids playing")}, "prompt.minors"),
        ({"candidates": 9}, "generated.bad_number"),
        ({"width": 9000}, "generated.bad_size"),
        ({"steps": 5}, "generate.wrong_steps"),
        ({"model": "sefi-9b"}, "generate.unknown_model"),
    ],
)
def test_refusals_come_before_any_drawing(
    changes: dict[str, object], code: str, options: GenerateOptions, photo: U8, cutout: Cutout
) -> None:
    spec = replace(EXACT, **changes)  # type: ignore[arg-type]
    with pytest.raises(InputRejected) as caught:
        generated_shot(spec, GeneratedInputs(photo, cutout), options=options)
    assert caught.value.code == code


def test_a_request_comes_back_from_its_json() -> None:
    adapters = (("brand-1", 0.8),)
    spec = replace(EXACT, mode="edit", instruction="green", region=(0.0, 0.0, 0.5, 0.5), adapters=adapters).checked()
    assert GeneratedSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (None, "generated.bad_spec"),
        ({}, "generated.bad_spec"),
        ({"mode": "exact", "product_label": "a box", "speed": 1}, "generated.bad_spec"),
        ({"mode": "exact", "product_label": "a box", "width": "wide"}, "generated.bad_spec"),
        ({"mode": "exact", "product_label": "a box", "candidates": True}, "generated.bad_spec"),
        ({"mode": "exact", "product_label": "a box", "palette_means": {"grade": "much"}}, "generated.bad_spec"),
        ({"mode": "exact", "product_label": "a box", "palette_means": {"grade": 2}}, "generated.bad_number"),
        ({"mode": "exact", "product_label": "a box", "adapters": [["x"]]}, "generated.bad_spec"),
        ({"mode": "exact", "product_label": "a box", "strength": float("nan")}, "generated.bad_number"),
        ({"mode": "dream", "product_label": "a box"}, "generated.bad_mode"),
        ({"mode": "edit"}, "generated.no_instruction"),
        ({"mode": "edit", "instruction": "cures acne"}, "prompt.medical_claims"),
        ({"mode": "edit", "instruction": "green", "region": [0, 0, 2, 1]}, "scene.bad_box"),
    ],
)
def test_what_is_no_request_is_refused(raw: object, code: str) -> None:
    with pytest.raises(InputRejected) as caught:
        GeneratedSpec.from_json(raw)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("inputs", "changes", "code"),
    [
        ({}, {}, "generated.no_photo"),
        ({}, {"mode": "edit", "instruction": "green"}, "generated.no_picture"),
        ({"picture": (320, 320)}, {"mode": "edit", "instruction": "green"}, "generated.no_region"),
        ({"picture": (64, 320)}, {"mode": "edit", "instruction": "green"}, "generated.picture_size"),
        (
            {"picture": (320, 320), "mask": (320, 320)},
            {"mode": "edit", "instruction": "green"},
            "generated.empty_region",
        ),
    ],
)
def test_pictures_that_are_missing_or_do_not_fit_are_refused(
    inputs: dict[str, tuple[int, int]], changes: dict[str, str], code: str, options: GenerateOptions
) -> None:
    given = {name: np.zeros(size if name == "mask" else (*size, 3), np.uint8) for name, size in inputs.items()}
    with pytest.raises(InputRejected) as caught:
        generated_shot(replace(EXACT, **changes), GeneratedInputs(**given), options=options)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_an_edit_of_a_shot_keeps_the_product_wherever_it_draws(
    options: GenerateOptions, photo: U8, cutout: Cutout
) -> None:
    shot = generated_shot(replace(EXACT, candidates=1), GeneratedInputs(photo, cutout), options=options)
    placement = placement_of(shot.recipe)
    spec = replace(EXACT, mode="edit", instruction="a blue wall", region=(0.0, 0.0, 1.0, 1.0), candidates=1)
    inputs = GeneratedInputs(photo, cutout, picture=shot.master, placement=placement)
    edited = generated_shot(spec, inputs, options=options)
    assert edited.gate is not None
    assert (edited.gate.passed, edited.gate.max_abs_diff) == (True, 0)
    assert (edited.master != shot.master).any(axis=2).mean() > 0.3


def test_an_edit_beside_the_product_leaves_its_soft_edge_alone(
    options: GenerateOptions, photo: U8, cutout: Cutout
) -> None:
    soft = replace(cutout, alpha=np.asarray(cv2.GaussianBlur(cutout.alpha, (0, 0), 2)))
    shot = generated_shot(replace(EXACT, candidates=1), GeneratedInputs(photo, soft), options=options)
    spec = replace(EXACT, mode="edit", instruction="a lamp", region=(0.0, 0.0, 1.0, 0.5), candidates=1)
    inputs = GeneratedInputs(photo, soft, picture=shot.master, placement=placement_of(shot.recipe))
    edited = generated_shot(spec, inputs, options=options)
    assert np.array_equal(edited.master[162:], shot.master[162:])
    assert edited.measures["outside_max_abs_diff"] == 0
    assert edited.gate is not None
    assert edited.gate.max_abs_diff == 0


def test_effort_counts_every_candidate_and_the_full_picture_once() -> None:
    spec = replace(EXACT, width=1024, height=512, preview_px=512, candidates=4)
    candidate, full = 512 * 256 / 1e6, 1024 * 512 / 1e6
    assert spec.effort == pytest.approx(4 * candidate + REFINE_STRENGTH * full)
    assert replace(spec, width=512, height=512).effort == pytest.approx(4 * 2 * candidate)
    guided = replace(spec, palette_means=PaletteMeans(pull=0.15))
    assert guided.effort == pytest.approx(PULL_EFFORT * spec.effort)
    assert replace(guided, scene=SceneForm()).effort == spec.effort  # no colours to be guided by
    assert replace(spec, width=4096, height=2048, model="sefi-1b-turbo").effort == pytest.approx(
        4 * candidate + REFINE_STRENGTH * 1536 * 768 / 1e6
    )
