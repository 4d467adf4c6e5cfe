"""Shots that nobody wants: asked about, deleted, brought back, erased; what is exported or in the making stays."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Role, User, Workspace
from apps.assets.models import Asset
from apps.assets.services import keep_rendition
from apps.assets.storage import blob_store
from apps.assets.types import Picture
from apps.billing.models import LedgerEntry
from apps.core.errors import Conflict, NotFound
from apps.core.tenancy import tenant_scope
from apps.jobs import chores
from apps.jobs.models import Job, JobState
from apps.studio import batches, selectors, services, yields
from apps.studio.models import Shot, ShotVersion
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = timedelta(days=31)


@pytest.fixture
def workspace() -> Workspace:
    return factories.make_workspace()


@pytest.fixture
def editor(workspace: Workspace) -> User:
    return factories.make_member(workspace, Role.EDITOR).user


def delete(workspace: Workspace, shots: list[Shot], by: User) -> int:
    with tenant_scope(workspace.id):
        return services.delete_shots(workspace, shots, by=by)


def standing(workspace: Workspace) -> set[uuid.UUID]:
    with tenant_scope(workspace.id):
        return set(Shot.objects.values_list("id", flat=True))


def address(workspace: Workspace, name: str) -> str:
    return reverse(f"studio:{name}", args=[workspace.slug])


def test_a_deleted_shot_is_nowhere_to_be_seen_until_it_is_restored_as_it_was(
    workspace: Workspace, editor: User, client: Client
) -> None:
    keep, gone = (factories.make_shot(workspace, starred=True) for _ in range(2))
    assert delete(workspace, [gone], editor) == 1
    client.force_login(editor)
    for page in ("library", "review"):
        text = client.get(address(workspace, page), {"state": "all"}).content.decode()
        assert [f"shot-{shot.id}" in text for shot in (keep, gone)] == [True, False]
    assert client.get(reverse("studio:shot", args=[workspace.slug, gone.id])).status_code == 404
    shoot = client.get(reverse("studio:shoot", args=[workspace.slug, gone.shoot_id])).content.decode()
    assert f"shot-{gone.id}" not in shoot
    with tenant_scope(workspace.id):
        counts = {product.pk: product.shot_count for product in selectors.products(workspace)}  # type: ignore[attr-defined]
        assert counts == {keep.product_id: 1, gone.product_id: 0}
        assert list(selectors.shoots(gone.product)) == []

    text = client.get(address(workspace, "deleted_shots")).content.decode()
    assert gone.product.name in text
    assert editor.email in text
    client.post(address(workspace, "restore_shots"), {"shot": str(gone.id)})
    assert standing(workspace) == {keep.id, gone.id}
    with tenant_scope(workspace.id):
        assert Shot.objects.get(pk=gone.id).starred


def test_one_is_asked_once_and_told_how_many_go_and_which_stay(
    workspace: Workspace, editor: User, client: Client
) -> None:
    batch = factories.make_batch(workspace)
    shoots = [
        factories.make_shoot(workspace, batch=batch, choices={"look_token": "t", "look": str(uuid.uuid4())})
        for _ in range(5)
    ]
    shots = [factories.make_shot(workspace, shoot=shoot) for shoot in shoots]
    factories.make_export_file(workspace, shot=shots[0])
    factories.make_job(workspace, kind="studio.shot", subject=f"shot:{shots[1].id}")
    client.force_login(editor)
    asked = client.get(address(workspace, "ask_deletion"), {"batch": str(batch.id)}).content.decode()
    for words in (
        "Delete 3 shots?",
        "1 shot is part of an export and stays",
        "1 shot is being made or edited and stays",
    ):
        assert words in asked
    assert len(standing(workspace)) == 5, "asking deletes nothing"

    answer = client.post(address(workspace, "delete_shots"), {"batch": str(batch.id)})
    assert answer.headers["Location"] == address(workspace, "deleted_shots")
    assert standing(workspace) == {shots[0].id, shots[1].id}
    refused = client.post(address(workspace, "delete_shots"), {"shot": str(shots[0].id)})
    assert refused.status_code == 409
    assert "part of an export" in refused.content.decode()


def test_a_selection_is_posted_and_a_shot_that_waits_for_its_job_stays(
    workspace: Workspace, editor: User, client: Client
) -> None:
    done, waiting = factories.make_shot(workspace), factories.make_shot(workspace, asset=None)
    failed = factories.make_shot(
        workspace,
        asset=None,
        job=factories.make_job(workspace, kind="studio.shot", state="failed", ended_at=timezone.now()),
    )
    client.force_login(editor)
    ids = [str(shot.id) for shot in (done, waiting, failed)]
    text = client.post(address(workspace, "ask_deletion"), {"shot": ids}).content.decode()
    assert "Delete 2 shots?" in text
    assert text.count('name="shot"') == 3
    client.post(address(workspace, "delete_shots"), {"shot": ids})
    assert standing(workspace) == {waiting.id}


def test_whoever_may_not_edit_and_whoever_is_elsewhere_deletes_and_restores_nothing(
    workspace: Workspace, editor: User, client: Client
) -> None:
    shot, foreign = factories.make_shot(workspace), factories.make_shot(factories.make_workspace())
    client.force_login(factories.make_member(workspace, Role.REVIEWER).user)
    for name in ("ask_deletion", "delete_shots", "restore_shots"):
        assert client.post(address(workspace, name), {"shot": str(shot.id)}).status_code == 403
    client.force_login(editor)
    for name in ("ask_deletion", "delete_shots", "restore_shots"):
        ids = {"shot": [str(shot.id), str(foreign.id)]}
        assert client.post(address(workspace, name), ids).status_code == 404
    assert client.post(address(workspace, "ask_deletion"), {"batch": str(foreign.shoot.batch_id)}).status_code == 404
    assert client.post(address(workspace, "delete_shots")).status_code == 400
    assert standing(workspace) == {shot.id}


def test_a_batch_counts_what_is_left_of_it_and_does_not_make_the_deleted_again(
    workspace: Workspace, editor: User
) -> None:
    batch = factories.make_batch(workspace)
    many = {"sets": ["white-sweep"], "palettes": ["own"], "formats": ["1:1"], "variations": 2, "batch_token": "t"}
    shoots = [factories.make_shoot(workspace, batch=batch, choices=many) for _ in range(2)]
    shots = [factories.make_shot(workspace, shoot=shoot, position=at) for shoot in shoots for at in (0, 1)]
    delete(workspace, shots[:2], editor)
    with tenant_scope(workspace.id):
        found = batches.state(batch)
        assert (found.total, found.done, found.open) == (2, 2, 0)
        assert [row.pk for row in batches.rows(batch)] == [shoots[1].pk]
        assert services.start_shoots(batch_id=batch.pk) == 0
    delete(workspace, shots[2:], editor)
    with tenant_scope(workspace.id):
        assert list(batches.recent(workspace)) == []
        with pytest.raises(NotFound):
            batches.get_batch(workspace, batch.pk)


def failed_shots(workspace: Workspace, count: int, *, state: str = "failed", **of_shoot: object) -> list[Shot]:
    """Shots of one shoot and batch whose jobs failed, or were cancelled."""
    shoot = factories.make_shoot(workspace, **of_shoot)
    shots = [factories.make_shot(workspace, shoot=shoot, position=at, asset=None) for at in range(count)]
    for shot in shots:
        about = {"batch": shoot.batch, "subject": f"shot:{shot.id}", "params": {"shot": str(shot.id)}}
        ended = {"state": state, "ended_at": timezone.now(), "error_code": "internal"}
        shot.job = factories.make_job(workspace, kind="studio.shot", **about, **ended)
        with tenant_scope(workspace.id):
            shot.save(update_fields=["job"])
    return shots


def queued(workspace: Workspace) -> set[str]:
    with tenant_scope(workspace.id):
        found = Job.objects.filter(workspace=workspace, state=JobState.QUEUED, kind="studio.shot")
        return set(found.values_list("subject", flat=True))


@pytest.mark.parametrize(("way", "state"), [("batch", "failed"), ("shoot", "cancelled"), ("look", "cancelled")])
def test_what_failed_and_was_deleted_is_not_made_again_with_the_rest(
    workspace: Workspace, editor: User, way: str, state: str
) -> None:
    gone, kept = failed_shots(workspace, 2, state=state)
    assert delete(workspace, [gone], editor) == 1
    batch = kept.shoot.batch
    assert batch is not None
    with tenant_scope(workspace.id):
        if way == "batch":
            assert services.retry_batch(batch, by=editor) == 1
        elif way == "look":
            assert services.retry_look(batch) == 1
        else:
            assert selectors.shoot_state(kept.shoot).missing == 1
            services.retry_shoot(kept.shoot)
    assert queued(workspace) == {f"shot:{kept.id}"}


def test_the_activity_page_counts_and_tries_what_is_left(workspace: Workspace, editor: User, client: Client) -> None:
    gone, kept = failed_shots(workspace, 2)
    batch, job = kept.shoot.batch, gone.job
    assert batch is not None
    assert job is not None
    client.force_login(editor)
    row = reverse("jobs:batch_row", args=[workspace.slug, batch.id])
    assert "2 failed" in client.get(row).text
    delete(workspace, [gone], editor)
    assert "1 failed" in client.get(row).text
    alone = client.get(reverse("jobs:row", args=[workspace.slug, job.id])).text
    assert "What this was for has been deleted." in alone
    retry = reverse("jobs:retry", args=[workspace.slug, job.id])
    assert retry not in alone
    assert client.post(retry, headers={"HX-Request": "true"}).status_code == 409
    assert queued(workspace) == set()
    client.post(reverse("jobs:retry_batch", args=[workspace.slug, batch.id]))
    assert queued(workspace) == {f"shot:{kept.id}"}
    assert "Try the failed ones again" not in client.get(row).text


def test_a_failed_shot_that_is_brought_back_can_be_tried_again(workspace: Workspace, editor: User) -> None:
    (shot,) = failed_shots(workspace, 1)
    delete(workspace, [shot], editor)
    with tenant_scope(workspace.id):
        services.restore_shots(workspace, [shot.id], by=editor)
        services.retry_shoot(shot.shoot)
    assert queued(workspace) == {f"shot:{shot.id}"}


def test_after_thirty_days_the_files_are_erased_and_the_books_stay(workspace: Workspace, editor: User) -> None:
    shot, young = factories.make_shot(workspace), factories.make_shot(workspace)
    assert shot.asset is not None
    first = shot.asset
    with tenant_scope(workspace.id):
        second = factories.make_asset(workspace, kind="shot")
        keep_rendition(second, spec="webp-640", picture=Picture(factories.png_bytes(), "image/png", 24, 24))
        for number, asset in ((1, first), (2, second)):
            ShotVersion.objects.create(workspace=workspace, shot=shot, number=number, spec=shot.spec, asset=asset)
        Shot.objects.filter(pk=shot.pk).update(asset=second)
        keys = [first.blob.storage_key, second.blob.storage_key]
    factories.make_job(workspace, kind="studio.shot", subject=f"shot:{shot.id}", cpu_ms=700)
    factories.make_ledger_entry(workspace, asset=second, cpu_ms=700)
    delete(workspace, [shot, young], editor)
    assert services.purge_deleted_shots() == 0
    with tenant_scope(workspace.id):
        Shot.everything.filter(pk=shot.pk).update(deleted_at=timezone.now() - LONG_AGO)

    assert "purge_deleted_shots: 1" in chores.forget_of_apps()
    assert services.purge_deleted_shots() == 0
    assert [blob_store().has(key) for key in keys] == [False, False]
    with tenant_scope(workspace.id):
        assert not ShotVersion.objects.filter(shot=shot).exists()
        assert not Asset.objects.filter(pk__in=[first.pk, second.pk]).exists()
        assert Asset.objects.filter(pk=young.asset_id).exists()
        assert LedgerEntry.objects.get().cpu_ms == 700
        [row] = [row for row in yields.yields(workspace).by_product if row.title == shot.product.name]
        assert (row.made, row.cpu_ms) == (0, 700)
        assert list(selectors.deleted_shots(workspace)) == [young]
        with pytest.raises(NotFound):
            services.restore_shots(workspace, [shot.id], by=editor)


def test_a_picture_that_something_else_needs_is_kept(workspace: Workspace, editor: User) -> None:
    shot = factories.make_shot(workspace)
    twin = factories.make_shot(workspace, asset=shot.asset)
    delete(workspace, [shot], editor)
    with tenant_scope(workspace.id):
        Shot.everything.filter(pk=shot.pk).update(deleted_at=timezone.now() - LONG_AGO)
    assert services.purge_deleted_shots() == 1
    with tenant_scope(workspace.id):
        kept = Shot.objects.select_related("asset__blob").get(pk=twin.pk).asset
        assert kept is not None
        assert blob_store().has(kept.blob.storage_key)


def test_what_stays_alone_is_no_deletion(workspace: Workspace, editor: User) -> None:
    shot = factories.make_shot(workspace)
    factories.make_export_file(workspace, shot=shot)
    with pytest.raises(Conflict, match="nothing_deletable"):
        delete(workspace, [shot], editor)
