"""Rows that this version would not have written do not stop the queue."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.core.errors import Conflict
from apps.core.sentences import sentence
from apps.core.tenancy import tenant_scope
from apps.jobs import dispatch, services, tasks, transitions
from apps.jobs.models import Job, JobState, Outbox
from tests.integration.jobs.conftest import bell, change, fresh, skip_pause
from tests.integration.jobs.test_states import claim, submit


def of_another_version(workspace: Workspace) -> Job:
    """A job whose kind only a newer version knows."""
    job = submit(workspace)
    change(job, kind="test.from_the_future")
    return fresh(job)


def test_a_kind_of_another_version_is_tried_three_times_and_then_says_so(workspace: Workspace) -> None:
    job = of_another_version(workspace)
    for attempt in (1, 2):
        tasks.run(str(job.id))
        assert (fresh(job).state, fresh(job).attempts) == (JobState.QUEUED, attempt)
        skip_pause(job)
    tasks.run(str(job.id))
    assert (fresh(job).state, fresh(job).error_code) == (JobState.FAILED, "job_kind_unknown")
    assert "being updated" in sentence(fresh(job).error_code, fresh(job).error_params)


def test_a_waiting_job_of_another_version_can_be_cancelled(workspace: Workspace) -> None:
    job = of_another_version(workspace)
    services.cancel(job)
    assert (fresh(job).state, bell(job)) == (JobState.CANCELLED, None)


def test_a_failed_job_of_another_version_is_not_queued_again(workspace: Workspace) -> None:
    job = of_another_version(workspace)
    services.cancel(job)
    with pytest.raises(Conflict, match="job_kind_unknown"):
        services.retry(job)
    assert fresh(job).state == JobState.CANCELLED


def leave_a_bell(job: Job) -> None:
    """What no transition does: an outbox row beside a running job, rung once."""
    with tenant_scope(job.workspace_id):
        Outbox.objects.create(workspace_id=job.workspace_id, job=job, published_at=timezone.now(), rings=1)


def test_a_left_over_bell_does_not_keep_the_sweep_from_a_lost_job(workspace: Workspace) -> None:
    job = submit(workspace)
    claim(job)
    leave_a_bell(job)
    change(job, lease_until=timezone.now() - timedelta(seconds=1))
    assert dispatch.sweep() == 1
    row = bell(job)
    assert (fresh(job).state, row and (row.published_at, row.rings)) == (JobState.QUEUED, (None, 0))


def test_a_left_over_bell_is_hung_up_afresh_when_the_worker_gives_the_job_back(workspace: Workspace) -> None:
    job = submit(workspace)
    held = claim(job)
    leave_a_bell(job)
    transitions.give_back(held)
    row = bell(job)
    assert (fresh(job).state, row and (row.published_at, row.rings)) == (JobState.QUEUED, (None, 0))
