"""The state machine, one transition a test."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.billing.models import LedgerEntry
from apps.core.errors import Conflict
from apps.core.tenancy import tenant_scope
from apps.jobs import dispatch, lease, runner, services, tasks, transitions
from apps.jobs.kinds import JobCancelled, LeaseLost, find_kind
from apps.jobs.models import Job, JobState
from apps.jobs.transitions import Held
from tests.integration.jobs.conftest import bell, change, charges, fresh, skip_pause
from tests.integration.jobs.kinds import Obedient


def submit(workspace: Workspace, **params: object) -> Job:
    return services.submit(workspace, kind="test.obedient", params=params)


def claim(job: Job) -> Held:
    held = transitions.claim(job.id, worker="here/1")
    assert held is not None
    return held


def test_a_submitted_job_waits_with_a_bell(workspace: Workspace) -> None:
    job = submit(workspace)
    assert fresh(job).state == JobState.QUEUED
    assert fresh(job).attempts == 0
    assert bell(job).published_at is None  # type: ignore[union-attr]


def test_a_submission_that_is_rolled_back_never_existed(workspace: Workspace) -> None:
    with transaction.atomic():
        submit(workspace)
        transaction.set_rollback(True)
    with tenant_scope(workspace.id):
        assert Job.objects.count() == 0


def test_an_unknown_kind_is_refused(workspace: Workspace) -> None:
    with pytest.raises(KeyError):
        services.submit(workspace, kind="test.nobody", params={})


def test_a_claim_takes_the_lease_the_bell_and_one_attempt(workspace: Workspace) -> None:
    job = submit(workspace)
    held = claim(job)
    row = fresh(job)
    assert (row.state, row.attempts, row.worker, held.attempt) == ("running", 1, "here/1", 1)
    left = row.lease_until - timezone.now()  # type: ignore[operator]
    assert timedelta(seconds=10) < left <= timedelta(seconds=transitions.LEASE_S)
    assert bell(job) is None


def test_a_second_claim_gets_nothing(workspace: Workspace) -> None:
    job = submit(workspace)
    claim(job)
    assert transitions.claim(job.id, worker="there/2") is None
    assert fresh(job).attempts == 1


def test_a_job_runs_to_success_and_is_charged_once(workspace: Workspace) -> None:
    job = submit(workspace, steps=3)
    tasks.run(str(job.id))
    row = fresh(job)
    assert (row.state, row.progress, row.result, row.error_code) == ("succeeded", 1.0, {"outcome": "outcome"}, "")
    assert row.ended_at is not None
    assert row.lease_until is None
    assert charges(job) == 1


def test_a_message_that_comes_again_changes_nothing(workspace: Workspace) -> None:
    job = submit(workspace)
    for _ in range(3):
        tasks.run(str(job.id))
    assert Obedient.calls == [("load", str(job.id)), ("finish", str(job.id))]
    assert charges(job) == 1


def test_a_refused_input_fails_at_once_with_its_sentence(workspace: Workspace) -> None:
    job = submit(workspace, error="refused")
    tasks.run(str(job.id))
    row = fresh(job)
    assert (row.state, row.attempts, row.error_code, row.error_params) == (
        "failed",
        1,
        "cutout.empty_mask",
        {"share": 3},
    )
    assert Obedient.calls[-1] == ("fail cutout.empty_mask", str(job.id))
    assert charges(job) == 0


def test_an_error_of_the_application_ends_the_job_with_its_code(workspace: Workspace) -> None:
    job = submit(workspace, error="invalid")
    tasks.run(str(job.id))
    assert (fresh(job).state, fresh(job).error_code) == ("failed", "studio.name_missing")


@pytest.mark.parametrize("error", ["broken", "overloaded"])
def test_an_error_that_may_go_away_waits_before_the_next_attempt(workspace: Workspace, error: str) -> None:
    job = submit(workspace, error=error)
    tasks.run(str(job.id))
    assert fresh(job).state == JobState.QUEUED
    pause = bell(job).ready_at - timezone.now()  # type: ignore[union-attr]
    assert timedelta(seconds=0) < pause <= timedelta(seconds=2)
    assert transitions.claim(job.id, worker="here/1") is None
    skip_pause(job)
    assert claim(job).attempt == 2


def test_the_third_attempt_is_the_last(workspace: Workspace) -> None:
    job = submit(workspace, error="broken")
    for _ in range(2):
        tasks.run(str(job.id))
        skip_pause(job)
    tasks.run(str(job.id))
    row = fresh(job)
    assert (row.state, row.attempts, row.error_code) == ("failed", 3, "engine.broke")
    assert bell(job) is None
    assert charges(job) == 0


def test_a_bug_is_recorded_as_internal_and_still_reaches_the_error_tracker(workspace: Workspace) -> None:
    job = submit(workspace, error="bug")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            tasks.run(str(job.id))
        skip_pause(job)
    with pytest.raises(ZeroDivisionError):
        tasks.run(str(job.id))
    assert (fresh(job).state, fresh(job).error_code, fresh(job).attempts) == ("failed", "internal", 3)


def test_a_bug_in_the_failure_hook_does_not_keep_the_job_alive(workspace: Workspace) -> None:
    job = submit(workspace, error="refused", fail_error="bug")
    with pytest.raises(ZeroDivisionError):
        tasks.run(str(job.id))
    skip_pause(job)
    with pytest.raises(ZeroDivisionError):
        tasks.run(str(job.id))
    skip_pause(job)
    with pytest.raises(ZeroDivisionError):
        tasks.run(str(job.id))
    assert (fresh(job).state, fresh(job).error_code) == ("failed", "internal")


def test_a_job_that_kills_its_workers_ends_failed_after_three(workspace: Workspace) -> None:
    job = submit(workspace)
    for attempt in (1, 2, 3):
        assert claim(job).attempt == attempt
        change(job, lease_until=timezone.now() - timedelta(seconds=1))
        assert dispatch.sweep() == 1
        skip_pause(job)
    tasks.run(str(job.id))
    row = fresh(job)
    assert (row.state, row.attempts, row.error_code) == ("failed", 3, "worker_lost")
    assert Obedient.calls == [("fail worker_lost", str(job.id))]
    assert bell(job) is None
    assert charges(job) == 0


@pytest.mark.parametrize("error", [None, "refused", "overloaded", "bug"])
def test_the_processor_time_of_every_attempt_stays_with_the_job_whatever_became_of_it(
    workspace: Workspace, error: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner.Meter, "ms", 40)
    job = submit(workspace, **({"error": error} if error else {}))
    change(job, cpu_ms=100)
    with pytest.raises(ZeroDivisionError) if error == "bug" else nullcontext():
        tasks.run(str(job.id))
    assert fresh(job).cpu_ms == 140
    with tenant_scope(workspace.id):
        charged = list(LedgerEntry.objects.filter(job_id=job.id).values_list("cpu_ms", flat=True))
    assert charged == ([] if error else [40]), "what failed is not charged"


def test_the_processor_time_of_cancelled_work_and_of_work_that_was_given_back_stays_with_the_job(
    workspace: Workspace,
) -> None:
    job = submit(workspace)
    transitions.give_back(claim(job), cpu_ms=30)
    assert (fresh(job).state, fresh(job).cpu_ms) == ("queued", 30)
    held = claim(job)
    services.cancel(job)
    transitions.fail_attempt(held, "cancelled", retryable=False, cpu_ms=12)
    assert (fresh(job).state, fresh(job).cpu_ms) == ("cancelled", 42)


def test_a_late_worker_can_not_overwrite_its_successor(workspace: Workspace) -> None:
    job = submit(workspace)
    late = claim(job)
    change(job, lease_until=timezone.now() - timedelta(seconds=1))
    dispatch.sweep()
    skip_pause(job)
    successor = claim(job)
    kind = find_kind("test.obedient")
    with pytest.raises(LeaseLost):
        transitions.finish(late, kind, "late", cpu_ms=1)
    with pytest.raises(LeaseLost):
        transitions.report(late, "late", 0.9)
    with pytest.raises(LeaseLost):
        transitions.renew(late)
    transitions.fail_attempt(late, "late", retryable=False)
    transitions.give_back(late)
    row = fresh(job)
    assert (row.state, row.attempts, row.stage, row.error_code) == ("running", 2, "", "")
    assert charges(job) == 0
    transitions.finish(successor, kind, "mine", cpu_ms=1)
    assert fresh(job).result == {"outcome": "mine"}
    assert charges(job) == 1


def test_finishing_again_after_a_lost_reply_changes_nothing(workspace: Workspace) -> None:
    held = claim(submit(workspace))
    kind = find_kind("test.obedient")
    transitions.finish(held, kind, "first", cpu_ms=1)
    transitions.finish(held, kind, "second", cpu_ms=1)
    with tenant_scope(workspace.id):
        assert Job.objects.get().result == {"outcome": "first"}
    assert [name for name, _ in Obedient.calls] == ["finish"]


def test_cancelling_a_waiting_job_ends_it_at_once(workspace: Workspace) -> None:
    job = submit(workspace)
    services.cancel(job)
    assert (fresh(job).state, fresh(job).error_code) == ("cancelled", "cancelled")
    assert bell(job) is None
    assert Obedient.calls == [("fail cancelled", str(job.id))]
    assert transitions.claim(job.id, worker="here/1") is None


def test_cancelling_a_running_job_stops_it_at_its_next_step_without_a_charge(workspace: Workspace) -> None:
    job = submit(workspace)
    held = claim(job)
    services.cancel(job)
    assert fresh(job).state == JobState.RUNNING
    with pytest.raises(JobCancelled):
        transitions.report(held, "next", 0.5)
    runner.execute(held)
    assert fresh(job).state == JobState.CANCELLED
    assert charges(job) == 0


def test_a_cancel_while_the_work_runs_wins_over_its_finish(workspace: Workspace) -> None:
    job = submit(workspace)
    Obedient.during_work = staticmethod(lambda: services.cancel(job))
    tasks.run(str(job.id))
    assert fresh(job).state == JobState.CANCELLED
    assert ("finish", str(job.id)) not in Obedient.calls
    assert charges(job) == 0


def test_a_cancel_after_the_finish_changes_nothing(workspace: Workspace) -> None:
    job = submit(workspace)
    tasks.run(str(job.id))
    services.cancel(job)
    assert fresh(job).state == JobState.SUCCEEDED
    assert fresh(job).cancel_requested_at is None


def test_a_cancelled_job_whose_worker_died_ends_cancelled(workspace: Workspace) -> None:
    job = submit(workspace)
    claim(job)
    services.cancel(job)
    change(job, lease_until=timezone.now() - timedelta(seconds=1))
    dispatch.sweep()
    skip_pause(job)
    tasks.run(str(job.id))
    assert fresh(job).state == JobState.CANCELLED


def test_work_beyond_its_deadline_fails_and_is_not_tried_again(workspace: Workspace) -> None:
    job = services.submit(workspace, kind="test.hasty", params={"steps": 1})
    tasks.run(str(job.id))
    assert (fresh(job).state, fresh(job).attempts, fresh(job).error_code) == ("failed", 1, "deadline_passed")


def test_a_stopping_worker_gives_the_job_back_without_using_up_an_attempt(workspace: Workspace) -> None:
    job = submit(workspace, steps=2)
    lease.stop_work_at(1.0)
    try:
        tasks.run(str(job.id))
    finally:
        lease.stop_work_at(0.0)
    row = fresh(job)
    assert (row.state, row.attempts, row.max_attempts, row.error_code) == ("queued", 1, 4, "")
    tasks.run(str(job.id))
    assert fresh(job).state == JobState.SUCCEEDED


@pytest.mark.parametrize("error", ["refused", None])
def test_a_person_may_retry_what_failed_or_was_cancelled(workspace: Workspace, error: str | None) -> None:
    job = submit(workspace, error="refused")
    if error:
        tasks.run(str(job.id))
    else:
        services.cancel(job)
    attempts = fresh(job).attempts
    again = services.retry(job)
    assert (again.state, again.max_attempts, again.error_code) == ("queued", attempts + 3, "")
    assert Obedient.calls[-1] == ("restart", str(job.id))
    assert claim(job).attempt == attempts + 1


def test_what_succeeded_can_not_be_retried(workspace: Workspace) -> None:
    job = submit(workspace)
    tasks.run(str(job.id))
    with pytest.raises(Conflict):
        services.retry(job)
    assert fresh(job).state == JobState.SUCCEEDED


def test_an_idempotency_key_gives_the_same_job_again(workspace: Workspace) -> None:
    first = services.submit(workspace, kind="test.obedient", params={"a": 1}, idempotency_key="k")
    again = services.submit(workspace, kind="test.obedient", params={"a": 1}, idempotency_key="k")
    assert again.id == first.id
    with tenant_scope(workspace.id):
        assert Job.objects.count() == 1


def test_an_idempotency_key_is_not_reused_for_another_request(workspace: Workspace) -> None:
    services.submit(workspace, kind="test.obedient", params={"a": 1}, idempotency_key="k")
    with pytest.raises(Conflict) as refusal:
        services.submit(workspace, kind="test.obedient", params={"a": 2}, idempotency_key="k")
    assert refusal.value.code == "idempotency_mismatch"


def test_cancelling_a_batch_ends_what_has_not_ended(workspace: Workspace) -> None:
    batch = services.create_batch(workspace, kind="test.obedient", label="Twelve")
    jobs = [services.submit(workspace, kind="test.obedient", params={}, batch=batch) for _ in range(4)]
    tasks.run(str(jobs[0].id))
    claim(jobs[1])
    assert services.cancel_batch(batch) == 3
    assert [fresh(job).state for job in jobs] == ["succeeded", "running", "cancelled", "cancelled"]
    assert fresh(jobs[1]).cancel_requested_at is not None


def test_retrying_a_batch_queues_only_what_failed(workspace: Workspace) -> None:
    batch = services.create_batch(workspace, kind="test.obedient", label="Two")
    good = services.submit(workspace, kind="test.obedient", params={}, batch=batch)
    bad = services.submit(workspace, kind="test.obedient", params={"error": "refused"}, batch=batch)
    for job in (good, bad):
        tasks.run(str(job.id))
    assert services.retry_batch(batch) == 1
    assert (fresh(good).state, fresh(bad).state) == ("succeeded", "queued")


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "running"},
        {"state": "succeeded"},
        {"state": "asleep"},
        {"attempts": 4},
        {"lease_until": timezone.now()},
        {"ended_at": timezone.now()},
    ],
)
def test_the_database_refuses_a_row_that_makes_no_sense(workspace: Workspace, broken: dict[str, object]) -> None:
    job = submit(workspace)
    with pytest.raises(IntegrityError), transaction.atomic():
        change(job, **broken)
    assert connection.in_atomic_block
