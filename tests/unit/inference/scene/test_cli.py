"""The command line, from a photo file to verified pictures. One JSON line a command."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference.cli import command_parser, main
from inference.cli.files import cutout_options
from inference.pipelines.catalogue import list_sets
from tests.unit.inference.scene.conftest import alpha_of_can


@pytest.fixture(scope="module")
def transparent_photo(tmp_path_factory: pytest.TempPathFactory, photo: np.ndarray) -> Path:
    path = tmp_path_factory.mktemp("photos") / "can.png"
    Image.fromarray(np.dstack([photo, alpha_of_can()])).save(path)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    status = main([str(argument) for argument in arguments])
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    return status, json.loads(printed)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.array(picture)


def test_a_shot_is_made_written_and_verified(
    capsys: pytest.CaptureFixture[str], sets_dir: Path, transparent_photo: Path, tmp_path: Path
) -> None:
    out, layers = tmp_path / "shot.png", tmp_path / "layers"
    command = ["--sets-dir", sets_dir, "shot", transparent_photo, "--set", "synthetic", "--size", "320x400"]
    status, line = run(
        capsys, *command, "--palette", "#1b4d3e,#f4e9d8", "--seed", "3", "--out", out, "--layers", layers
    )
    assert status == 0
    assert line["gate"]["passed"] is True
    assert line["gate"]["max_abs_diff"] == 0
    assert line["engine"] == "alpha"
    assert line["size"] == [320, 400]
    names = ["mask.png", "master.png", "plate.png", "product.png", "recipe.json", "shadow.png"]
    assert sorted(path.name for path in layers.iterdir()) == names
    assert np.array_equal(pixels(out), pixels(layers / "master.png"))
    assert pixels(layers / "product.png").shape == (400, 320, 4)
    assert {pixels(layers / name).shape[:2] for name in names if name.endswith("png")} == {(400, 320)}
    status, line = run(capsys, "--sets-dir", sets_dir, "verify", layers / "recipe.json")
    assert status == 0
    assert line["passed"] is True
    assert line["max_abs_diff"] == 0


def test_a_tampered_master_does_not_verify(
    capsys: pytest.CaptureFixture[str], sets_dir: Path, transparent_photo: Path, tmp_path: Path
) -> None:
    common = ["--sets-dir", sets_dir]
    run(
        capsys,
        *common,
        *("shot", transparent_photo, "--set", "synthetic", "--size", "200x200"),
        *("--out", tmp_path / "shot.png", "--layers", tmp_path),
    )
    master = pixels(tmp_path / "master.png")
    master[100, 100, 0] ^= 64
    Image.fromarray(master).save(tmp_path / "master.png")
    status, line = run(capsys, *common, "verify", tmp_path / "recipe.json", "--photo", transparent_photo)
    assert status == 3
    assert line["passed"] is False
    assert line["identical"] is True
    assert line["max_abs_diff"] == 64


def test_a_cutout_is_written_with_its_alpha(
    capsys: pytest.CaptureFixture[str], transparent_photo: Path, tmp_path: Path
) -> None:
    status, line = run(capsys, "cutout", transparent_photo, "--out", tmp_path / "cutout.png")
    assert status == 0
    assert line["engine"] == "alpha"
    assert line["confidence"] == 1.0
    assert np.array_equal(pixels(tmp_path / "cutout.png")[..., 3], alpha_of_can())


def test_the_sets_are_listed(capsys: pytest.CaptureFixture[str], sets_dir: Path) -> None:
    status, line = run(capsys, "--sets-dir", sets_dir, "sets")
    assert status == 0
    assert [item["name"] for item in line["sets"]] == ["glossy", "pillar", "raised", "synthetic", "uniform", "warm"]
    assert line["sets"][2]["titles"] == {"en": "Synthetic", "zh-hans": "合成"}
    assert [material["name"] for material in line["sets"][2]["materials"]] == ["wall", "table"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["shot"], "cli.bad_arguments"),
        (["fly"], "cli.bad_arguments"),
        (["shot", "PHOTO", "--set", "synthetic", "--out", "x.png", "--box", "1,2"], "cli.bad_arguments"),
        (["shot", "PHOTO", "--set", "synthetic", "--out", "x.png", "--size", "big"], "cli.bad_arguments"),
        (["shot", "PHOTO", "--set", "nowhere", "--out", "x.png"], "shot.unknown_set"),
        (["shot", "PHOTO", "--set", "synthetic", "--out", "x.png", "--palette", "green"], "shot.bad_colour"),
        (["shot", "gone.jpg", "--set", "synthetic", "--out", "x.png"], "photo.missing"),
        (["verify", "gone.json"], "verify.bad_recipe"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], sets_dir: Path, transparent_photo: Path, arguments: list[str], code: str
) -> None:
    filled = [str(transparent_photo) if part == "PHOTO" else part for part in arguments]
    status, line = run(capsys, "--sets-dir", sets_dir, *filled)
    assert status == 2
    assert line["error"] == code
    assert line["message"]


@pytest.mark.parametrize("option", ["--out", "--layers"])
def test_no_folder_is_made_for_a_slip_of_the_pen(
    capsys: pytest.CaptureFixture[str], sets_dir: Path, transparent_photo: Path, tmp_path: Path, option: str
) -> None:
    targets = {"--out": tmp_path / "shot.png", option: tmp_path / "no" / "where" / "shot.png"}
    command = ["--sets-dir", sets_dir, "shot", transparent_photo, "--set", "synthetic", "--size", "200x200"]
    status, line = run(capsys, *command, *(part for pair in targets.items() for part in pair))
    assert (status, line["error"]) == (2, "cli.can_not_write")
    assert f"there is no folder {tmp_path / 'no' / 'where'}" in line["message"]
    assert list(tmp_path.iterdir()) == []


def test_a_reader_of_the_beginning_alone_is_no_error(sets_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as closed_early:
        monkeypatch.setattr(sys, "stdout", closed_early)
        assert main(["--sets-dir", str(sets_dir), "sets"]) == 0


def test_cutouts_are_made_with_the_weights_of_the_site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CUTOUT_WEIGHTS_DIR", raising=False)
    monkeypatch.delenv("CUTOUT_MODEL", raising=False)
    monkeypatch.setenv("VISUALFORGE_DATA_DIR", str(tmp_path))
    own = cutout_options(command_parser().parse_args(["warm"]))
    monkeypatch.setenv("CUTOUT_WEIGHTS_DIR", "/srv/weights")
    monkeypatch.setenv("CUTOUT_MODEL", "u2netp")
    told = cutout_options(command_parser().parse_args(["warm"]))
    said = cutout_options(command_parser().parse_args(["--cutout-weights", "/mnt/w", "warm"]))
    assert (own.model, own.weights_dir) == ("isnet-general-use", tmp_path / "weights")
    assert (told.model, told.weights_dir) == ("u2netp", Path("/srv/weights"))
    assert said.weights_dir == Path("/mnt/w")


REAL_SETS = [item.name for item in list_sets()]


@pytest.mark.parametrize("name", REAL_SETS)
def test_every_set_of_the_library_makes_an_exact_shot(
    capsys: pytest.CaptureFixture[str], transparent_photo: Path, tmp_path: Path, name: str
) -> None:
    status, line = run(
        capsys, "shot", transparent_photo, "--set", name, "--size", "320x320", "--out", tmp_path / "shot.png"
    )
    assert status == 0
    assert line["gate"]["max_abs_diff"] == 0
    assert 0.25 < line["measures"]["fill_height"] < 0.8


def test_edits_are_flags_and_verify_from_the_recipe(
    capsys: pytest.CaptureFixture[str], sets_dir: Path, transparent_photo: Path, tmp_path: Path
) -> None:
    common = ["--sets-dir", sets_dir]
    command = [*common, "shot", transparent_photo, "--set", "synthetic", "--size", "200x200"]
    edits = ["--flip", "--rotate-deg", "-6", "--edit-scale", "0.9", "--exposure-ev", "0.08", "--shadow-softness", "2"]
    status, line = run(capsys, *command, *edits, "--out", tmp_path / "shot.png", "--layers", tmp_path)
    assert status == 0
    assert line["gate"]["max_abs_diff"] == 0
    assert 0 < line["gate"]["product_delta_e"] < 3
    recipe = json.loads((tmp_path / "recipe.json").read_text())
    assert recipe["spec"]["edits"] == {
        "scale": 0.9,
        "rotate_deg": -6.0,
        "flip": True,
        "exposure_ev": 0.08,
        "shadow_softness": 2.0,
    }
    status, line = run(capsys, *common, "verify", tmp_path / "recipe.json", "--photo", transparent_photo)
    assert (status, line["passed"]) == (0, True)

    status, line = run(capsys, *command, "--shadow-length", "9", "--out", tmp_path / "never.png")
    assert (status, line["error"]) == (2, "shot.edit_out_of_range")
    assert not (tmp_path / "never.png").exists()
