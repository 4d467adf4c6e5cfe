"""A worker's hold on a job, with the keep-alive thread on a connection of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.jobs import lease, services, tasks, transitions
from apps.jobs.kinds import DeadlinePassed, JobCancelled, LeaseLost, find_kind
from apps.jobs.lease import Lease
from apps.jobs.models import Job
from apps.jobs.patience import patiently
from apps.jobs.transitions import Held
from tests.integration.jobs.conftest import change, fresh
from tests.integration.jobs.kinds import Obedient
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "KEEP_ALIVE_S", 0.02)


def start(workspace: Workspace) -> tuple[Job, Held]:
    job = services.submit(workspace, kind="test.obedient", params={})
    held = transitions.claim(job.id, worker="here/1")
    assert held is not None
    return job, held


def raises(kind: type[Exception], action: Callable[[], None]) -> bool:
    try:
        action()
    except kind:
        return True
    return False


def test_the_lease_is_renewed_while_the_work_is_silent(workspace: Workspace) -> None:
    job, held = start(workspace)
    change(job, lease_until=timezone.now() + timedelta(seconds=1))
    with Lease(held, find_kind("test.obedient")):
        wait_until(lambda: fresh(job).lease_until > timezone.now() + timedelta(seconds=10))  # type: ignore[operator]


def test_the_keep_alive_ends_with_the_lease(workspace: Workspace) -> None:
    job, held = start(workspace)
    with Lease(held, find_kind("test.obedient")):
        pass
    change(job, lease_until=timezone.now())
    time.sleep(0.1)
    assert fresh(job).lease_until < timezone.now()  # type: ignore[operator]


def test_silent_work_hears_of_a_cancel_without_asking_the_database(workspace: Workspace) -> None:
    job, held = start(workspace)
    with Lease(held, find_kind("test.obedient")) as hold:
        services.cancel(job)
        wait_until(lambda: raises(JobCancelled, hold.check))


def test_silent_work_hears_that_somebody_else_has_the_job(workspace: Workspace) -> None:
    job, held = start(workspace)
    with Lease(held, find_kind("test.obedient")) as hold:
        change(job, attempts=2)
        wait_until(lambda: raises(LeaseLost, hold.check))


def test_after_the_deadline_the_lease_is_left_to_run_out(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Obedient, "deadline_s", 0.1)
    job, held = start(workspace)
    with Lease(held, find_kind("test.obedient")) as hold:
        wait_until(lambda: raises(DeadlinePassed, hold.check))
        wait_until(lambda: not hold._thread.is_alive())
    assert fresh(job).state == "running"


def test_quick_stages_are_told_together(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr("apps.jobs.transitions.report", lambda held, stage, progress, figures: told.append(stage))
    _, held = start(workspace)
    with Lease(held, find_kind("test.obedient")) as hold:
        for stage in ("first", "second", "third"):
            hold.on_progress(stage, 0.1)
        assert told == ["first"]
        wait_until(lambda: told == ["first", "third"])  # by the keep-alive, because the work fell silent


def test_progress_never_goes_back(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.jobs.lease.WRITE_EVERY_S", 0.0)
    job, held = start(workspace)
    with Lease(held, find_kind("test.obedient")) as hold:
        hold.on_progress("first", 0.8)
        hold.on_progress("second", 0.1)
    assert (fresh(job).stage, fresh(job).progress) == ("second", 0.8)


def cut_connections() -> None:
    """What a restart of the database does to every connection but this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )


def break_own_connection() -> None:
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()


def test_a_broken_connection_in_the_middle_of_the_work_costs_no_attempt(workspace: Workspace) -> None:
    job = services.submit(workspace, kind="test.obedient", params={"steps": 3})
    Obedient.during_work = staticmethod(break_own_connection)
    tasks.run(str(job.id))
    assert (fresh(job).state, fresh(job).attempts) == ("succeeded", 1)


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from apps.jobs import patience

    calls: list[Any] = []

    def broken() -> None:
        calls.append(None)
        raise OperationalError("away")

    monkeypatch.setattr(patience, "PATIENCE_S", 0.2)
    monkeypatch.setattr(patience, "FIRST_PAUSE_S", 0.01)
    with pytest.raises(OperationalError):
        patiently(broken)
    assert len(calls) > 2
