"""A GPU worker before its first job and after its last: what it says of itself, and when it does not start at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import signals
from django.db import OperationalError

from apps.jobs import engines, stations, worker
from apps.jobs.heart import Heart
from apps.jobs.models import Station
from apps.jobs.runner import worker_name
from inference.models import model_card

KLEIN = "flux2-klein-4b"
PATIENCE_S = 30.0


class App:
    """As much of Celery's worker as is asked for."""

    def __init__(self) -> None:
        self.app = self.amqp = self.queues = self
        self.selected: list[str] = []

    def select(self, names: list[str]) -> None:
        self.selected += names


@pytest.fixture(autouse=True)
def _gpu(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.WORKER_CLASS = "gpu"
    settings.GENERATOR_WEIGHTS_DIR = tmp_path
    settings.GENERATOR_MODELS = [KLEIN]
    worker._hearts.clear()
    yield
    worker._hearts.clear()


class Broken:
    """A model that does not get past loading."""

    def __init__(self, error: Exception) -> None:
        self.card, self._error = model_card(KLEIN), error

    def warm(self) -> None:
        raise self._error


@pytest.fixture
def weights(tmp_path: Path) -> None:
    """As much of klein's weights as is looked at before they are loaded."""
    (tmp_path / KLEIN).mkdir()
    (tmp_path / KLEIN / "model_index.json").write_text("{}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error: out of memory\nCompile with TORCH_USE_CUDA_DSA"),
        ImportError("libcudnn.so.9: cannot open shared object file"),
        OSError("No space left on device"),
        AssertionError("Torch not compiled with CUDA enabled"),
        ZeroDivisionError("a mistake of ours"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_breaks_while_models_load_ends_the_worker_before_it_consumes_a_queue(
    error: Exception, weights: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines.generators, "generator", lambda *_: Broken(error))
    app = App()
    with pytest.raises(SystemExit, match=str(error).partition("\n")[0]):
        signals.worker_init.send(sender=app)  # as Celery does, which goes on after any other exception
    assert (app.selected, worker._hearts) == ([], [])
    station = Station.objects.get(worker=worker_name())
    assert (station.slots, str(error).partition("\n")[0] in station.fault) == (0, True)
    assert (stations.slots(), stations.offers()) == ({}, [])


@pytest.mark.django_db
def test_a_device_that_does_not_answer_after_loading_ends_the_worker_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> None:
        raise RuntimeError("CUDA error: unspecified launch failure")

    monkeypatch.setattr(engines, "warm", lambda: [{"name": KLEIN, "is_ready": True}])
    monkeypatch.setattr(worker, "warm_up", lambda: None)
    monkeypatch.setattr(engines.generators, "device_state", silent)
    app = App()
    with pytest.raises(SystemExit, match="unspecified launch failure"):
        signals.worker_init.send(sender=app)
    assert app.selected == []


@pytest.mark.django_db
def test_an_absent_database_does_not_keep_a_broken_worker_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(engines, "warm", lambda: 1 / 0)
    monkeypatch.setattr(stations, "beat", away)
    app = App()
    with pytest.raises(SystemExit, match="ZeroDivisionError"):
        signals.worker_init.send(sender=app)
    assert app.selected == []


@pytest.mark.django_db
def test_a_worker_with_nothing_to_draw_with_ends_and_leaves_word() -> None:
    app = App()
    with pytest.raises(SystemExit, match=r"nothing to draw with.*hf download black-forest-labs/FLUX\.2-klein-4B"):
        worker.preload(sender=app)
    station = Station.objects.get(worker=worker_name())
    assert [(offer["name"], offer["is_ready"], offer["code"]) for offer in station.offers] == [
        (KLEIN, False, "generate.weights_missing")
    ]
    assert stations.slots() == {}
    assert "hf download" in station.fault
    assert app.selected == []


def test_a_worker_consumes_the_lanes_of_what_it_has_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    app = App()
    ready = {"name": KLEIN, "is_ready": True}
    monkeypatch.setattr(engines, "warm", lambda: [ready, {"name": "other", "is_ready": False}])
    monkeypatch.setattr(worker, "warm_up", lambda: None)
    monkeypatch.setattr(worker.connection, "close", lambda: None)
    monkeypatch.setattr(worker, "_figures", lambda offers: {})
    worker.preload(sender=app)
    assert app.selected == [f"gpu-{KLEIN}"]
    assert len(worker._hearts) == 1


def test_each_class_of_worker_prepares_for_its_own_kinds(settings: Any) -> None:
    settings.JOB_KINDS = {
        "studio.shot": "apps.studio.jobs.ShotKind",
        "studio.scene": "apps.studio.jobs.SceneKind",
    }
    assert [kind.name for kind in worker._own_kinds()] == ["studio.scene"]
    settings.WORKER_CLASS = "cpu"
    assert [kind.name for kind in worker._own_kinds()] == ["studio.shot"]


@pytest.mark.django_db(transaction=True)
def test_a_heart_beats_until_it_signs_off() -> None:
    looked = threading.Event()

    def look() -> dict[str, Any]:
        looked.set()
        return {
            "slots": 3,
            "offers": [{"name": KLEIN, "title": "", "licence": "", "is_commercial": True, "is_ready": True}],
        }

    heart = Heart("here/9", look=look)
    heart.start()
    assert looked.wait(PATIENCE_S)
    pause = threading.Event()
    for _ in range(int(PATIENCE_S / 0.02)):
        if stations.slots():
            break
        pause.wait(0.02)
    assert stations.slots() == {f"gpu-{KLEIN}": 3}
    heart.stop()
    assert Station.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_heart_that_can_not_look_any_more_leaves_word_of_why() -> None:
    def look() -> dict[str, Any]:
        raise RuntimeError("CUDA error: device lost")

    stations.beat("here/9", slots=3, offers=[])
    heart = Heart("here/9", look=look, last_word=lambda: "RuntimeError: CUDA error: device lost")
    with pytest.raises(RuntimeError, match="device lost"):
        heart._run()
    station = Station.objects.get(worker="here/9")
    assert (station.slots, station.fault) == (0, "RuntimeError: CUDA error: device lost")
    assert station.fault_at is not None
