from __future__ import annotations

import logging
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from apps.core.errors import Unavailable
from apps.jobs import chores

pytestmark = pytest.mark.django_db(transaction=True)


def elsewhere(step: object) -> None:
    """In a thread, as the relay does it: with a connection of its own."""
    thread = threading.Thread(target=step)  # type: ignore[arg-type]
    thread.start()
    thread.join()


def test_the_chores_forget_expired_sessions_and_keep_living_ones() -> None:
    for key, days in (("old", -1), ("young", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=timezone.now() + timedelta(days=days))
    elsewhere(chores.do_all)
    assert list(Session.objects.values_list("session_key", flat=True)) == ["young"]


def test_only_one_relay_at_a_time_does_them(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(chores, "CHORES", (lambda: done.append("done") or "",))
    results: list[bool] = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [chores.LOCK])
        elsewhere(lambda: results.append(chores.do_all()))
        cursor.execute("SELECT pg_advisory_unlock(%s)", [chores.LOCK])
    elsewhere(lambda: results.append(chores.do_all()))
    elsewhere(lambda: results.append(chores.do_all()))
    assert (results, done) == ([False, True, True], ["done", "done"])


def test_a_chore_that_fails_does_not_keep_the_others_from_being_done(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []

    def fails() -> str:
        raise Unavailable("assets.storage_full")

    monkeypatch.setattr(chores, "CHORES", (fails, lambda: done.append("done") or "all well"))
    with caplog.at_level(logging.INFO):
        elsewhere(chores.do_all)
    assert done == ["done"]
    assert "daily: fails did not work out: assets.storage_full" in caplog.text


def test_they_are_started_when_their_time_has_come_and_then_a_day_later(monkeypatch: pytest.MonkeyPatch) -> None:
    started = threading.Semaphore(0)
    clock = [1000.0]
    monkeypatch.setattr(chores, "CHORES", (lambda: started.release() or "",))
    monkeypatch.setattr(chores.time, "monotonic", lambda: clock[0])
    daily = chores.Daily()

    def starts_after(seconds: float) -> bool:
        clock[0] += seconds
        before = daily._thread
        daily.tick()
        if daily._thread is before:
            return False
        assert daily._thread is not None
        daily._thread.join()
        return started.acquire(blocking=False)

    assert [starts_after(seconds) for seconds in (0, 59, 1, 3600, 23 * 3600, 1)] == [
        False,
        False,
        True,
        False,
        True,
        False,
    ]


def test_weights_that_are_here_or_not_wanted_are_not_fetched(tmp_path: Path, settings: Any) -> None:
    settings.CUTOUT_WEIGHTS_DIR = tmp_path
    settings.CUTOUT_DOWNLOAD = False
    assert chores.fetch_cutout_weights() == "no cutout weights to fetch"

    settings.CUTOUT_DOWNLOAD = True
    (tmp_path / f"{settings.CUTOUT_MODEL}.onnx").write_bytes(b"here")
    assert chores.fetch_cutout_weights() == "no cutout weights to fetch"


def test_a_model_that_may_not_be_used_is_said_and_harms_nothing(tmp_path: Path, settings: Any) -> None:
    settings.CUTOUT_WEIGHTS_DIR, settings.CUTOUT_DOWNLOAD, settings.CUTOUT_MODEL = tmp_path, True, "bria-rmbg"
    said = chores.fetch_cutout_weights()
    assert said.startswith("cutout weights are not here, the built-in engine is used: 'bria-rmbg' is not on the list")
    assert "{" not in said
    assert list(tmp_path.iterdir()) == []
