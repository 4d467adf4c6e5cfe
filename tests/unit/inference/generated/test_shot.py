"""From a form to a finished picture, on tiny weights."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from inference.errors import Cancelled, InputRejected
from inference.generation import GenerateOptions
from inference.pipelines.generated.shot import generated_shot
from inference.pipelines.generated.spec import GeneratedInputs, GeneratedSpec
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
    spec = replace(EXACT, mode="edit", instruction="green", region=(0.0, 0.0, 0.5, 0.5)).checked()
    assert GeneratedSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec
