"""Best of several: compared by figures, the best one made, the others one click away."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Role, Workspace
from apps.core.errors import Conflict, InvalidInput
from apps.core.tenancy import tenant_scope
from apps.jobs.models import Job, JobState
from apps.studio import selectors, services
from apps.studio.models import Shot
from tests import factories
from tests.integration.studio.test_edits import fresh, shot, workspace
from tests.integration.studio.test_shoots import work

__all__ = ["shot", "workspace"]
pytestmark = pytest.mark.django_db(transaction=True)


def find_best(workspace: Workspace, shot: Shot, count: int = 4) -> Job:
    with tenant_scope(workspace.id):
        job = services.request_best(selectors.get_shot(workspace, shot.id), count=count, by=None)
    work(workspace)
    with tenant_scope(workspace.id):
        return Job.objects.get(pk=job.pk)


def test_the_best_variation_becomes_the_shot_and_says_why(workspace: Workspace, shot: Shot) -> None:
    job = find_best(workspace, shot)
    assert job.state == JobState.SUCCEEDED
    candidates = job.result["candidates"]
    assert sorted(candidate["seed"] for candidate in candidates) == [0, 1, 2, 3]
    scores = [candidate["score"] for candidate in candidates]
    assert scores == sorted(scores, reverse=True)
    assert {"separation", "grounding", "fill", "edge"} <= set(candidates[0]["marks"])

    work(workspace)
    now = fresh(workspace, shot)
    assert now.spec == {**shot.spec, "seed": candidates[0]["seed"]}
    assert now.version == (1 if candidates[0]["seed"] == 0 else 2)


def test_any_other_candidate_is_one_click_away(workspace: Workspace, shot: Shot, client: Client) -> None:
    find_best(workspace, shot)
    work(workspace)
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    page = client.get(reverse("studio:best", args=[workspace.slug, shot.id])).content.decode()
    assert page.count('name="spec"') == 3
    assert page.count("/preview-") == 4


def test_a_comparison_needs_a_picture_and_a_sensible_count(workspace: Workspace, shot: Shot) -> None:
    with tenant_scope(workspace.id):
        found = selectors.get_shot(workspace, shot.id)
        for count in (0, 1, 17):
            with pytest.raises(InvalidInput):
                services.request_best(found, count=count, by=None)
        found.asset_id = None
        with pytest.raises(Conflict):
            services.request_best(found, count=4, by=None)
        assert not Job.objects.filter(kind="studio.best").exists()
