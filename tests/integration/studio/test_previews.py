"""Small pictures of a product in a set: made once, for those who look at them, and for nobody else."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.core.errors import Conflict, NotFound
from apps.core.tenancy import tenant_scope
from apps.jobs import transitions
from apps.jobs.models import Job, JobState
from apps.studio import previews, selectors, services
from apps.studio.models import Product
from apps.studio.previews import Preview
from tests.factories import make_member, make_product, make_workspace
from tests.integration.studio.pictures import HEIGHT, WIDTH
from tests.integration.studio.test_shoots import ready_product, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def preview(workspace: Workspace, product: Product, *, may_make: bool = True, palette: tuple[str, ...] = ()) -> Preview:
    with tenant_scope(workspace.id):
        spec = previews.thumbnail_spec("white-sweep", palette=palette)
        return previews.find_or_request(product, spec=spec, may_make=may_make)


def test_a_preview_is_made_once_and_then_only_looked_up(workspace: Workspace) -> None:
    product = ready_product(workspace)
    asked = preview(workspace, product)
    assert preview(workspace, product).job_id == asked.job_id
    work(workspace)

    found = preview(workspace, product, may_make=False)
    assert found.job_id is None
    assert f"/assets/{product.cutout_id}/preview-" in found.url


def test_who_may_only_look_can_not_make_the_workers_work(workspace: Workspace) -> None:
    product = ready_product(workspace)
    with pytest.raises(NotFound):
        preview(workspace, product, may_make=False)
    with tenant_scope(workspace.id):
        assert Job.objects.filter(kind="studio.preview").count() == 0


def test_previews_of_a_workspace_never_pile_up(workspace: Workspace) -> None:
    product = ready_product(workspace)
    answers = [preview(workspace, product, palette=(f"#{n:06x}",)) for n in range(previews.MOST_WAITING + 3)]

    assert [answer.job_id is None for answer in answers] == [False] * previews.MOST_WAITING + [True] * 3
    with tenant_scope(workspace.id):
        assert Job.objects.filter(kind="studio.preview").count() == previews.MOST_WAITING


def test_a_failed_preview_rests_and_is_then_tried_again(workspace: Workspace) -> None:
    product = ready_product(workspace)
    asked = preview(workspace, product)
    with tenant_scope(workspace.id):
        transitions.end(Job.objects.get(pk=asked.job_id), JobState.FAILED)
    with pytest.raises(Conflict) as caught:
        preview(workspace, product)
    assert caught.value.code == "studio.preview_failed"

    with tenant_scope(workspace.id):
        Job.objects.filter(pk=asked.job_id).update(ended_at=timezone.now() - previews.RETRY_AFTER)
    assert preview(workspace, product).job_id == asked.job_id
    with tenant_scope(workspace.id):
        assert Job.objects.get(pk=asked.job_id).state == JobState.QUEUED


def asked_for(workspace: Workspace, product: Product, *palettes: str) -> list[uuid.UUID]:
    """The jobs of pictures in these palettes."""
    answers = [preview(workspace, product, palette=(palette,)) for palette in palettes]
    return [answer.job_id for answer in answers if answer.job_id]


def states(workspace: Workspace, jobs: list[uuid.UUID]) -> list[str]:
    with tenant_scope(workspace.id):
        found = Job.objects.in_bulk(jobs)
    return [found[job].state for job in jobs]


def test_pictures_of_a_cutout_that_is_being_replaced_are_not_drawn(workspace: Workspace) -> None:
    product = ready_product(workspace)
    old = asked_for(workspace, product, "#102030", "#405060")
    with tenant_scope(workspace.id):
        cutout = services.request_cutout(product, box=[0, 0, WIDTH, HEIGHT], by=None)
        product = selectors.get_product(workspace, product.id)
    assert states(workspace, old) == ["cancelled", "cancelled"]
    assert asked_for(workspace, product, "#102030") == [], "nor is one begun while the new cutout is on its way"

    assert [job.id for job in work(workspace)] == [cutout.id]
    with tenant_scope(workspace.id):
        product = selectors.get_product(workspace, product.id)
    [new] = asked_for(workspace, product, "#102030")
    assert new not in old


def test_a_page_that_is_left_takes_its_own_pictures_off_the_queue(client: Client, workspace: Workspace) -> None:
    product = ready_product(workspace)
    mine, others = asked_for(workspace, product, "#102030", "#405060"), asked_for(workspace, product, "#708090")
    client.force_login(make_member(workspace).user)
    url = reverse("studio:leave_previews", args=[workspace.slug, product.id])
    assert client.post(url, {"job": [str(job) for job in (*mine, uuid.uuid4())]}).status_code == 204
    assert states(workspace, mine + others) == ["cancelled", "cancelled", "queued"]

    assert asked_for(workspace, product, "#102030") == mine[:1], "who still waits has it made after all"
    assert states(workspace, mine) == ["queued", "cancelled"]


def test_a_page_can_only_take_back_pictures_of_its_own_product(client: Client, workspace: Workspace) -> None:
    product = ready_product(workspace)
    jobs = asked_for(workspace, product, "#102030")
    with tenant_scope(workspace.id):
        other = make_product(workspace)
        before = {job.id: job.state for job in Job.objects.all()}
    client.force_login(make_member(workspace).user)
    client.post(
        reverse("studio:leave_previews", args=[workspace.slug, other.id]), {"job": [str(job) for job in before]}
    )
    with tenant_scope(workspace.id):
        assert {job.id: job.state for job in Job.objects.all()} == before
    assert states(workspace, jobs) == ["queued"]
