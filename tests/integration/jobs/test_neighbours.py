"""A message that comes a second time: does the process that held its job still live?"""

from __future__ import annotations

import os

import pytest

from apps.accounts.models import Workspace
from apps.jobs import runner, tasks, transitions
from apps.jobs.models import JobState
from tests.integration.jobs.conftest import fresh
from tests.integration.jobs.test_states import submit

DEAD_PID = 2**22 + 1  # above the largest pid that Linux gives out


def test_a_message_redelivered_after_a_killed_child_frees_its_job_before_the_lease_ends(workspace: Workspace) -> None:
    job = submit(workspace)
    assert transitions.claim(job.id, worker=f"{runner.neighbourhood()}/{DEAD_PID}") is not None
    tasks.run(str(job.id))
    assert (fresh(job).state, fresh(job).error_code) == ("queued", "worker_lost")


def test_a_process_id_of_another_container_with_the_same_host_name_says_nothing(workspace: Workspace) -> None:
    job = submit(workspace)
    host = runner.neighbourhood().rpartition("/")[0]
    assert transitions.claim(job.id, worker=f"{host}/0123456789ab/{DEAD_PID}") is not None
    tasks.run(str(job.id))
    assert fresh(job).state == JobState.RUNNING


def test_another_namespace_of_processes_is_another_neighbourhood(monkeypatch: pytest.MonkeyPatch) -> None:
    here = runner.neighbourhood.__wrapped__()
    monkeypatch.setattr(os, "readlink", lambda _: "pid:[4026532999]")
    assert runner.neighbourhood.__wrapped__() != here


def test_a_message_redelivered_while_the_holder_lives_leaves_it_alone(workspace: Workspace) -> None:
    job = submit(workspace)
    assert transitions.claim(job.id, worker=runner.worker_name()) is not None
    tasks.run(str(job.id))
    assert fresh(job).state == JobState.RUNNING
