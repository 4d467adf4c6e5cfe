"""Every change of a job's state, each one transaction and each under the fence.

What a worker writes names the attempt that it holds (``Held``); a row that went on without it refuses with LeaseLost.
All clocks are PostgreSQL's, so that machines need not agree on the time.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from apps.core.events import notify
from apps.core.tenancy import system_scope, tenant_scope
from apps.jobs.kinds import Abandonable, JobCancelled, JobKind, LeaseLost, find_kind, is_known
from apps.jobs.models import Job, JobState, Outbox, Priority

LEASE_S = 20.0
ROWS_AT_ONCE = 500  # of one statement, where many are written
PAUSE_S = (2.0, 8.0, 30.0)  # before the second, third and any later attempt
MOST_ENDINGS = 3  # tries of a kind's hook while nobody holds the job
BELL = "vf_bell"  # wakes the relay: there is a bell to ring, or room for one more

CLAIM = """
    WITH won AS (
        UPDATE jobs_job SET state = 'running', attempts = attempts + 1, worker = %(worker)s,
            lease_until = statement_timestamp() + %(lease_s)s * interval '1 second',
            started_at = statement_timestamp(), changed_at = statement_timestamp(),
            progress = 0, stage = '', figures = '{}', error_code = '', error_params = '{}'
        WHERE id = %(job)s AND state = 'queued' AND attempts < max_attempts AND cancel_requested_at IS NULL
            AND EXISTS (SELECT 1 FROM jobs_outbox WHERE job_id = %(job)s AND ready_at <= statement_timestamp())
            AND EXISTS (SELECT 1 FROM accounts_workspace WHERE id = workspace_id AND deleted_at IS NULL)
        RETURNING id, workspace_id, kind, attempts
    ), answered AS (
        DELETE FROM jobs_outbox USING won WHERE jobs_outbox.job_id = won.id
    )
    SELECT id, workspace_id, kind, attempts FROM won
"""
RENEW = """
    UPDATE jobs_job SET lease_until = statement_timestamp() + %(lease_s)s * interval '1 second'
    WHERE id = %(job)s AND state = 'running' AND attempts = %(attempt)s
    RETURNING cancel_requested_at IS NOT NULL
"""
REPORT = """
    UPDATE jobs_job SET lease_until = statement_timestamp() + %(lease_s)s * interval '1 second',
        changed_at = statement_timestamp(), progress = %(progress)s, stage = %(stage)s, figures = %(figures)s
    WHERE id = %(job)s AND state = 'running' AND attempts = %(attempt)s
    RETURNING cancel_requested_at IS NOT NULL
"""


@dataclass(frozen=True)
class Held:
    """One attempt at one job, as its worker knows it."""

    job_id: uuid.UUID
    workspace_id: uuid.UUID
    kind: str
    attempt: int


def claim(job_id: uuid.UUID, *, worker: str) -> Held | None:
    """Take the job, or None when somebody else has it, it ended, its pause is not over, or its workspace is deleted."""
    with system_scope():
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, {"job": job_id, "worker": worker, "lease_s": LEASE_S})
            row = cursor.fetchone()
        if row is None:
            return None
        announce(Job.objects.get(id=job_id))
        ring_relay()
    return Held(*row)


def renew(held: Held) -> None:
    """Push the lease on. Raises LeaseLost or JobCancelled."""
    _touch(held, RENEW, {})


def report(held: Held, stage: str, progress: float, *, figures: Mapping[str, float] | None = None) -> None:
    """Push the lease on, store the progress and tell the browsers. Raises LeaseLost or JobCancelled."""
    values = {"stage": stage[:40], "progress": progress, "figures": json.dumps(dict(figures or {}))}
    _touch(held, REPORT, values, tell=True)


def _touch(held: Held, statement: str, values: Mapping[str, Any], *, tell: bool = False) -> None:
    with tenant_scope(held.workspace_id):
        with connection.cursor() as cursor:
            cursor.execute(statement, {"job": held.job_id, "attempt": held.attempt, "lease_s": LEASE_S, **values})
            row = cursor.fetchone()
        if row is not None and tell:
            announce(Job.objects.get(id=held.job_id))
    if row is None:
        raise LeaseLost(f"attempt {held.attempt} of {held.job_id} is over")
    if row[0]:
        raise JobCancelled


def finish(held: Held, kind: JobKind, outcome: Any, *, cpu_ms: int) -> None:
    """Succeed: domain rows, ledger and state in one transaction. Raises LeaseLost or JobCancelled.

    ``kind.finish`` sees what this attempt cost in ``job.cpu_ms``; the row keeps what all attempts cost together.

    May be repeated after a lost connection: when the first commit did go through, nothing happens.
    """
    with tenant_scope(held.workspace_id):
        job = Job.objects.select_for_update().filter(id=held.job_id, attempts=held.attempt).first()
        if job is not None and job.state == JobState.SUCCEEDED:
            return
        if job is None or job.state != JobState.RUNNING:
            raise LeaseLost(f"attempt {held.attempt} of {held.job_id} is over")
        if job.cancel_requested_at is not None:
            raise JobCancelled
        earlier_ms, job.cpu_ms = job.cpu_ms, cpu_ms
        job.result = kind.finish(job, outcome)
        job.cpu_ms = earlier_ms + cpu_ms
        job.progress = 1.0
        end(job, JobState.SUCCEEDED)


def fail_attempt(
    held: Held, code: str, params: Mapping[str, Any] | None = None, *, retryable: bool, cpu_ms: int = 0
) -> None:
    """This attempt did not work out: once more after a pause, or the end. A late worker's failure changes nothing."""
    with tenant_scope(held.workspace_id):
        job = _locked(held)
        if job is None:
            return
        job.cpu_ms += cpu_ms
        job.error_code, job.error_params = code, dict(params or {})
        if job.cancel_requested_at is None and retryable and job.attempts < job.max_attempts:
            requeue(job, pause_s=PAUSE_S[min(job.attempts, len(PAUSE_S)) - 1])
        else:
            end_badly(job)


