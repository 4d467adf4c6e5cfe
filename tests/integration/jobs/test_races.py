"""Several connections at once, with real commits."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Workspace
from apps.core.tenancy import tenant_scope
from apps.jobs import dispatch, services, tasks, transitions
from apps.jobs.kinds import JobCancelled, find_kind
from apps.jobs.models import Job
from tests.integration.jobs.conftest import charges, fresh
from tests.integration.jobs.kinds import Obedient

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(actions: list[Callable[[], Any]]) -> list[Any]:
    """Run every action in its own thread and connection, all starting together; returns results or errors."""
    gate = threading.Barrier(len(actions))

    def run(action: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            gate.wait(60)
            return action()
        except JobCancelled as verdict:
            return verdict
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def test_of_many_claims_one_wins(workspace: Workspace) -> None:
    for _ in range(5):
        job = services.submit(workspace, kind="test.obedient", params={})
        held = at_once([lambda job=job: transitions.claim(job.id, worker="here/1")] * 8)
        assert len([one for one in held if one is not None]) == 1
        assert fresh(job).attempts == 1


def test_a_message_delivered_to_eight_workers_at_once_has_one_effect(workspace: Workspace) -> None:
    for _ in range(3):
        job = services.submit(workspace, kind="test.obedient", params={})
        at_once([lambda job=job: tasks.run(str(job.id))] * 8)
        assert fresh(job).state == "succeeded"
        assert charges(job) == 1
        assert Obedient.calls.count(("finish", str(job.id))) == 1


def test_one_idempotency_key_makes_one_job_however_many_ask(workspace: Workspace) -> None:
    for _ in range(5):
        key = uuid.uuid4().hex

        def ask(key: str = key) -> uuid.UUID:
            return services.submit(workspace, kind="test.obedient", params={}, idempotency_key=key).id

        assert len(set(at_once([ask] * 10))) == 1
        with tenant_scope(workspace.id):
            assert Job.objects.filter(idempotency_key=key).count() == 1


def test_cancel_against_finish_has_one_winner_and_charges_only_success(workspace: Workspace) -> None:
    kind = find_kind("test.obedient")
    for _ in range(10):
        job = services.submit(workspace, kind="test.obedient", params={})
        held = transitions.claim(job.id, worker="here/1")
        assert held is not None
        finish = lambda held=held: transitions.finish(held, kind, "outcome", cpu_ms=1)  # noqa: E731
        verdict, _ = at_once([finish, lambda job=job: services.cancel(job)])
        if isinstance(verdict, JobCancelled):
            transitions.fail_attempt(held, "cancelled", retryable=False)
        row = fresh(job)
        expected = ("cancelled", 0) if isinstance(verdict, JobCancelled) else ("succeeded", 1)
        assert (row.state, charges(job)) == expected


def test_several_relays_ring_each_bell_once(workspace: Workspace, settings: Any) -> None:
    settings.WORKER_CONCURRENCY = 50
    for _ in range(40):
        services.submit(workspace, kind="test.obedient", params={})
    rings: list[dispatch.Ring] = []
    at_once([lambda: dispatch.ring_next(rings.append)] * 4)
    assert len(rings) == len({one.job_id for one in rings}) == 40


def test_several_sweepers_take_each_job_once(workspace: Workspace) -> None:
    jobs = [services.submit(workspace, kind="test.obedient", params={}) for _ in range(20)]
    for job in jobs:
        transitions.claim(job.id, worker="here/1")
    with tenant_scope(workspace.id):
        Job.objects.update(lease_until="2020-01-01T00:00:00Z")
    assert sum(at_once([dispatch.sweep] * 4)) == 20
    assert {fresh(job).state for job in jobs} == {"queued"}
