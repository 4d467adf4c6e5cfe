"""A kind whose own ``fail`` hook breaks, or kills its worker: the job ends all the same, and says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.core.sentences import sentence
from apps.jobs import dispatch, runner, services, tasks, transitions
from apps.jobs.models import Job, JobState
from tests.integration.jobs.conftest import bell, change, fresh, skip_pause
from tests.integration.jobs.kinds import Killed, Obedient
from tests.integration.jobs.test_neighbours import DEAD_PID
from tests.integration.jobs.test_states import claim, submit


def lose(job: Job) -> None:
    """The worker that holds the job falls silent, and the sweep finds that."""
    change(job, lease_until=timezone.now() - timedelta(seconds=1))
    assert dispatch.sweep() == 1
    skip_pause(job)


def exhausted(workspace: Workspace, **params: object) -> Job:
    """A job whose three workers were lost: it waits for somebody who ends it."""
    job = submit(workspace, **params)
    for _ in range(3):
        claim(job)
        lose(job)
    return job


def hooks(job: Job) -> int:
    return sum(name.startswith("fail ") and key == str(job.id) for name, key in Obedient.calls)


def test_a_lost_job_whose_hook_breaks_ends_after_three_tries_and_says_so(workspace: Workspace) -> None:
    job = exhausted(workspace, fail_error="bug")
    for _ in range(transitions.MOST_ENDINGS):
        assert fresh(job).state == JobState.QUEUED
        with pytest.raises(ZeroDivisionError):
            tasks.run(str(job.id))
    tasks.run(str(job.id))
    row = fresh(job)
    assert (row.state, row.error_code, bell(job), hooks(job)) == (JobState.FAILED, "internal", None, 3)
    assert "please try again" in sentence(row.error_code)


def test_a_hook_that_works_the_second_time_ends_its_job_as_usual(workspace: Workspace) -> None:
    job = exhausted(workspace, fail_error="bug")
    with pytest.raises(ZeroDivisionError):
        tasks.run(str(job.id))
    change(job, params={})
    tasks.run(str(job.id))
    assert (fresh(job).state, fresh(job).error_code, hooks(job)) == (JobState.FAILED, "worker_lost", 2)


def test_a_hook_that_kills_its_worker_does_so_no_more_than_six_times(workspace: Workspace) -> None:
    job = submit(workspace, error="refused", fail_error="killed")
    for _ in range(3):
        with pytest.raises(Killed):
            tasks.run(str(job.id))
        assert fresh(job).state == JobState.RUNNING  # nobody was left to write anything
        lose(job)
    for _ in range(transitions.MOST_ENDINGS):
        with pytest.raises(Killed):
            tasks.run(str(job.id))
        assert fresh(job).state == JobState.QUEUED
    tasks.run(str(job.id))
    assert (fresh(job).state, fresh(job).error_code, hooks(job)) == (JobState.FAILED, "internal", 6)


def test_a_message_redelivered_after_the_last_kill_leaves_the_ending_to_those_who_count(workspace: Workspace) -> None:
    job = submit(workspace, fail_error="killed")
    for _ in range(2):
        claim(job)
        lose(job)
    assert transitions.claim(job.id, worker=f"{runner.neighbourhood()}/{DEAD_PID}") is not None
    for _ in range(transitions.MOST_ENDINGS):
        with pytest.raises(Killed):
            tasks.run(str(job.id))
        assert (fresh(job).state, fresh(job).error_code) == (JobState.QUEUED, "worker_lost")
    tasks.run(str(job.id))
    assert (fresh(job).state, hooks(job)) == (JobState.FAILED, 3)


def test_whoever_tries_such_a_job_again_gives_its_hook_three_new_tries(workspace: Workspace) -> None:
    job = exhausted(workspace, fail_error="bug")
    for _ in range(transitions.MOST_ENDINGS):
        with pytest.raises(ZeroDivisionError):
            tasks.run(str(job.id))
    tasks.run(str(job.id))
    services.retry(job)
    assert (fresh(job).state, fresh(job).endings) == (JobState.QUEUED, 0)
    change(job, params={})
    tasks.run(str(job.id))
    assert fresh(job).state == JobState.SUCCEEDED
