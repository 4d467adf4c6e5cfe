"""An export of very many files: the first are written down by the request, the others by jobs, none is forgotten."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Workspace
from apps.core.tenancy import tenant_scope
from apps.jobs import services as queue
from apps.jobs import transitions
from apps.jobs.models import Job, JobState
from apps.jobs.tasks import run
from apps.studio.exports import selectors as export_reads
from apps.studio.models import Export, ExportFile, Shot
from apps.studio.services import exports
from apps.studio.services.deletion import deletable
from apps.studio.services.exports import Wishes, request_export
from tests.factories import make_shot, make_workspace, owner_of
from tests.integration.studio.test_exports import twins_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "FILES_IN_REQUEST", 3)
    monkeypatch.setattr(exports, "FILES_A_STARTER", 2)


def ask(workspace: Workspace, shots: list[Shot], *, template: str = "", token: str = "") -> Export:
    with tenant_scope(workspace.id):
        wish = Wishes(template=template)
        profiles = ["shopify", "jd-main"]
        return request_export(workspace, shots=shots, products=[], profiles=profiles, wishes=wish, by=None, token=token)


def starters(workspace: Workspace) -> list[Job]:
    with tenant_scope(workspace.id):
        return list(Job.objects.filter(kind="studio.start", state=JobState.QUEUED))


def fill(workspace: Workspace) -> int:
    """Run every starter until there is none; returns how many ran."""
    count = 0
    while waiting := starters(workspace):
        for job in waiting:
            run(str(job.id))
            count += 1
    return count


def state(workspace: Workspace, export: Export) -> export_reads.ExportState:
    with tenant_scope(workspace.id):
        return export_reads.export_state(export_reads.get_export(workspace, export.id))


def names(workspace: Workspace, export: Export) -> list[str]:
    with tenant_scope(workspace.id):
        return list(export_reads.files(export).values_list("name", flat=True))


def test_starters_write_down_what_the_request_left(workspace: Workspace) -> None:
    export = ask(workspace, twins_of(workspace, 7))
    assert len(names(workspace, export)) == 3
    assert (state(workspace, export).total, state(workspace, export).open) == (8, 8)
    assert fill(workspace) == 3
    with tenant_scope(workspace.id):
        files = list(ExportFile.objects.filter(export=export).select_related("job").order_by("position"))
        assert [file.position for file in files] == list(range(8))
        assert [file.profile for file in files] == ["shopify"] * 7 + ["jd-main"]
        assert len({file.shot_id for file in files}) == 8, "seven shots, and none for the picture on white"
        assert {file.job.batch_id for file in files if file.job} == {export.batch_id}
        assert {file.job.params["file"] for file in files if file.job} == {str(file.id) for file in files}
        assert "unbegun" not in Export.objects.get(pk=export.pk).choices


def test_all_at_once_and_by_and_by_give_the_same_names(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    shots = twins_of(workspace, 6)
    by_and_by = ask(workspace, shots, template="{sku}")
    fill(workspace)
    monkeypatch.setattr(exports, "FILES_IN_REQUEST", 500)
    at_once = ask(workspace, shots, template="{sku}")
    assert starters(workspace) == []
    found = names(workspace, by_and_by)
    assert found == names(workspace, at_once)
    assert len(set(found)) == 7
    assert found[1].endswith("_2.jpg")


def test_a_double_click_is_one_export_and_one_starter(workspace: Workspace) -> None:
    shots = twins_of(workspace, 5)
    assert ask(workspace, shots, token="page").pk == ask(workspace, shots, token="page").pk
    assert len(starters(workspace)) == 1


def test_who_cancels_cancels_what_was_not_begun_too(workspace: Workspace) -> None:
    export = ask(workspace, twins_of(workspace, 7))
    with tenant_scope(workspace.id):
        assert export.batch is not None
        queue.cancel_batch(export.batch)
    found = state(workspace, export)
    assert (found.total, found.cancelled, found.open) == (8, 8, 0)
    assert starters(workspace) == []


def test_what_could_not_be_begun_is_tried_again_with_the_failed(workspace: Workspace) -> None:
    export = ask(workspace, twins_of(workspace, 7))
    [job] = starters(workspace)
    held = transitions.claim(job.id, worker="test")
    assert held is not None
    transitions.fail_attempt(held, "internal", retryable=False)
    assert (state(workspace, export).broken, state(workspace, export).open) == (5, 3)
    with tenant_scope(workspace.id):
        assert export.batch is not None
        assert queue.retry_batch(export.batch) == 1
    assert (state(workspace, export).broken, state(workspace, export).open) == (0, 8)
    fill(workspace)
    assert len(names(workspace, export)) == 8


def test_a_shot_that_an_export_awaits_is_not_deleted(workspace: Workspace) -> None:
    shots = twins_of(workspace, 7)
    other = make_shot(workspace)
    export = ask(workspace, shots)
    with tenant_scope(workspace.id):
        found = deletable(workspace, [*shots, other])
        assert ([shot.id for shot in found.shots], found.exported) == ([other.id], 7)
        assert export.batch is not None
        queue.cancel_batch(export.batch)
        assert len(deletable(workspace, shots).shots) == 4, "what was not begun and never will be is free again"


def test_a_shot_that_was_deleted_meanwhile_makes_no_file(workspace: Workspace) -> None:
    shots = twins_of(workspace, 7)
    export = ask(workspace, shots)
    with tenant_scope(workspace.id):
        Shot.objects.filter(pk=shots[5].pk).delete()
    fill(workspace)
    found = state(workspace, export)
    assert (found.total, found.open) == (7, 7)


def test_the_pages_speak_of_all_files_from_the_start(workspace: Workspace) -> None:
    export = ask(workspace, twins_of(workspace, 7))
    client = Client()
    client.force_login(owner_of(workspace).user)
    page = client.get(reverse("studio:export", args=[workspace.slug, export.id])).content.decode()
    assert "0 of 8" in page
    assert "0 of 8 accepted" in client.get(reverse("studio:exports", args=[workspace.slug])).content.decode()
