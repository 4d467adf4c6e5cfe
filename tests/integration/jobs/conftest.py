from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.db import connection

from apps.accounts.models import Workspace
from apps.billing.models import LedgerEntry
from apps.core.ids import uuid7
from apps.core.tenancy import system_scope, tenant_scope
from apps.jobs.models import Job, Outbox
from tests.integration.jobs.kinds import Obedient


@pytest.fixture(autouse=True)
def _kinds(settings: pytest.FixtureRequest) -> Iterator[None]:
    settings.JOB_KINDS = {
        "test.obedient": "tests.integration.jobs.kinds.Obedient",
        "test.hasty": "tests.integration.jobs.kinds.Hasty",
    }
    settings.WORKER_CONCURRENCY = 2
    Obedient.calls.clear()
    Obedient.during_work = None
    yield
    Obedient.during_work = None


@pytest.fixture
def workspace(db: None) -> Workspace:
    return new_workspace()


def new_workspace() -> Workspace:
    workspace = Workspace(id=uuid7(), name="Alpha", slug=f"alpha-{uuid.uuid4().hex[:8]}")
    with tenant_scope(workspace.id):
        workspace.save(force_insert=True)
    return workspace


def fresh(job: Job) -> Job:
    with tenant_scope(job.workspace_id):
        return Job.objects.get(id=job.id)


def change(job: Job, **fields: object) -> None:
    """Put the row into a state that only time would bring about."""
    with tenant_scope(job.workspace_id):
        assert Job.objects.filter(id=job.id).update(**fields) == 1


def skip_pause(job: Job) -> None:
    with system_scope(), connection.cursor() as cursor:
        cursor.execute("UPDATE jobs_outbox SET ready_at = statement_timestamp() WHERE job_id = %s", [job.id])
        assert cursor.rowcount == 1


def bell(job: Job) -> Outbox | None:
    with system_scope():
        return Outbox.objects.filter(job=job).first()


def charges(job: Job) -> int:
    with tenant_scope(job.workspace_id):
        return LedgerEntry.objects.filter(job_id=job.id).count()
