"""Whose bell is rung next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.core.tenancy import system_scope, tenant_scope
from apps.jobs import dispatch, services, transitions
from apps.jobs.models import Job, Outbox, Priority, Share
from tests.integration.jobs.conftest import bell, fresh, new_workspace


def submit(workspace: Workspace, count: int = 1, priority: Priority = Priority.BATCH) -> list[Job]:
    with tenant_scope(workspace.id):
        return [
            services.submit(workspace, kind="test.obedient", params={}, priority=priority, label=str(number))
            for number in range(count)
        ]


def ring() -> list[dispatch.Ring]:
    rings: list[dispatch.Ring] = []
    dispatch.ring_next(rings.append)
    return rings


def serve(count: int) -> list[Job]:
    """Ring, claim and finish until ``count`` jobs are done; in the order in which they were rung."""
    served: list[Job] = []
    while len(served) < count and (rings := ring()):
        for one in rings:
            held = transitions.claim(one.job_id, worker="here/1")
            assert held is not None
            transitions.fail_attempt(held, "internal", retryable=False)
            with tenant_scope(one.workspace_id):
                served.append(Job.objects.get(id=one.job_id))
    return served


def age(job: Job, seconds: float) -> None:
    with system_scope():
        Outbox.objects.filter(job=job).update(ready_at=timezone.now() - timedelta(seconds=seconds))


def test_a_bell_is_rung_once(workspace: Workspace) -> None:
    (job,) = submit(workspace)
    assert [one.job_id for one in ring()] == [job.id]
    assert ring() == []
    assert bell(job).rings == 1  # type: ignore[union-attr]


def set_deleted(workspace: Workspace, *, is_deleted: bool) -> None:
    with tenant_scope(workspace.id):
        Workspace.objects.filter(id=workspace.id).update(deleted_at=timezone.now() if is_deleted else None)


def test_jobs_of_a_deleted_workspace_wait_until_it_is_brought_back(workspace: Workspace) -> None:
    other = new_workspace()
    rung, unrung = submit(workspace), submit(workspace)
    assert [one.job_id for one in ring()] == [rung[0].id, unrung[0].id]
    set_deleted(workspace, is_deleted=True)
    assert transitions.claim(rung[0].id, worker="here/1") is None
    with system_scope():
        Outbox.objects.update(published_at=None)  # as the sweep does with bells that nobody answers
    theirs = submit(other)
    assert [one.job_id for one in ring()] == [theirs[0].id]
    assert (fresh(rung[0]).state, fresh(rung[0]).attempts) == ("queued", 0)

    set_deleted(workspace, is_deleted=False)
    assert [job.id for job in serve(3)] == [rung[0].id, unrung[0].id]


def test_the_broker_is_kept_shallow(workspace: Workspace) -> None:
    submit(workspace, 10)
    assert len(ring()) == 2
    assert ring() == []


def test_interactive_work_finds_room_although_batch_work_fills_its_share(workspace: Workspace) -> None:
    submit(workspace, 10)
    ring()
    (urgent,) = submit(workspace, 1, Priority.INTERACTIVE)
    assert [one.job_id for one in ring()] == [urgent.id]


def test_classes_go_in_order(workspace: Workspace) -> None:
    for priority in (Priority.MAINTENANCE, Priority.BATCH, Priority.INTERACTIVE):
        submit(workspace, 2, priority)
    assert [job.priority for job in serve(6)] == ["interactive"] * 2 + ["batch"] * 2 + ["maintenance"] * 2


def test_jobs_of_one_workspace_go_in_the_order_of_submission(workspace: Workspace) -> None:
    submit(workspace, 7)
    assert [job.label for job in serve(7)] == ["0", "1", "2", "3", "4", "5", "6"]


def test_a_thousand_jobs_of_one_workspace_do_not_starve_another(workspace: Workspace) -> None:
    submit(workspace, 1000)
    serve(20)
    quiet = new_workspace()
    submit(quiet, 5)
    places = [place for place, job in enumerate(serve(12)) if job.workspace_id == quiet.id]
    assert len(places) == 5
    assert max(places) <= 10


def test_workspaces_take_turns_by_weight(workspace: Workspace) -> None:
    heavy = new_workspace()
    with system_scope():
        Share.objects.create(workspace=heavy, weight=3.0)
    submit(workspace, 40)
    submit(heavy, 40)
    served = [job.workspace_id for job in serve(40)]
    assert served.count(heavy.id) == pytest.approx(30, abs=1)


def test_a_pause_earns_no_credit(workspace: Workspace) -> None:
    other = new_workspace()
    submit(workspace, 30)
    submit(other, 1)
    serve(30)
    submit(workspace, 10)
    submit(other, 10)
    served = [job.workspace_id for job in serve(10)]
    assert served.count(other.id) == pytest.approx(5, abs=1)


def test_work_that_grew_old_is_let_through_now_and_then(workspace: Workspace) -> None:
    lazy = submit(workspace, 3, Priority.MAINTENANCE)
    for job in lazy:
        age(job, 61)
    submit(workspace, 20, Priority.INTERACTIVE)
    served = [job.priority for job in serve(10)]
    assert served.count("maintenance") == 1
    with system_scope():
        Share.objects.update(aged_at=timezone.now() - timedelta(seconds=dispatch.AGED_EVERY_S))
    assert [job.priority for job in serve(6)].count("maintenance") == 1


def test_a_paused_job_is_not_rung(workspace: Workspace) -> None:
    (job,) = submit(workspace)
    age(job, -5)
    assert ring() == []


def test_a_broker_that_refuses_leaves_everything_as_it_was(workspace: Workspace) -> None:
    (job,) = submit(workspace)

    def refuse(one: Any) -> None:
        raise ConnectionError("the broker is away")

    with pytest.raises(ConnectionError):
        dispatch.ring_next(refuse)
    assert (bell(job).rings, bell(job).published_at) == (0, None)  # type: ignore[union-attr]
    assert [one.job_id for one in ring()] == [job.id]


def lose_ring(job: Job, seconds: float, rings: int = 1) -> None:
    """The message was sent that long ago and nobody answered."""
    with system_scope():
        Outbox.objects.filter(job=job).update(published_at=timezone.now() - timedelta(seconds=seconds), rings=rings)


def test_a_lost_message_is_sent_again(workspace: Workspace) -> None:
    (job,) = submit(workspace)
    ring()
    lose_ring(job, dispatch.RING_AGAIN_IDLE_S - 1)
    assert dispatch.sweep() == 0
    lose_ring(job, dispatch.RING_AGAIN_IDLE_S + 1)
    assert dispatch.sweep() == 1
    assert [one.job_id for one in ring()] == [job.id]
    assert bell(job).rings == 2  # type: ignore[union-attr]


def test_while_workers_are_busy_an_unanswered_message_gets_more_time(workspace: Workspace) -> None:
    busy, job = submit(workspace, 2)
    transitions.claim(busy.id, worker="here/1")
    ring()
    lose_ring(job, dispatch.RING_AGAIN_S - 1)
    assert dispatch.sweep() == 0
    lose_ring(job, dispatch.RING_AGAIN_S + 1)
    assert dispatch.sweep() == 1


def test_the_time_between_messages_grows_to_a_limit(workspace: Workspace) -> None:
    (job,) = submit(workspace)
    ring()
    lose_ring(job, dispatch.RING_AGAIN_IDLE_S + 1, rings=3)
    assert dispatch.sweep() == 0
    lose_ring(job, dispatch.RING_AGAIN_MAX_S + 1, rings=30)
    assert dispatch.sweep() == 1


def test_the_sweep_takes_a_job_from_a_silent_worker(workspace: Workspace) -> None:
    (job,) = submit(workspace)
    transitions.claim(job.id, worker="here/1")
    assert dispatch.sweep() == 0
    with tenant_scope(workspace.id):
        Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert dispatch.sweep() == 1
    row = fresh(job)
    assert (row.state, row.attempts, row.error_code, row.lease_until) == ("queued", 1, "worker_lost", None)
    assert bell(job).rank == Priority.BATCH.rank  # type: ignore[union-attr]


def test_the_tables_of_the_queue_are_hidden_without_a_scope(workspace: Workspace) -> None:
    submit(workspace)
    ring()
    assert (Job.objects.count(), Outbox.objects.count(), Share.objects.count()) == (0, 0, 0)
    with tenant_scope(new_workspace().id):
        assert (Job.objects.count(), Outbox.objects.count(), Share.objects.count()) == (0, 0, 0)
