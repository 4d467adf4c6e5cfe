"""A cutout's job that broke even while it ended leaves a product that has failed and can be tried again."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.core.tenancy import tenant_scope
from apps.jobs import chores, tasks
from apps.jobs.models import Job, JobState
from apps.studio import selectors, services
from apps.studio.jobs.cutouts import CutoutKind
from apps.studio.models import CutoutState, Product
from tests.factories import make_job, make_person, make_product, make_workspace, owner_of
from tests.integration.jobs.conftest import change, fresh, skip_pause
from tests.integration.studio.test_shoots import new_product, ready_product, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace(make_person())


def now(product: Product) -> Product:
    with tenant_scope(product.workspace_id):
        return selectors.get_product(product.workspace, product.id)


def breaks(*_: object) -> None:
    raise ZeroDivisionError("a bug")


def break_everything(product: Product, monkeypatch: pytest.MonkeyPatch) -> Job:
    """The job of the product's cutout breaks, its hook too, until it has ended."""
    monkeypatch.setattr(CutoutKind, "load", breaks)
    monkeypatch.setattr(CutoutKind, "fail", breaks)
    job = now(product).cutout_job
    assert job is not None
    for attempt in range(3):
        if attempt:
            skip_pause(job)
        with pytest.raises(ZeroDivisionError):
            tasks.run(str(job.id))
    return fresh(job)


def test_a_product_whose_failing_job_broke_has_failed_and_can_be_tried_again(
    workspace: Workspace, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = new_product(workspace, transparent=True)
    with monkeypatch.context() as broken:
        job = break_everything(product, broken)
    assert (job.state, job.error_code) == (JobState.FAILED, "internal")
    assert now(product).cutout_state == CutoutState.FAILED

    client.force_login(owner_of(workspace).user)
    page = client.get(reverse("studio:cutout", args=[workspace.slug, product.id])).text
    assert "Something broke on our side" in page
    client.post(reverse("studio:request_cutout", args=[workspace.slug, product.id]))
    work(workspace)
    assert now(product).cutout_state == CutoutState.READY


def test_a_job_that_was_lost_three_times_and_breaks_while_it_is_ended_does_the_same(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = new_product(workspace)
    job = now(product).cutout_job
    assert job is not None
    change(job, attempts=3)
    monkeypatch.setattr(CutoutKind, "fail", breaks)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            tasks.run(str(job.id))
    tasks.run(str(job.id))
    assert (fresh(job).state, now(product).cutout_state) == (JobState.FAILED, CutoutState.FAILED)


def test_a_product_that_had_a_cutout_has_it_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    product = ready_product(workspace)
    with tenant_scope(workspace.id):
        services.request_cutout(product, box=[10, 10, 100, 100], by=None)
    assert break_everything(product, monkeypatch).state == JobState.FAILED
    found = now(product)
    assert (found.cutout_state, found.cutout_id) == (CutoutState.READY, product.cutout_id)


def test_products_that_were_stranded_before_are_found_once_a_day(workspace: Workspace) -> None:
    ended = make_job(workspace, state=JobState.FAILED, ended_at=timezone.now(), params={"before": ""})
    stranded = make_product(workspace, cutout=None, cutout_state=CutoutState.PENDING, cutout_job=ended)
    waiting = new_product(workspace)
    assert "free_stranded_products: 1" in chores.forget_of_apps()
    assert (now(stranded).cutout_state, now(waiting).cutout_state) == (CutoutState.FAILED, CutoutState.PENDING)
    assert services.free_stranded_products() == 0
