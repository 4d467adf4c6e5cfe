"""The generators of a GPU worker: what it loads, what it says of what is missing, and when it gives itself up."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from apps.core.env import Env
from apps.jobs import engines, generator_checks, worker
from inference.adapters import AdapterCard, head_of
from inference.errors import Cancelled, EngineFailed, EngineUnavailable, InputRejected
from inference.generation import GenerateItem, GenerateRequest
from inference.pipelines.drawing import DeskFigures, Pulse
from inference.types import no_progress
from tests.architecture.sources import ROOT

KLEIN, SEFI = "flux2-klein-4b", "sefi-1b-turbo"
REQUEST = GenerateRequest((GenerateItem("a mug", 1),), 512, 512)


@pytest.fixture(autouse=True)
def _weights(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.GENERATOR_WEIGHTS_DIR = tmp_path
    settings.GENERATOR_MODELS = []
    settings.GENERATOR_LICENCES = []
    engines._ran_out.clear()
    engines._trouble.__init__()  # type: ignore[misc]
    yield
    engines._ran_out.clear()
    engines._trouble.__init__()  # type: ignore[misc]


def fetch(name: str, folder: Path) -> None:
    (folder / name).mkdir()
    (folder / name / "model_index.json").write_text("{}")


def test_the_first_model_that_can_run_is_offered_where_none_is_named(settings: Any, tmp_path: Path) -> None:
    assert engines.wanted() == []
    fetch(SEFI, tmp_path)
    assert engines.wanted() == []
    settings.GENERATOR_LICENCES = ["CC-BY-NC-4.0"]
    assert [state.card.name for state in engines.wanted()] == [SEFI]
    fetch(KLEIN, tmp_path)
    assert [state.card.name for state in engines.wanted()] == [KLEIN]


def test_named_models_are_offered_in_their_order_with_what_is_missing(settings: Any) -> None:
    settings.GENERATOR_MODELS = [SEFI, KLEIN]
    offers = engines.warm()
    assert [(one["name"], one["is_ready"], one["code"]) for one in offers] == [
        (SEFI, False, "generate.licence_not_accepted"),
        (KLEIN, False, "generate.weights_missing"),
    ]
    said = engines.obstacles(offers)
    assert "CC-BY-NC-4.0" in said
    assert "hf download black-forest-labs/FLUX.2-klein-4B" in said


def test_a_model_that_does_not_fit_the_device_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def too_large(model: str, options: object) -> None:
        raise EngineUnavailable("generate.too_little_memory", "it needs 13 GB and 8 GB are free")

    fetch(KLEIN, tmp_path)
    monkeypatch.setattr(engines.generators, "warm", too_large)
    [offer] = engines.warm()
    assert (offer["is_ready"], offer["code"]) == (False, "generate.too_little_memory")


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> Any:
    """draw(error): what happens to the process when the engine raises it; returns how often it gave up so far."""
    ends: list[int] = []
    monkeypatch.setattr(engines, "start_afresh", lambda: ends.append(1))

    def draw(error: Exception) -> int:
        def generate(*args: object, **kwargs: object) -> None:
            raise error

        monkeypatch.setattr(engines.generators, "generate", generate)
        with pytest.raises(type(error)):
            engines._draw(KLEIN, REQUEST, no_progress)
        return len(ends)

    return draw


def test_what_people_asked_wrong_leaves_the_worker_alone(draw: Any) -> None:
    assert draw(InputRejected("generate.wrong_size", "no")) == 0
    assert draw(Cancelled()) == 0


def test_memory_that_ran_out_twice_in_ten_minutes_ends_the_worker(draw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    full = EngineFailed("generate.out_of_memory", "too much")
    now = 1000.0
    monkeypatch.setattr(engines.time, "monotonic", lambda: now)
    assert draw(full) == 0
    now += engines.WITHIN_S + 1
    assert draw(full) == 0
    now += 1
    assert draw(full) == 1


def test_any_other_fault_of_the_device_ends_the_worker_at_once(draw: Any) -> None:
    assert draw(RuntimeError("CUDA error: an illegal memory access was encountered")) == 1


def test_the_last_fault_is_remembered_and_what_people_asked_is_not(draw: Any) -> None:
    draw(InputRejected("generate.bad_prompt", "secret words"))
    draw(Cancelled())
    draw(EngineUnavailable("generate.adapter_missing", "there is no adapter alice--brand"))
    assert engines.fault() == {"fault": "", "fault_at": None}
    draw(EngineFailed("generate.out_of_memory", "too much"))
    assert engines.fault()["fault"] == "too much"
    draw(RuntimeError("CUDA error: unspecified launch failure\nand a page more"))
    assert engines.fault()["fault"] == "RuntimeError: CUDA error: unspecified launch failure"
    draw(ValueError("secret words"))
    assert engines.fault()["fault"] == "ValueError"


class StillDesk:
    """A desk whose pass has not moved for as long as is said."""

    def __init__(self, silent_s: float) -> None:
        self.figures, self._silent_s = DeskFigures(), silent_s

    def pulse(self) -> Pulse:
        return Pulse(self._silent_s + 10, self._silent_s)


def test_a_worker_whose_device_stands_still_takes_no_work_and_says_since_when(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GENERATOR_SLOTS = 3
    monkeypatch.setattr(engines, "device", dict)
    for silent_s, slots in ((engines.STILL_AFTER_S - 1, 3), (engines.STILL_AFTER_S + 1, 0)):
        desk = StillDesk(silent_s)
        monkeypatch.setattr(engines, "desk", lambda desk=desk: desk)
        said = worker._figures([])
        assert said["slots"] == slots
        assert (said["figures"]["age_s"], said["figures"]["silent_s"]) == (silent_s + 10, silent_s)


HUNG = """
import signal
import threading
import django
django.setup()
from apps.jobs import engines
from inference.pipelines.drawing import DrawingDesk, Pulse
desk = DrawingDesk(lambda *_: (), most=1)
inside = threading.Event()
desk.lend_later(lambda: (inside.set(), threading.Event().wait()))
inside.wait()
pulses = [None, Pulse(engines.HUNG_AFTER_S, 1.0)] + 9 * [Pulse(engines.HUNG_AFTER_S + 2, engines.HUNG_AFTER_S + 1)]
desk.pulse = lambda: pulses.pop(0)
engines.desk = lambda: desk
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
engines.LOOK_EVERY_S = 0.01
engines.watch_over_device(0.2)
engines.watch_over_device(0.2)
print(len(asked), engines.last_word(), flush=True)
"""


def test_a_worker_whose_device_hangs_for_good_ends_although_its_thread_never_does() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", HUNG], env=os.environ, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stdout == "1 what ran on the device had not moved for 20 minutes\n", ended.stderr
    assert ended.returncode == engines.EX_SOFTWARE


def ids(found: list[CheckMessage]) -> list[str | None]:
    return [message.id for message in found]


def test_settings_that_make_no_sense_are_said_at_boot(settings: Any) -> None:
    assert generator_checks.check_generators() == []
    settings.GENERATOR_MODELS = ["flux3"]
    settings.GENERATOR_PINNED_CODE = {"deepgen": "abc"}
    settings.GENERATOR_LICENCES = ["GPL-3.0"]
    settings.GENERATOR_DEVICE = "gpu"
    found = generator_checks.check_generators()
    assert ids(found) == ["jobs.E010", "jobs.E010", "jobs.E011", "jobs.E012"]
    assert all(message.hint for message in found)


def test_missing_weights_are_a_warning_where_models_were_named(settings: Any, tmp_path: Path) -> None:
    settings.GENERATOR_WEIGHTS_DIR = tmp_path / "nowhere"
    assert generator_checks.check_generator_weights() == []
    settings.GENERATOR_MODELS = [KLEIN]
    assert ids(generator_checks.check_generator_weights()) == ["jobs.W010"]


def test_a_planner_that_is_not_there_is_a_warning_with_the_next_step(settings: Any, tmp_path: Path) -> None:
    assert generator_checks.check_planner() == []
    settings.GENERATOR_PLANNER = "qwen3-4b"
    [warning] = generator_checks.check_planner()
    assert (warning.id, "hf download" in str(warning.hint)) == ("jobs.W012", True)
    (tmp_path / "qwen3-4b").mkdir()
    (tmp_path / "qwen3-4b" / "config.json").write_text("{}")
    assert generator_checks.check_planner() == []
    assert engines.options().planner == "qwen3-4b"


@pytest.mark.parametrize("nonsense", ["/srv/models/qwen", "../qwen", "..", "a\\b"])
def test_a_planner_that_is_a_path_stops_the_start(nonsense: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="no name of a folder"):
        Env({"GENERATOR_PLANNER": nonsense}).folder_name("GENERATOR_PLANNER")
    assert Env({}).folder_name("GENERATOR_PLANNER") == ""


def test_an_accepted_licence_is_remembered_at_deployment(settings: Any) -> None:
    assert generator_checks.check_accepted_licences() == []
    settings.GENERATOR_LICENCES = ["CC-BY-NC-4.0"]
    assert ids(generator_checks.check_accepted_licences()) == ["jobs.W011"]


def test_adapters_are_offered_with_their_model_and_a_damaged_one_is_not(settings: Any, tmp_path: Path) -> None:
    settings.GENERATOR_ADAPTERS_DIR = tmp_path / "adapters"
    assert engines.with_adapters([{"name": KLEIN}]) == [{"name": KLEIN, "adapters": []}]
    settings.GENERATOR_ADAPTERS_DIR.mkdir()
    learned = {"model": KLEIN, "revision": "", "licence": "Apache-2.0", "rank": 4, "alpha": 4.0, "steps": 8}
    card = AdapterCard(**learned, size_px=64, pictures=2, pictures_sha256="a", weights_sha256="b")
    head = json.dumps({"__metadata__": head_of(card)}).encode()
    (settings.GENERATOR_ADAPTERS_DIR / "brand.safetensors").write_bytes(struct.pack("<Q", len(head)) + head)
    (settings.GENERATOR_ADAPTERS_DIR / "broken.safetensors").write_bytes(b"nothing")
    offers = engines.with_adapters([{"name": KLEIN}, {"name": SEFI}])
    assert [offer["adapters"] for offer in offers] == [["brand"], []]
