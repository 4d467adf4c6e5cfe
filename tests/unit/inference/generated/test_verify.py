"""A recipe draws its picture again; the command line makes, edits and verifies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference.cli import main
from inference.errors import InputRejected
from inference.generation import GenerateOptions
from inference.pipelines.generated.shot import generated_shot
from inference.pipelines.generated.spec import GeneratedInputs
from inference.pipelines.generated.verify import placement_of, verify_generated
from inference.types import U8, Cutout
from tests.unit.inference.generated.painted import SPEC, Painted


def test_a_recipe_draws_the_same_picture_again(painted: Painted, photo: U8, cutout: Cutout) -> None:
    inputs = GeneratedInputs(photo, cutout)
    shot = generated_shot(SPEC, inputs, options=GenerateOptions())
    recipe = json.loads(json.dumps(shot.recipe))
    report = verify_generated(recipe, inputs, options=GenerateOptions(), picture=shot.master)
    assert report.passed
    assert report.identical
    assert (report.max_abs_diff, report.mean_delta_e, report.changed) == (0, 0.0, ())
    placement = placement_of(recipe)
    assert placement is not None
    assert placement.as_dict() == recipe["parameters"]["placement"]


def test_rounding_elsewhere_passes_and_another_picture_does_not(painted: Painted, photo: U8, cutout: Cutout) -> None:
    inputs = GeneratedInputs(photo, cutout)
    shot = generated_shot(SPEC, inputs, options=GenerateOptions())
    painted.paint = lambda seed, size, request: np.full((*size, 3), 171, np.uint8)
    near = verify_generated(shot.recipe, inputs, options=GenerateOptions(), picture=shot.master)
    assert near.passed
    assert not near.identical
    assert near.max_abs_diff == 1
    painted.paint = lambda seed, size, request: np.full((*size, 3), 90, np.uint8)
    assert not verify_generated(shot.recipe, inputs, options=GenerateOptions(), picture=shot.master).passed
    assert not verify_generated(shot.recipe, inputs, options=GenerateOptions()).passed


def test_a_picture_that_was_touched_does_not_pass(painted: Painted, photo: U8, cutout: Cutout) -> None:
    inputs = GeneratedInputs(photo, cutout)
    shot = generated_shot(SPEC, inputs, options=GenerateOptions())
    touched = shot.master.copy()
    touched[0, 0] ^= 1
    report = verify_generated(shot.recipe, inputs, options=GenerateOptions(), picture=touched)
    assert not report.passed
    assert report.picture_matches is False


def test_other_inputs_are_named(painted: Painted, photo: U8, cutout: Cutout) -> None:
    shot = generated_shot(SPEC, GeneratedInputs(photo, cutout), options=GenerateOptions())
    other = photo.copy()
    other[0, 0] = 0
    report = verify_generated(shot.recipe, GeneratedInputs(other, cutout), options=GenerateOptions())
    assert report.changed == ("inputs",)


@pytest.mark.parametrize("change", [{"schema": 9}, {"kind": "product_shot"}, {"spec": None}, {"output": {}}])
def test_what_is_no_recipe_is_refused(change: dict[str, Any], painted: Painted, photo: U8, cutout: Cutout) -> None:
    inputs = GeneratedInputs(photo, cutout)
    recipe = generated_shot(SPEC, inputs, options=GenerateOptions()).recipe | change
    with pytest.raises(InputRejected) as caught:
        verify_generated(recipe, inputs, options=GenerateOptions())
    assert caught.value.code in ("verify.bad_recipe", "generated.bad_spec")


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    status = main([str(argument) for argument in arguments])
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    return status, json.loads(printed)


@pytest.fixture
def weights(options: GenerateOptions) -> list[str | Path]:
    assert options.weights_dir is not None
    return ["--weights", options.weights_dir, "--accept", "CC-BY-NC-4.0", "--device", "cpu"]


def test_the_command_line_draws_and_verifies(
    capsys: pytest.CaptureFixture[str], weights: list[str | Path], photo: U8, cutout: Cutout, tmp_path: Path
) -> None:
    source, layers = tmp_path / "box.png", tmp_path / "layers"
    Image.fromarray(np.dstack([photo, cutout.alpha])).save(source)
    command: list[str | Path] = ["generate", source, "--label", "a red box", *weights, "--model", "sefi-1b-turbo"]
    command += ["--words", "on an oak table", "--palette", "#1b4d3e", "--size", "288x256", "--preview", "256"]
    status, line = run(
        capsys, *command, "--candidates", "2", "--seed", "5", "--out", tmp_path / "shot.png", "--layers", layers
    )
    assert status == 0, line
    assert line["label"] == "product_exact"
    assert line["gate"]["max_abs_diff"] == 0
    assert {candidate["seed"] for candidate in line["candidates"]} == {5, 6}
    assert "on an oak table" in line["prompt"].lower()
    names = {path.name for path in layers.iterdir()}
    assert {"master.png", "plate.png", "product.png", "candidate-5.png", "candidate-6.png", "recipe.json"} <= names
    status, line = run(capsys, "verify", layers / "recipe.json", *weights)
    assert status == 0, line
    assert (line["passed"], line["max_abs_diff"], line["changed"]) == (True, 0, [])


def test_the_command_line_edits(capsys: pytest.CaptureFixture[str], weights: list[str | Path], tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (256, 288, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / "in.png")
    arguments: list[str | Path] = ["edit", tmp_path / "in.png", "--instruction", "blue cloth", *weights]
    arguments += ["--model", "flux2-klein-4b", "--region", "0.5,0,0.5,1", "--candidates", "1", "--preview", "256"]
    status, line = run(capsys, *arguments, "--out", tmp_path / "out.png")
    assert status == 0, line
    assert line["measures"]["outside_max_abs_diff"] == 0
    with Image.open(tmp_path / "out.png") as edited:
        assert np.array_equal(np.asarray(edited)[:, :144], picture[:, :144])


def test_the_command_line_lists_models_and_refuses_in_a_sentence(
    capsys: pytest.CaptureFixture[str], weights: list[str | Path], photo: U8, tmp_path: Path
) -> None:
    status, line = run(capsys, "models", *weights)
    available = {model["name"] for model in line["models"] if model["available"]}
    assert (status, available) == (0, {"sefi-1b-turbo", "flux2-klein-4b"})
    Image.fromarray(photo).save(tmp_path / "box.png")
    refused = ["generate", tmp_path / "box.png", "--label", "a naked man", *weights, "--out", tmp_path / "x.png"]
    status, line = run(capsys, *refused)
    assert (status, line["error"]) == (2, "prompt.sexual")
    refused[3] = "a red box"
    status, line = run(capsys, *refused, "--surface", "lava")
    assert (status, line["error"]) == (2, "scene.unknown_choice")
    assert not (tmp_path / "x.png").exists()
