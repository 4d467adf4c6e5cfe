"""The page Settings, Engines: which one cuts out here, and a command that works for what is missing."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.jobs import stations
from apps.jobs.models import Station
from apps.studio import engines
from inference.cli import command_parser
from inference.registry import cutout_engine_names
from tests.factories import make_person, make_workspace

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


KLEIN = "flux2-klein-4b"
TOLD = {"name": KLEIN, "title": "FLUX.2 klein 4B", "licence": "Apache-2.0", "is_commercial": True, "is_ready": True}


@pytest.fixture
def page() -> Callable[[], str]:
    """What somebody reads on Settings, Engines."""
    user = make_person()
    workspace = make_workspace(user)
    client = Client()
    client.force_login(user)
    return lambda: " ".join(client.get(reverse("studio:engines", args=[workspace.slug])).content.decode().split())


def klein() -> engines.Row:
    return next(row for row in engines.overview()["model_rows"] if row.title == TOLD["title"])


def test_a_worker_says_what_it_does_and_what_broke_last(page: Callable[[], str]) -> None:
    stations.beat(
        "here/1",
        slots=2,
        offers=[TOLD],
        device={"name": "CPU", "total_mb": 8000, "free_mb": 4000, "splits": 3},
        figures={"pictures": 7, "age_s": 41.6, "silent_s": 1.0},
        fault="RuntimeError: <CUDA> error",
        fault_at=timezone.now(),
    )
    shown = page()
    assert "at work on a pass for 42 seconds" in shown
    assert "memory ran out 3 times, and passes were split" in shown
    assert "RuntimeError: &lt;CUDA&gt; error" in shown
    assert klein().state == engines.READY


def test_a_worker_that_stands_still_is_said_to_take_no_work_and_why(page: Callable[[], str]) -> None:
    stations.beat("here/1", slots=0, offers=[TOLD], figures={"age_s": 400.0, "silent_s": 360.0})
    shown = page()
    assert "A GPU worker takes no work now." in shown
    assert "What a GPU worker draws has not moved for 6 minutes, so it is given no work." in shown
    assert "A GPU worker is running." not in shown
    assert (klein().state, klein().why) == (engines.PAUSED, "The GPU worker that has loaded it takes no work now.")


def test_a_worker_that_could_not_get_ready_is_said_to_have_ended_with_what_broke(page: Callable[[], str]) -> None:
    for number, fault in enumerate(("first try", "second try")):
        stations.beat(f"here/{number}", slots=0, offers=[], fault=fault, fault_at=timezone.now())
    shown = page()
    assert "No GPU worker is running, so no scene can be drawn now." in shown
    assert "A GPU worker ended by a fault." in shown
    assert "second try" in shown
    assert "first try" not in shown
    Station.objects.update(seen_at=timezone.now() - timedelta(seconds=stations.ALIVE_S + 1))
    later = page()
    assert "A GPU worker ended by a fault." not in later
    assert " try" in later
