"""Adapters without a worker: when they can be taught and used, what is refused, who may do what, what is left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Role, Workspace
from apps.accounts.services import purge
from apps.assets import selectors as asset_store
from apps.assets import services as assets
from apps.assets.models import Blob
from apps.assets.storage import blob_store
from apps.core.tenancy import tenant_scope
from apps.jobs import stations
from apps.jobs.models import Job
from apps.studio import adapters
from apps.studio.models import Adapter, Product, Shot
from apps.studio.services.adapters import state_key
from tests import factories
from tests.fingerprints import difference, take_fingerprint
from tests.integration.studio.test_scenes import KLEIN, SEFI, form, generated_shot, offer, shots, url

pytestmark = pytest.mark.django_db
BASE = "sefi-1b-base"


def beat(*offers: dict[str, object]) -> None:
    told = list(offers) or [offer(can_learn=True, revision="r1")]
    stations.beat("here/1", slots=4, offers=told, device={"name": "CPU", "total_mb": 8000, "free_mb": 4000})


@pytest.fixture
def workspace() -> Workspace:
    return factories.make_workspace()


@pytest.fixture
def client(workspace: Workspace) -> Client:
    return client_of(workspace, Role.OWNER)


def client_of(workspace: Workspace, role: Role) -> Client:
    client = Client()
    member = factories.owner_of(workspace) if role == Role.OWNER else factories.make_member(workspace, role)
    client.force_login(member.user)
    return client


@pytest.fixture
def pictures(workspace: Workspace) -> list[str]:
    return [str(factories.make_asset(workspace).id) for _ in range(4)]


def wish(pictures: list[str], **changes: object) -> dict[str, object]:
    wanted: dict[str, object] = {
        "name": "Our bottle",
        "trigger": "zaluba",
        "subject": "a glass  bottle",
        "model": KLEIN,
        "picture": pictures,
        "steps": "600",
        "rank": "16",
        "token": "one",
    }
    return {**wanted, **changes}


def teach(client: Client, workspace: Workspace, pictures: list[str], **changes: object) -> Any:
    return client.post(url("create_adapter", workspace), wish(pictures, **changes))


def rows(workspace: Workspace) -> list[Adapter]:
    with tenant_scope(workspace.id):
        return list(Adapter.objects.filter(workspace=workspace).select_related("job"))


def test_a_wish_becomes_a_training_in_the_lane_of_those_who_can(
    client: Client, workspace: Workspace, pictures: list[str]
) -> None:
    beat()
    answer = teach(client, workspace, pictures, **{f"caption-{pictures[2]}": " from   above "})
    [adapter] = rows(workspace)
    assert answer["Location"] == url("adapter", workspace, adapter.id)
    assert adapter.job is not None
    assert (adapter.job.kind, adapter.job.lane) == ("studio.adapter", f"train-{KLEIN}")
    assert (adapter.subject, adapter.plan["steps"], adapter.plan["rank"]) == ("a glass bottle", 600, 16)
    assert (adapter.plan["size_px"], adapter.plan["batch"], adapter.plan["checkpointing"]) == (512, 1, True)
    with tenant_scope(workspace.id):
        learned = list(adapter.pictures.order_by("position").values_list("asset_id", "caption"))
    assert [str(asset) for asset, _ in learned] == pictures
    assert [caption for _, caption in learned] == ["", "", "from above", ""]
    assert (
        teach(client, workspace, pictures, **{f"caption-{pictures[2]}": " from   above "})["Location"]
        == answer["Location"]
    )
    assert len(rows(workspace)) == 1


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"name": " "}, "name", "Give it a name"),
        ({"trigger": "two words"}, "trigger", "small letters and digits without spaces"),
        ({"subject": ""}, "subject", "what the pictures show"),
        ({"subject": "a naked person"}, "subject", "Sexual or nude scenes are not made here"),
        ({"picture": []}, "pictures", "Choose 4 to 40 pictures; there are 0 now"),
        ({"steps": "9000"}, "steps", "one of the offered lengths"),
        ({"model": BASE}, "model", "No GPU worker that can train this model is running"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_changes_nothing(
    client: Client, workspace: Workspace, pictures: list[str], changes: dict[str, object], field: str, said: str
) -> None:
    beat()
    before = take_fingerprint([workspace])
    answer = teach(client, workspace, pictures, **changes)
    page = answer.content.decode()
    assert answer.status_code in (400, 409)
    assert said in page.partition(f'data-problem-of="{field}" role="alert">')[2].partition("</p>")[0]
    if "picture" not in changes:
        assert page.count('name="picture"') == page.count(" checked><img") == 0  # they are no product's photos
    assert difference(before, take_fingerprint([workspace])) == ""


def test_pictures_of_others_and_cutouts_are_not_learned_from(
    client: Client, workspace: Workspace, pictures: list[str]
) -> None:
    beat()
    before = take_fingerprint([workspace])
    for stranger in (factories.make_asset(factories.make_workspace()), factories.make_asset(workspace, kind="cutout")):
        assert teach(client, workspace, [*pictures, str(stranger.id)]).status_code == 404
    assert teach(client, workspace, [*pictures, "nonsense"]).status_code == 400
    assert rows(workspace) == []
    del before


def test_it_is_not_offered_while_nobody_can_train(client: Client, workspace: Workspace, pictures: list[str]) -> None:
    beat(offer())  # draws, and can not be trained
    page = client.get(url("new_adapter", workspace)).content.decode()
    assert "Nobody can train adapters right now" in page
    assert teach(client, workspace, pictures).status_code == 409
    assert rows(workspace) == []


def test_only_so_many_are_trained_at_a_time(client: Client, workspace: Workspace, pictures: list[str]) -> None:
    beat()
    for number in range(adapters.MOST_OPEN):
        assert teach(client, workspace, pictures, token=str(number)).status_code == 302
    assert "being trained already" in teach(client, workspace, pictures, token="more").content.decode()
    assert len(rows(workspace)) == adapters.MOST_OPEN


def test_a_product_page_leads_to_its_own_photo_and_name(client: Client, workspace: Workspace) -> None:
    beat()
    product = factories.make_product(workspace, name="Green bottle")
    page = client.get(url("new_adapter", workspace), {"product": str(product.id)}).content.decode()
    assert f'value="{product.photo_id}" checked' in page
    assert 'value="Green bottle"' in page
    stranger = factories.make_product(factories.make_workspace())
    assert client.get(url("new_adapter", workspace), {"product": str(stranger.id)}).status_code == 404


@pytest.fixture
def product(workspace: Workspace) -> Product:
    return factories.make_product(workspace)


def scene(client: Client, product: Product, **changes: object) -> Any:
    return client.post(url("create_scene", product.workspace, product.id), form(**changes))


def test_a_scene_uses_it_by_its_hash_with_its_word(client: Client, product: Product) -> None:
    beat()
    adapter = factories.make_adapter(product.workspace, name="Our bottle")
    page = client.get(url("scene", product.workspace, product.id)).content.decode()
    assert f'<option value="{adapter.id}" data-model="{KLEIN}">Our bottle' in page
    assert scene(client, product, adapter=str(adapter.id)).status_code == 302
    spec = shots(product)[0].spec
    assert adapter.blob is not None
    assert spec["adapter"] == str(adapter.id)
    assert spec["generated"]["adapters"] == [[adapter.blob.sha256, 0.9]]
    assert spec["generated"]["trigger"] == "zaluba"
    again = client.get(url("scene", product.workspace, product.id), {"like": str(shots(product)[0].id)})
    assert f'value="{adapter.id}" data-model="{KLEIN}" selected' in again.content.decode()


def test_the_list_follows_trainings(client: Client, workspace: Workspace) -> None:
    job = factories.make_job(workspace, kind=adapters.KIND, state="queued")
    waiting = factories.make_adapter(workspace, ready=False, job=job, name="Our bottle")

    def seen() -> str:
        return client.get(url("adapter_list_state", workspace)).content.decode()

    assert f'data-live="adapter:{waiting.id} "' in seen()
    assert "Waiting" in seen()
    assert "<progress" not in seen()
    lease = {"state": "running", "lease_until": timezone.now() + timedelta(days=1), "progress": 0.4}
    with tenant_scope(workspace.id):
        Job.objects.filter(pk=job.pk).update(**lease)
    assert "Learning" in seen()
    assert 'value="0.400" aria-label="Progress of the training of Our bottle"' in seen()
    assert seen().strip() in client.get(url("adapters", workspace)).content.decode()


def test_another_workspaces_adapter_is_not_there(client: Client, product: Product) -> None:
    beat()
    stranger = factories.make_adapter(factories.make_workspace(), name="Their secret")
    assert "Their secret" not in client.get(url("scene", product.workspace, product.id)).content.decode()
    before = take_fingerprint([product.workspace])
    assert scene(client, product, adapter=str(stranger.id)).status_code == 404
    assert difference(before, take_fingerprint([product.workspace])) == ""
    assert client.get(url("adapter", product.workspace, stranger.id)).status_code == 404


def test_it_is_offered_with_its_own_model_and_revision_alone(client: Client, product: Product) -> None:
    learned_on = {"model": {"name": KLEIN, "revision": "r1", "licence": "Apache-2.0"}}
    adapter = factories.make_adapter(product.workspace, recipe=learned_on)
    address = url("scene", product.workspace, product.id)
    beat(offer(revision="r1"), offer(SEFI))
    assert str(adapter.id) in client.get(address).content.decode()
    assert scene(client, product, adapter=str(adapter.id), model=SEFI).status_code == 409
    beat(offer(revision="r2"))
    assert str(adapter.id) not in client.get(address).content.decode()
    answer = scene(client, product, adapter=str(adapter.id))
    assert (answer.status_code, "was trained on FLUX.2 klein 4B" in answer.content.decode()) == (409, True)
    assert shots(product) == []


def test_a_change_by_another_model_leaves_it_away(client: Client, product: Product) -> None:
    beat(offer(), offer(SEFI))
    adapter = factories.make_adapter(product.workspace)
    shot = generated_shot(product)
    spec = {**shot.spec, "adapter": str(adapter.id)}
    spec["generated"] = {**spec["generated"], "adapters": [["a" * 64, 0.9]], "trigger": "zaluba", "mode": "exact"}
    with tenant_scope(product.workspace_id):
        Shot.objects.filter(pk=shot.pk).update(spec=spec)
    box = '[{"object": "product", "box": [0, 0, 0.5, 0.5]}]'
    for model, kept in ((KLEIN, True), (SEFI, False)):
        sent = {"instruction": "a lemon", "where": "box", "boxes": box, "model": model}
        assert client.post(url("save_change", product.workspace, shot.id), sent).status_code == 302
        with tenant_scope(product.workspace_id):
            version = Shot.objects.get(pk=shot.pk).versions.latest("number")
        assert ("adapter" in version.spec) == bool(version.spec["generated"]["adapters"]) == kept


def test_it_is_renamed_retired_brought_back_and_deleted(client: Client, workspace: Workspace) -> None:
    beat()
    adapter = factories.make_adapter(workspace)
    assert adapter.blob is not None
    key = adapter.blob.storage_key
    client.post(url("rename_adapter", workspace, adapter.id), {"name": "Autumn"})
    assert [one.name for one in rows(workspace)] == ["Autumn"]
    assert client.post(url("delete_adapter", workspace, adapter.id)).status_code == 409
    client.post(url("retire_adapter", workspace, adapter.id))
    product = factories.make_product(workspace)
    assert scene(client, product, adapter=str(adapter.id)).status_code == 409
    client.post(url("restore_adapter", workspace, adapter.id))
    assert scene(client, product, adapter=str(adapter.id)).status_code == 302
    client.post(url("retire_adapter", workspace, adapter.id))
    assert client.post(url("delete_adapter", workspace, adapter.id)).status_code == 302
    assert rows(workspace) == []
    with tenant_scope(workspace.id):
        assert not Blob.objects.filter(storage_key=key).exists()
    assert "deleted" in client.get(url("shot", workspace, _finished(product).id)).content.decode()


def _finished(product: Product) -> Shot:
    shot = shots(product)[0]
    asset = factories.make_asset(product.workspace, kind="shot", kind_of="generated", model={"model": KLEIN})
    with tenant_scope(product.workspace_id):
        Shot.objects.filter(pk=shot.pk).update(asset=asset)
    return shot


def test_a_training_is_not_deleted_under_the_hands_of_a_worker(client: Client, workspace: Workspace) -> None:
    job = factories.make_job(workspace, kind="studio.adapter")
    adapter = factories.make_adapter(workspace, ready=False, job=job)
    assert client.post(url("delete_adapter", workspace, adapter.id)).status_code == 409
    assert client.post(url("retire_adapter", workspace, adapter.id)).status_code == 409
    assert client.get(url("adapter_file", workspace, adapter.id)).status_code == 409
    assert client.get(url("adapter_preview", workspace, adapter.id)).status_code == 404
    with tenant_scope(workspace.id):
        Job.objects.filter(pk=job.pk).update(state="failed", ended_at="2026-01-01T00:00Z")
    assert client.post(url("delete_adapter", workspace, adapter.id)).status_code == 302


@pytest.mark.parametrize(
    ("role", "may_teach", "may_delete"),
    [(Role.VIEWER, False, False), (Role.EDITOR, True, False), (Role.ADMIN, True, True)],
)
def test_editors_teach_and_admins_delete(workspace: Workspace, role: Role, may_teach: bool, may_delete: bool) -> None:
    beat()
    client = client_of(workspace, role)
    adapter = factories.make_adapter(workspace)
    page = client.get(url("adapter", workspace, adapter.id)).content.decode()
    assert ("Retire" in page) == may_teach
    assert client.get(url("new_adapter", workspace)).status_code == (200 if may_teach else 403)
    assert client.post(url("retire_adapter", workspace, adapter.id)).status_code == (302 if may_teach else 403)
    if may_teach:
        shown = client.get(url("adapter", workspace, adapter.id)).content.decode()
        assert ("Delete for good" in shown) == may_delete
    assert client.post(url("delete_adapter", workspace, adapter.id)).status_code == (302 if may_delete else 403)


def test_the_job_leads_to_the_adapter(client: Client, workspace: Workspace) -> None:
    job = factories.make_job(workspace, kind="studio.adapter")
    adapter = factories.make_adapter(workspace, job=job)
    with tenant_scope(workspace.id):
        Job.objects.filter(pk=job.pk).update(subject=f"adapter:{adapter.id}")
    page = client.get(reverse("jobs:activity", args=[workspace.slug])).content.decode()
    assert url("adapter", workspace, adapter.id) in page
    assert url("adapter_preview", workspace, adapter.id) in page


def test_what_an_unfinished_training_kept_goes_with_its_workspace(workspace: Workspace) -> None:
    adapter = factories.make_adapter(workspace, ready=False)
    key = state_key(workspace.id, adapter.id)
    assets.write_key(key, b"half of it")
    assert asset_store.find_key(key) == b"half of it"
    purge._purge(workspace.id)
    assert not blob_store().has(key)
