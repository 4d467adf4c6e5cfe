"""Handing work to the queue and taking it back. Everything else that happens to a job is in ``transitions``."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.core.errors import Conflict
from apps.core.tenancy import tenant_scope
from apps.jobs.kinds import Restartable, find_kind, is_known, lane_of, unwanted
from apps.jobs.models import Batch, Job, JobState, Priority
from apps.jobs.transitions import ROWS_AT_ONCE, announce, end_badly, hang_bell, hang_bells, requeue, save


def submit(
    workspace: Workspace,
    *,
    kind: str,
    params: dict[str, Any],
    priority: Priority = Priority.INTERACTIVE,
    created_by: User | None = None,
    label: str = "",
    batch: Batch | None = None,
    idempotency_key: str = "",
    subject: str = "",
) -> Job:
    """Queue one job, in the caller's transaction: it runs after the commit, or it never existed.

    A second submission with the same ``idempotency_key`` returns the first job. Raises Conflict when that job asks for
    something else, and KeyError for a kind that is not registered.
    """
    named = {"batch": batch, "subject": subject, "idempotency_key": idempotency_key}
    job = _job(workspace, kind, params, label, priority=priority, created_by=created_by, **named)
    with tenant_scope(workspace.id):
        if not idempotency_key:
            job.save(force_insert=True)
        elif (first := _insert_or_find(job)) is not None:
            return first
        hang_bell(job)
        announce(job)
    return job


def submit_many(
    workspace: Workspace,
    works: Sequence[tuple[str, dict[str, Any]]],
    *,
    kind: str,
    batch: Batch,
    subject: str,
    priority: Priority = Priority.BATCH,
    created_by: User | None = None,
) -> list[Job]:
    """Queue a job for each label and params in ``works``, in the caller's transaction, in that order.

    As ``submit`` for each of them, in a few statements in all. Pages hear of the first only: the others have the same
    batch and subject. Raises KeyError for a kind that is not registered.
    """
    shared = {"priority": priority, "created_by": created_by, "batch": batch, "subject": subject}
    jobs = [_job(workspace, kind, params, label, **shared) for label, params in works]
    with tenant_scope(workspace.id):
        Job.objects.bulk_create(jobs, batch_size=ROWS_AT_ONCE)
        hang_bells(jobs)
        for first in jobs[:1]:
            announce(first)
    return jobs


def _job(workspace: Workspace, kind: str, params: dict[str, Any], label: str, **rest: Any) -> Job:
    """A job that was not written yet, in the lane of those who can do it. Raises KeyError for an unknown kind."""
    return Job(workspace=workspace, kind=kind, params=params, label=label[:200], lane=lane_of(kind, params), **rest)


def _insert_or_find(job: Job) -> Job | None:
    """Insert ``job``, or return the job that already holds its idempotency key."""
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError:
        first = _same_request(job)
        if first is None:
            raise
        return first
    return None


def _same_request(job: Job) -> Job | None:
    holders = Job.objects.filter(workspace_id=job.workspace_id, idempotency_key=job.idempotency_key)
    found = holders.exclude(idempotency_key="").first()
    if found is not None and (found.kind, found.params) != (job.kind, job.params):
        raise Conflict("idempotency_mismatch")
    return found


def create_batch(workspace: Workspace, *, kind: str, label: str, created_by: User | None = None) -> Batch:
    """A bracket around jobs that are submitted with ``batch=``."""
    with tenant_scope(workspace.id):
        return Batch.objects.create(workspace=workspace, kind=kind, label=label[:200], created_by=created_by)


def cancel(job: Job, *, by: User | None = None) -> Job:
    """Cancel: at once while the job waits; at its next step while it runs. Cancelling what has ended does nothing."""
    with tenant_scope(job.workspace_id):
        row = Job.objects.select_for_update().get(id=job.id)
        _cancel_locked(row, by)
    return row


def filler_of(batch: Batch) -> str:
    """The subject of a job that fills the batch with jobs without being one of them."""
    return f"batch:{batch.id}"


def cancel_batch(batch: Batch, *, by: User | None = None) -> int:
    """Cancel every job of the batch that has not ended, and what still fills it; returns how many that are."""
    with tenant_scope(batch.workspace_id):
        return _cancel_open(Job.objects.filter(Q(batch=batch) | Q(subject=filler_of(batch))), by)


def cancel_all(workspace: Workspace, *, by: User | None = None) -> int:
    """Cancel everything in the workspace that has not ended; returns how many jobs that are."""
    with tenant_scope(workspace.id):
        return _cancel_open(Job.objects.filter(workspace=workspace), by)


def cancel_subject(
    workspace: Workspace, *, kind: str, subject: str, only: Sequence[uuid.UUID] | None = None, by: User | None = None
) -> int:
    """Cancel what is open of ``kind`` about ``subject``, or those of them that ``only`` names; returns how many."""
    with tenant_scope(workspace.id):
        jobs = Job.objects.filter(workspace=workspace, kind=kind, subject=subject)
        return _cancel_open(jobs if only is None else jobs.filter(id__in=only), by)


def _cancel_open(jobs: QuerySet[Job], by: User | None) -> int:
    waiting = JobState.open()
    rows = list(jobs.select_for_update().filter(state__in=waiting).order_by("id"))
    for row in rows:
        _cancel_locked(row, by)
    return len(rows)


def _cancel_locked(job: Job, by: User | None) -> None:
    if job.is_ended or job.cancel_requested_at is not None:
        return
    job.cancel_requested_at, job.cancel_requested_by = timezone.now(), by
    if job.state == JobState.QUEUED:
        end_badly(job)
        return
    save(job)
    announce(job)


def retry(job: Job) -> Job:
    """Queue a failed or cancelled job once more, with as many attempts as a new one.

    Raises Conflict for a job in any other state, of a kind that is not known here, or for what was deleted meanwhile.
    """
    with tenant_scope(job.workspace_id):
        row = Job.objects.select_for_update().get(id=job.id)
        if row.state not in JobState.retryable():
            raise Conflict("job_not_retryable")
        if unwanted([row]):
            raise Conflict("job_unwanted")
        _retry_locked(row)
    return row


def retry_batch(batch: Batch, *, states: Sequence[JobState] = (JobState.FAILED,)) -> int:
    """Queue every failed job of the batch once more, or those in ``states``; returns how many that are.

    What was deleted meanwhile is not made again.
    """
    with tenant_scope(batch.workspace_id):
        found = list(Job.objects.select_for_update().filter(batch=batch, state__in=states).order_by("id"))
        deleted = unwanted(found)
        rows = [row for row in found if row.id not in deleted]
        for row in rows:
            _retry_locked(row)
    return len(rows)


def _retry_locked(row: Job) -> None:
    if not is_known(row.kind):
        raise Conflict("job_kind_unknown")
    row.max_attempts = row.attempts + Job._meta.get_field("max_attempts").default
    row.cancel_requested_at, row.cancel_requested_by = None, None
    row.error_code, row.error_params, row.endings = "", {}, 0
    requeue(row)
    kind = find_kind(row.kind)
    if isinstance(kind, Restartable):
        kind.restart(row)
