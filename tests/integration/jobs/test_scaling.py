"""What KEDA asks the database: how long the oldest job has waited that more workers of that kind could take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.core.tenancy import system_scope, tenant_scope
from apps.jobs import services, stations
from apps.jobs.models import Job
from tests.architecture.sources import ROOT
from tests.integration.jobs.conftest import change, new_workspace
from tests.integration.jobs.kinds import Obedient

CPU, GPU = "worker.yaml", "worker-gpu.yaml"


class Drawn(Obedient):
    name = "test.drawn"

    def lane(self, params: Mapping[str, Any]) -> str:
        return stations.lane_of_model("klein")


class Taught(Obedient):
    name = "test.taught"

    def lane(self, params: Mapping[str, Any]) -> str:
        return stations.lane_of_training("klein")


@pytest.fixture(autouse=True)
def _lanes(settings: Any, _kinds: None) -> None:
    own = {kind.name: f"{__name__}.{kind.__name__}" for kind in (Drawn, Taught)}
    settings.JOB_KINDS = {**settings.JOB_KINDS, **own}


def waited_s(template: str) -> int:
    """The answer to the query of a template, asked as it says: in the scope that sees all tenants."""
    documents = yaml.safe_load_all((ROOT / "infra" / "kubernetes" / template).read_text())
    [scaled] = [one for one in documents if one["kind"] == "ScaledObject"]
    [trigger] = scaled["spec"]["triggers"]
    with system_scope(), connection.cursor() as cursor:
        cursor.execute(trigger["metadata"]["query"])
        ((answer,),) = cursor.fetchall()
    return int(answer)


def submit(workspace: Workspace, kind: str, ago_s: int) -> Job:
    with tenant_scope(workspace.id):
        job = services.submit(workspace, kind=kind, params={})
    change(job, created_at=timezone.now() - timedelta(seconds=ago_s))
    return job


def test_each_kind_of_worker_is_scaled_by_its_own_jobs(workspace: Workspace) -> None:
    assert (waited_s(CPU), waited_s(GPU)) == (0, 0)
    submit(workspace, "test.drawn", 500)
    assert waited_s(CPU) == 0
    assert 500 <= waited_s(GPU) < 600
    submit(new_workspace(), "test.obedient", 50)
    assert 50 <= waited_s(CPU) < 150
    submit(workspace, "test.taught", 900)
    assert 900 <= waited_s(GPU) < 1000


def test_jobs_that_run_or_whose_workspace_was_deleted_call_for_nobody(workspace: Workspace) -> None:
    job = submit(workspace, "test.obedient", 500)
    for deleted_at, expected in ((timezone.now(), 0), (None, 500)):
        with tenant_scope(workspace.id):
            assert Workspace.objects.filter(id=workspace.id).update(deleted_at=deleted_at) == 1
        assert expected <= waited_s(CPU) <= 1.2 * expected
    change(job, state="running", attempts=1, lease_until=timezone.now() + timedelta(seconds=30))
    assert waited_s(CPU) == 0