def give_back(held: Held, *, cpu_ms: int = 0) -> None:
    """The worker stops: the job waits for another one, and this attempt does not count."""
    with tenant_scope(held.workspace_id):
        job = _locked(held)
        if job is not None:
            job.max_attempts = F("max_attempts") + 1
            job.cpu_ms += cpu_ms
            requeue(job)


def let_go(held: Held) -> None:
    """Whoever held the job is dead: it waits again, as after the sweep; one without an attempt left is settled next."""
    with tenant_scope(held.workspace_id):
        job = _locked(held)
        if job is not None:
            job.error_code, job.error_params = "worker_lost", {}
            requeue(job, pause_s=PAUSE_S[min(job.attempts, len(PAUSE_S)) - 1])


def settle(job_id: uuid.UUID) -> None:
    """End a queued job that may not run any more: cancelled while it ran, or its last worker was lost.

    Each try is counted before the kind's hook runs: one that breaks or kills its worker every time is left out after
    ``MOST_ENDINGS``, so that the job ends.
    """
    workspace_id = _count_ending(job_id)
    if workspace_id is None:
        return
    with tenant_scope(workspace_id):
        job = Job.objects.select_for_update().get(id=job_id)
        if not _is_due(job):
            return
        if job.endings <= MOST_ENDINGS:
            end_badly(job)
        else:
            _end_as_broken(job)


def _count_ending(job_id: uuid.UUID) -> uuid.UUID | None:
    """Note, in a transaction of its own, that somebody sets out to end the job; its workspace, or None if not due."""
    with system_scope():
        job = Job.objects.select_for_update().filter(id=job_id, state=JobState.QUEUED).first()
        if job is None or not _is_due(job):
            return None
        Job.objects.filter(id=job_id).update(endings=F("endings") + 1)
    return job.workspace_id


def _is_due(job: Job) -> bool:
    """Whether a waiting job has to end instead of being worked on."""
    may_not_run = job.attempts >= job.max_attempts or job.cancel_requested_at is not None
    return job.state == JobState.QUEUED and may_not_run


def end_badly(job: Job) -> None:
    """End a locked job as cancelled, when somebody asked for that, or else as failed; the kind's rows follow.

    A kind that this version does not know has no rows that it could follow up.
    """
    cancelled = job.cancel_requested_at is not None
    if cancelled:
        job.error_code, job.error_params = "cancelled", {}
    end(job, JobState.CANCELLED if cancelled else JobState.FAILED)
    if is_known(job.kind):
        find_kind(job.kind).fail(job, job.error_code)


def end_without_hook(held: Held) -> None:
    """The last resort when the kind's own ``fail`` is what broke."""
    with tenant_scope(held.workspace_id):
        job = _locked(held)
        if job is not None:
            _end_as_broken(job)


def _end_as_broken(job: Job) -> None:
    job.error_code, job.error_params = "internal", {}
    end(job, JobState.FAILED)
    if not is_known(job.kind):
        return
    kind = find_kind(job.kind)
    if isinstance(kind, Abandonable):
        kind.abandon(job)


def end(job: Job, state: JobState) -> None:
    """Write the end of a locked job. One that waited leaves room for another bell; one that ran gave its own back."""
    job.state = state
    job.lease_until = None
    job.ended_at = Now()
    save(job)
    silenced, _ = Outbox.objects.filter(job=job).delete()
    announce(job)
    if silenced:
        ring_relay()


def requeue(job: Job, *, pause_s: float = 0.0) -> None:
    """Put a locked job back in the queue and hang up its bell."""
    job.state = JobState.QUEUED
    job.lease_until = None
    job.ended_at = None
    job.progress, job.stage, job.worker = 0.0, "", ""
    save(job)
    hang_bell(job, pause_s=pause_s)
    announce(job)


def save(job: Job) -> None:
    """Write a locked row, with the database's time of the change."""
    job.changed_at = Now()
    job.save()
    job.refresh_from_db(fields=["changed_at", "ended_at", "max_attempts"])


def hang_bell(job: Job, *, pause_s: float = 0.0) -> None:
    """Write the outbox row of a queued job, or make a left-over one ring afresh; the relay wakes with the commit."""
    hang_bells([job], pause_s=pause_s)


def hang_bells(jobs: Sequence[Job], *, pause_s: float = 0.0) -> None:
    """``hang_bell`` for many jobs in a few statements."""
    ready_at = Now() + timedelta(seconds=pause_s)
    rows = [
        Outbox(
            workspace_id=job.workspace_id, job=job, rank=Priority(job.priority).rank, lane=job.lane, ready_at=ready_at
        )
        for job in jobs
    ]
    afresh = ["rank", "lane", "ready_at", "published_at", "rings"]
    Outbox.objects.bulk_create(
        rows, batch_size=ROWS_AT_ONCE, update_conflicts=True, unique_fields=["job"], update_fields=afresh
    )
    ring_relay()


def ring_relay() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [BELL])


def announce(job: Job) -> None:
    """Tell the workspace's pages that this job changed."""
    notify(job.workspace_id, job.event())


def _locked(held: Held) -> Job | None:
    """The row, locked, while this attempt still holds it."""
    mine = Job.objects.filter(id=held.job_id, state=JobState.RUNNING, attempts=held.attempt)
    return mine.select_for_update().first()
