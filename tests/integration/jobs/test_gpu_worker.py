"""A GPU worker before its first job and after its last: what it says of itself, and when it does not start at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.jobs import engines, stations, worker
from apps.jobs.heart import Heart
from apps.jobs.models import Station
from apps.jobs.runner import worker_name

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
    assert app.selected == []


def test_a_worker_consumes_the_lanes_of_what_it_has_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    app = App()
    ready = {"name": KLEIN, "is_ready": True}
    monkeypatch.setattr(engines, "warm", lambda: [ready, {"name": "other", "is_ready": False}])
    monkeypatch.setattr(worker, "warm_up", lambda: None)
    monkeypatch.setattr(worker.connection, "close", lambda: None)
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
