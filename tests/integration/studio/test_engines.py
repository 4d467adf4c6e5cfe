"""The page Settings, Engines: which one cuts out here, and a command that works for what is missing."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from apps.studio import engines
from inference.cli import command_parser
from inference.registry import cutout_engine_names

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def weights_dir(settings: Any, tmp_path: Path) -> Path:
    settings.CUTOUT_WEIGHTS_DIR, settings.CUTOUT_MODEL = tmp_path / "my weights", "u2netp"
    settings.CUTOUT_WEIGHTS_DIR.mkdir()
    return settings.CUTOUT_WEIGHTS_DIR


def test_the_command_that_it_advises_is_one_that_works(weights_dir: Path) -> None:
    advised = next(row.next_step for row in engines.overview()["cutout_rows"] if row.next_step)
    program, *arguments = shlex.split(advised)
    assert (program, arguments[:2]) == (".venv/bin/python", ["-m", "inference"])
    chosen = command_parser().parse_args(arguments[2:])
    assert (chosen.model, chosen.dir) == ("u2netp", weights_dir)


def test_of_the_cutout_engines_one_is_in_use(weights_dir: Path) -> None:
    without = engines.overview()["cutout_rows"]
    (weights_dir / "u2netp.onnx").write_bytes(b"weights")
    with_weights = engines.overview()["cutout_rows"]
    assert len(without) == len(cutout_engine_names())
    assert [row.state_words for row in without].count("In use") == 1
    assert not without[0].is_used
    assert [row.state_words for row in with_weights] == ["In use", *["Ready, not in use"] * (len(without) - 1)]


def test_a_licence_that_nobody_accepted_is_said_with_the_setting_that_accepts_it(settings: Any) -> None:
    settings.GENERATOR_LICENCES = ["LicenseRef-other"]
    rows = {row.title: row for row in engines.overview()["model_rows"]}
    sefi = rows["SeFi-Image 1B Turbo"]
    assert (sefi.state, sefi.state_words) == ("unlicensed", "Licence not accepted")
    assert sefi.next_step == "GENERATOR_LICENCES=LicenseRef-other,CC-BY-NC-4.0"
    assert rows["FLUX.2 klein 4B"].state == "missing"
