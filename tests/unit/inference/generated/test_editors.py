"""Instruction editors behind a shot: an instruction is carried out once, and what was chosen is what comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference.engines.diffusion.requests import check
from inference.generation import GeneratedPicture, GenerateOptions, GenerateRequest
from inference.models import model_card
from inference.pipelines.generated.result import GeneratedShot
from inference.pipelines.generated.shot import generated_shot
from inference.pipelines.generated.spec import GeneratedInputs, GeneratedSpec
from inference.types import U8, Cutout

WHOLE = (0.0, 0.0, 1.0, 1.0)
EDIT = GeneratedSpec(
    "edit",
    instruction="make it brighter",
    region=WHOLE,
    model="qwen-image-edit-2509",
    width=160,
    height=160,
    preview_px=96,
    candidates=3,
    strength=0.7,
)
GREY: U8 = np.full((160, 160, 3), 90, np.uint8)


class Brightening:
    """An editor that carries an instruction out on whatever it is shown, a little differently for each seed."""

    name, licence = "brightening", "Apache-2.0"

    def __init__(self, model: str) -> None:
        self.card = replace(model_card(model), min_px=32, max_px=192)
        self.requests: list[GenerateRequest] = []

    def check(self, request: GenerateRequest) -> None:
        check(self.card, request)

    def generate(self, request: GenerateRequest, **_: Any) -> tuple[GeneratedPicture, ...]:
        self.requests.append(request)
        pictures = []
        for item in request.items:
            assert item.reference is not None
            changed = item.reference.rgb.astype(np.int16) + 40 + item.seed
            rgb = np.clip(changed, 0, 255).astype(np.uint8)
            pictures.append(GeneratedPicture(rgb, item.seed, {"model": self.name}, {"steps": 8}, {}))
        return tuple(pictures)


Make = Callable[..., tuple[GeneratedShot, Brightening]]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    def made(spec: GeneratedSpec, inputs: GeneratedInputs) -> tuple[GeneratedShot, Brightening]:
        editor = Brightening(spec.model)
        return generated_shot(spec, inputs, options=GenerateOptions(), engine=editor), editor  # type: ignore[arg-type]

    return made


def test_an_instruction_is_carried_out_once(make: Make) -> None:
    shot, editor = make(EDIT, GeneratedInputs(picture=GREY))
    assert [len(request.items) for request in editor.requests] == [3]
    chosen = shot.recipe["parameters"]["chosen_seed"]
    assert (shot.master[40:120, 40:120] == 130 + chosen).all()


def test_the_chosen_candidate_is_what_comes_out(make: Make) -> None:
    shot, editor = make(EDIT, GeneratedInputs(picture=GREY))
    assert (editor.requests[0].width, editor.requests[0].height) == (160, 160)
    assert np.array_equal(shot.master, shot.candidates[0].rgb)
    assert shot.measures["preview_likeness"] == 1.0


def test_a_scene_of_an_editor_is_drawn_once_too(make: Make, photo: U8, cutout: Cutout) -> None:
    spec = replace(EDIT, mode="exact", product_label="a red box", region=None, instruction="", shadow=0.0)
    shot, editor = make(spec, GeneratedInputs(photo, cutout))
    assert [len(request.items) for request in editor.requests] == [3]
    assert shot.gate is not None
    assert shot.gate.max_abs_diff == 0


@pytest.mark.parametrize("model", ["qwen-image-edit-2509", "deepgen-1"])
def test_strength_reaches_every_editor(make: Make, model: str) -> None:
    _, editor = make(replace(EDIT, model=model), GeneratedInputs(picture=GREY))
    assert {item.reference.strength for item in editor.requests[0].items if item.reference} == {0.7}


def test_the_effort_of_an_editor_is_that_of_full_pictures() -> None:
    spec = replace(EDIT, width=1000, height=500, preview_px=100)
    assert spec.effort == pytest.approx(3 * 0.5)
    assert replace(spec, model="deepgen-1").effort == pytest.approx(3 * 0.512**2 / 2)
