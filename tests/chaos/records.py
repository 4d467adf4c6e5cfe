"""Submitting jobs and counting what became of them, from another side than the workers'."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from apps.accounts.models import Workspace
from apps.billing.models import LedgerEntry
from apps.core.ids import uuid7
from apps.core.tenancy import system_scope, tenant_scope
from apps.jobs import services
from apps.jobs.models import Job, JobState, Priority

OPEN = (JobState.QUEUED, JobState.RUNNING)


def add_workspace(name: str) -> Workspace:
    workspace = Workspace(id=uuid7(), name=name, slug=f"{name}-{uuid.uuid4().hex[:8]}")
    with tenant_scope(workspace.id):
        workspace.save(force_insert=True)
    return workspace


def submit(
    workspace: Workspace, count: int, *, kind: str = "chaos.effect", seconds: float, steps: int = 2
) -> list[uuid.UUID]:
    """``count`` batch jobs in one transaction."""
    with tenant_scope(workspace.id):
        jobs = [
            services.submit(workspace, kind=kind, params={"seconds": seconds, "steps": steps}, priority=Priority.BATCH)
            for _ in range(count)
        ]
    return [job.id for job in jobs]


def rows(ids: Iterable[uuid.UUID]) -> list[Job]:
    with system_scope():
        return list(Job.objects.filter(id__in=list(ids)))


def wait_until(done: Callable[[], bool], timeout_s: float, *, every_s: float = 0.2) -> bool:
    """Whether it came true in time. A database that is being restarted counts as "not yet"."""
    give_up_at = time.monotonic() + timeout_s
    while time.monotonic() < give_up_at:
        try:
            if done():
                return True
        except (OperationalError, InterfaceError):
            connection.close()
        time.sleep(every_s)
    return False


def all_ended(ids: list[uuid.UUID]) -> bool:
    with system_scope():
        return not Job.objects.filter(id__in=ids, state__in=OPEN).exists()


def verdict(ids: list[uuid.UUID], workspaces: Iterable[Workspace]) -> dict[str, Any]:
    """``lost``: not exactly one effect or not succeeded. ``doubled``: more than one effect or charge."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT job_id FROM chaos_effect WHERE job_id = ANY(%s)", [ids])
        effects = Counter(row[0] for row in cursor.fetchall())
    charges: Counter[uuid.UUID] = Counter()
    for workspace in workspaces:
        with tenant_scope(workspace.id):
            charges.update(LedgerEntry.objects.filter(job_id__in=ids).values_list("job_id", flat=True))
    states = {job.id: job for job in rows(ids)}
    succeeded = {id_ for id_, job in states.items() if job.state == JobState.SUCCEEDED}
    lost = [id_ for id_ in ids if id_ not in succeeded or not effects[id_] or not charges[id_]]
    doubled = [id_ for id_ in ids if effects[id_] > 1 or charges[id_] > 1]
    attempts = sum(job.attempts for job in states.values())
    return {"jobs": len(ids), "lost": len(lost), "doubled": len(doubled), "attempts": attempts}
