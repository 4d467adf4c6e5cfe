"""One edited shot's look for many products: same frame, same line, exceptions, and how alike they came out."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Role, Workspace
from apps.assets import services as assets
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.core.tenancy import tenant_scope
from apps.jobs import services as queue
from apps.jobs.models import Batch, Job, JobState
from apps.jobs.tasks import run
from apps.studio import looks, selectors, services, specs
from apps.studio.exports import choosing
from apps.studio.exports import selectors as export_reads
from apps.studio.models import Product, Shoot, Shot
from apps.studio.services.exports import Wishes, request_export
from tests import factories
from tests.integration.studio.pictures import bottle_png
from tests.integration.studio.test_batches import work_off
from tests.integration.studio.test_edits import edit, fresh, shot, workspace
from tests.integration.studio.test_shoots import work

__all__ = ["shot", "workspace"]
pytestmark = pytest.mark.django_db(transaction=True)


def another_product(workspace: Workspace, seed: int) -> Product:
    picture = bottle_png(seed=seed, transparent=True)
    photo = assets.keep_photo(workspace, picture, file_name=f"bottle {seed}.png", by=None)
    with tenant_scope(workspace.id):
        [product] = services.create_products(workspace, photos=[photo], by=None)
    work(workspace)
    with tenant_scope(workspace.id):
        return selectors.get_product(workspace, product.id)


def apply(workspace: Workspace, shot: Shot, scales: dict[uuid.UUID, float], **more: Any) -> Batch:
    with tenant_scope(workspace.id):
        return services.apply_look(selectors.get_shot(workspace, shot.id), scales=scales, by=None, **more)


def test_every_product_gets_the_look_in_the_same_frame_on_the_same_line(workspace: Workspace, shot: Shot) -> None:
    edit(workspace, shot, edits={"shadow_softness": 2, "rotate_deg": 8, "exposure_ev": 0.1}, offset=[0.05, 0])
    origin = fresh(workspace, shot)
    products = [another_product(workspace, seed) for seed in (1, 2)]
    batch = apply(workspace, shot, {products[0].id: 1.0, products[1].id: 0.8})
    work_off(workspace)
    with tenant_scope(workspace.id):
        found, shots = selectors.get_look(workspace, batch.id)
        score = looks.consistency(shots)

    assert found.id == batch.id
    assert [made.spec["edits"] for made in shots] == [{"shadow_softness": 2.0}, {"shadow_softness": 2.0, "scale": 0.8}]
    assert origin.asset is not None
    windows = [made.asset.recipe["parameters"]["window"] for made in shots]
    assert windows == [origin.asset.recipe["parameters"]["window"]] * 2
    lines = [made.asset.recipe["measures"]["base_y"] for made in shots]
    assert lines == pytest.approx([origin.asset.recipe["measures"]["base_y"]] * 2, abs=0.005)
    assert score is not None
    assert score.background_delta_e < 1
    assert score.base_spread < 0.005
    assert 0.05 < score.height_spread < 0.2
    assert score.score > 80


def test_a_recipe_from_before_has_its_base_line_where_the_product_ends(workspace: Workspace, shot: Shot) -> None:
    assert shot.asset is not None
    known = looks.lock_of(shot)
    shot.asset.recipe["measures"] = {}
    guessed = looks.lock_of(shot)
    assert known is not None
    assert guessed is not None
    assert guessed["window"] == known["window"]
    assert guessed["base"] == pytest.approx(known["base"], abs=0.01)
    shot.asset.recipe = {}
    assert looks.lock_of(shot) is None


def test_a_double_click_makes_nothing_twice(workspace: Workspace, shot: Shot) -> None:
    product = another_product(workspace, 1)
    first = apply(workspace, shot, {product.id: 1.0}, token="once")
    again = apply(workspace, shot, {product.id: 1.0}, token="once")
    assert first.id == again.id
    with tenant_scope(workspace.id):
        assert Shoot.objects.filter(batch=first).count() == 1
        services.start_look(batch_id=first.id)
        assert services.start_look(batch_id=first.id) == 0
        assert Job.objects.filter(batch=first).count() == 1


def some(workspace: Workspace, shot: Shot, count: int) -> tuple[Batch, list[Product]]:
    """A look for products of which one is larger than the others."""
    products = [factories.make_product(workspace, name=f"Bottle {number}") for number in range(count)]
    scales = {product.id: 1.0 for product in products} | {products[0].id: 1.4}
    return apply(workspace, shot, scales), products


def counts(workspace: Workspace, batch: Batch) -> tuple[int, int]:
    """How many shots of the look wait for their job, and how many have one."""
    with tenant_scope(workspace.id):
        found = Shot.objects.filter(shoot__batch=batch)
        return found.filter(job=None).count(), found.exclude(job=None).count()


def test_the_request_writes_the_shots_down_and_jobs_hand_them_to_the_queue_in_turns(
    workspace: Workspace, shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.studio.services.looks.STARTED_AT_ONCE", 2)
    batch, products = some(workspace, shot, 5)
    seen = [counts(workspace, batch)]
    with tenant_scope(workspace.id):
        Shot.objects.filter(pk=shot.pk).update(spec=shot.spec | {"edits": {"shadow_softness": 2}})
        starters = Job.objects.filter(kind="studio.start", state=JobState.QUEUED)
        for _ in range(3):
            starter = starters.get()
            run(str(starter.id))
            seen.append(counts(workspace, batch))
        assert not starters.exists()
        sizes = dict(Shot.objects.filter(shoot__batch=batch).values_list("product_id", "spec__edits__scale"))
        assert not Shot.objects.filter(shoot__batch=batch, spec__edits__has_key="shadow_softness").exists()
    assert seen == [(5, 0), (3, 2), (1, 4), (0, 5)]
    assert sizes == {product.id: None for product in products} | {products[0].id: 1.4}


def test_a_starter_that_died_is_called_again_by_a_retry(workspace: Workspace, shot: Shot) -> None:
    batch, _ = some(workspace, shot, 3)
    with tenant_scope(workspace.id):
        Job.objects.filter(kind="studio.start").update(state=JobState.FAILED, ended_at=timezone.now())
        assert services.retry_look(batch) == 0
        [starter] = Job.objects.filter(kind="studio.start", state=JobState.QUEUED)
        run(str(starter.id))
    assert counts(workspace, batch) == (0, 3)


def test_cancelling_stops_what_is_queued_and_forgets_the_rest(
    workspace: Workspace, shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.studio.services.looks.STARTED_AT_ONCE", 1)
    batch, _ = some(workspace, shot, 3)
    with tenant_scope(workspace.id):
        services.start_look(batch_id=batch.id)
        queue.cancel_batch(batch)  # as the tray does
        left = Shot.objects.filter(shoot__batch=batch)
        assert [made.job.state for made in left if made.job] == [JobState.CANCELLED]
        assert left.count() == 1
        assert not Job.objects.filter(state=JobState.QUEUED).exists()


def test_a_look_is_found_again_among_the_batches_until_it_is_cancelled(
    workspace: Workspace, shot: Shot, client: Client
) -> None:
    batch, _ = some(workspace, shot, 2)
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    page = client.get(reverse("studio:batches", args=[workspace.slug])).content.decode()
    assert reverse("studio:look", args=[workspace.slug, batch.id]) in page
    assert "0 of 2 shots" in page
    cancelled = client.post(reverse("studio:cancel_look", args=[workspace.slug, batch.id]))
    assert cancelled["Location"] == reverse("studio:shot", args=[workspace.slug, shot.id])
    assert client.get(reverse("studio:look", args=[workspace.slug, batch.id])).status_code == 404


def test_the_shots_of_a_look_are_exported_to_another_ratio_and_in_layers(workspace: Workspace, shot: Shot) -> None:
    batch = apply(workspace, shot, {another_product(workspace, 1).id: 1.0})
    work_off(workspace)
    with tenant_scope(workspace.id):
        chosen = choosing.read_choice(workspace, QueryDict(f"batch={batch.id}&which=all"))
        [made] = chosen.shots
        assert made.spec["lock"]["mirrored"] is False
        assert specs.read_wish(specs.as_wish(made.spec))["lock"] == made.spec["lock"]
        with pytest.raises(InvalidInput):
            specs.read_wish(specs.as_wish(made.spec) | {"lock": made.spec["lock"] | {"mirrored": 1}})
        profiles = ["taobao-tall", "psd-layers"]
        export = request_export(workspace, shots=[made], products=[], profiles=profiles, wishes=Wishes(), by=None)
    work_off(workspace)
    with tenant_scope(workspace.id):
        files = {file.profile: file for file in export_reads.files(export)}
        outcomes = {key: (file.job.state, file.job.error_code) for key, file in files.items() if file.job}
    assert outcomes == dict.fromkeys(profiles, (JobState.SUCCEEDED, ""))
    blobs = {key: file.blob for key, file in files.items() if file.blob}
    ratios = {key: blob.width / blob.height for key, blob in blobs.items() if blob.width and blob.height}
    assert ratios == pytest.approx({"taobao-tall": 0.75, "psd-layers": 1.0}, rel=0.01)


def boxes(page: str, name: str) -> dict[str, bool]:
    """The tick boxes called ``name`` on the page where a look is applied: value, and whether it is ticked."""
    found = re.findall(rf'<input class="tick" type="checkbox" name="{name}" value="([^"]+)"( checked)?>', page)
    return {value: bool(checked) for value, checked in found}


def test_a_look_counts_the_products_that_are_larger_than_its_picture_and_says_what_to_do(
    workspace: Workspace, shot: Shot, client: Client
) -> None:
    batch, _products = some(workspace, shot, 2)
    with tenant_scope(workspace.id):
        large, fine = selectors.get_look(workspace, batch.id)[1]
    for made, warnings in ((large, ["shot.product_cut_off"]), (fine, [])):
        made.asset = factories.make_asset(workspace, kind="shot", warnings=warnings, of=str(made.id))
        with tenant_scope(workspace.id):
            made.save(update_fields=["asset"])
    client.force_login(factories.owner_of(workspace).user)
    page = client.get(reverse("studio:look_state", args=[workspace.slug, batch.id])).content.decode()
    assert "1 cut off" in page
    assert "1 product is larger than the picture here." in page
    assert reverse("studio:choose_look", args=[workspace.slug, shot.id]) in page


def test_applied_again_the_exceptions_of_last_time_are_offered_and_kept(
    workspace: Workspace, shot: Shot, client: Client
) -> None:
    edit(workspace, shot, edits={"scale": 1.5})
    plain, small, left_out = (another_product(workspace, seed) for seed in (1, 2, 3))
    batch = apply(workspace, fresh(workspace, shot), {plain.id: 1.0, small.id: 0.8})
    with tenant_scope(workspace.id):
        made = Shot.objects.get(shoot__batch=batch, product=small)
        assert made.spec["edits"] == {"scale": 1.2}
        own = {"rotate_deg": 8.0, "exposure_ev": 0.1, "scale": 1.2, "shadow_softness": 3.0}
        Shot.objects.filter(pk=made.pk).update(spec=made.spec | {"edits": own, "offset": [0.05, 0.0]})
        newer = factories.make_product(workspace, name="Newer", cutout_state="ready")
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    page = client.get(reverse("studio:choose_look", args=[workspace.slug, shot.id])).content.decode()
    ticks = {str(product.id): True for product in (plain, small, newer)}
    assert boxes(page, "product") == ticks | {str(left_out.id): False, str(shot.product_id): False}
    assert boxes(page, "keep") == {str(small.id): True}
    assert f'name="scale-{small.id}" value="0.8"' in page
    assert "Keep its own: moved 5.0% to the right, turned 8.0° to the right, exposure +0.10 EV" in page

    sent = {"product": [str(plain.id), str(small.id)], f"scale-{small.id}": "0.8"}
    for keep in ([], [str(small.id)]):
        url = reverse("studio:apply_look", args=[workspace.slug, shot.id])
        answer = client.post(url, sent | {"keep": keep}, headers={"Accept": "application/json"})
        assert answer.status_code == 201
        with tenant_scope(workspace.id):
            again = Shot.objects.filter(product=small).select_related("shoot").order_by("shoot__created_at").last()
            first = Shot.objects.filter(product=plain).order_by("shoot__created_at").last()
            assert again is not None
            assert first is not None
        assert answer.json()["url"].endswith(f"{again.shoot.batch_id}/")
        assert "offset" not in first.spec
        if keep:
            assert again.spec["edits"] == {"rotate_deg": 8.0, "exposure_ev": 0.1, "scale": 1.2}
            assert again.spec["offset"] == [0.05, 0.0]
        else:
            assert again.spec["edits"] == {"scale": 1.2}
            with tenant_scope(workspace.id):
                Shoot.objects.filter(pk=again.shoot_id).delete()


def test_a_product_from_above_is_named_and_not_ticked_unless_it_was_chosen_before(
    workspace: Workspace, shot: Shot, client: Client
) -> None:
    upright = factories.make_product(workspace, name="Upright", viewpoint="side")
    lying = factories.make_product(workspace, name="Lying", viewpoint="above")
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    url = reverse("studio:choose_look", args=[workspace.slug, shot.id])
    page = client.get(url).content.decode()
    assert boxes(page, "product") == {str(upright.id): True, str(lying.id): False, str(shot.product_id): False}
    assert "1 product was photographed from above" in page
    assert page.count("From above") == 1
    apply(workspace, shot, {lying.id: 1.0})
    assert boxes(client.get(url).content.decode(), "product")[str(lying.id)]


def test_more_products_than_one_go_takes_are_on_pages_and_it_is_said_how_to_go_on(
    workspace: Workspace, shot: Shot, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "MOST_PRODUCTS", 2)
    with tenant_scope(workspace.id):
        products = [factories.make_product(workspace, name=f"Z {number}", cutout_state="ready") for number in range(3)]
        with_second = shot.spec | {"companion": {"product": str(products[0].id)}}
        Shot.objects.filter(pk=shot.pk).update(spec=with_second)
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    url = reverse("studio:choose_look", args=[workspace.slug, shot.id])
    first, second = (client.get(f"{url}?page={number}").content.decode() for number in (1, 2))
    assert "4 products are cut out, and one go takes at most 2. Here are 1 to 2 by name" in first
    assert 'href="?page=2"' in first
    assert "Here are 3 to 4 by name" in second
    assert [*boxes(first, "product"), *boxes(second, "product")] == [
        str(key) for key in (shot.product_id, *(product.id for product in products))
    ]
    assert "The second product stays with this shot" in first


def test_what_can_not_be_made_is_refused_and_nothing_is_queued(workspace: Workspace, shot: Shot) -> None:
    product = another_product(workspace, 1)
    uncut = factories.make_product(workspace, cutout=None, cutout_state="failed")
    refusals: list[tuple[dict[uuid.UUID, float], type[Exception]]] = [
        ({}, InvalidInput),
        ({product.id: 9.0}, InvalidInput),
        ({uuid.uuid4(): 1.0}, NotFound),
        ({product.id: 1.0, uncut.id: 1.0}, Conflict),
        ({uuid.uuid4(): 1.0 for _ in range(501)}, InvalidInput),
    ]
    for scales, refusal in refusals:
        with pytest.raises(refusal):
            apply(workspace, shot, scales)
    with tenant_scope(workspace.id):
        assert Job.objects.filter(state=JobState.QUEUED).count() == 0
        assert Shoot.objects.count() == 1


def fake(workspace: Workspace, *, height: float, base: float, colour: list[float] | None) -> Shot:
    recipe = {"measures": {"fill_height": height, "base_y": base}, "number": uuid.uuid4().hex}
    asset = factories.make_asset(workspace, kind="shot", **recipe)
    return factories.make_shot(workspace, asset=asset, gate={"backdrop": [colour] * 36})


def test_the_score_falls_with_the_background_and_names_who_stands_out(workspace: Workspace) -> None:
    grey, pink = [80.0, 0.0, 0.0], [80.0, 12.0, 0.0]
    alike = [fake(workspace, height=0.5, base=0.8, colour=grey) for _ in range(4)]
    same = looks.consistency(alike)
    assert same is not None
    assert (same.score, same.outliers) == (100, ())

    odd = fake(workspace, height=0.5, base=0.8, colour=pink)
    mixed = looks.consistency([*alike, odd])
    assert mixed is not None
    assert mixed.score < 90
    assert mixed.background_delta_e == pytest.approx(12 / 5, abs=0.01)
    assert [shot.id for shot in mixed.outliers] == [odd.id]
    hidden = fake(workspace, height=0.5, base=0.8, colour=None)
    assert looks.consistency([*alike, hidden]) is not None
    assert looks.consistency(alike[:1]) is None


def test_the_pages_lead_from_a_shot_to_its_look(workspace: Workspace, shot: Shot, client: Client) -> None:
    product = another_product(workspace, 1)
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    page = client.get(reverse("studio:choose_look", args=[workspace.slug, shot.id]))
    assert page.status_code == 200
    assert str(product.id) in page.content.decode()
    answer = client.post(
        reverse("studio:apply_look", args=[workspace.slug, shot.id]),
        {"product": [str(product.id)], f"scale-{product.id}": "1.2", "token": "a"},
    )
    assert answer.status_code == 302
    waiting = client.get(answer["Location"]).content.decode()
    assert "data-live-waits" in waiting
    assert "Cancelled" not in waiting
    work_off(workspace)
    look = client.get(answer["Location"])
    assert look.status_code == 200
    assert product.name in look.content.decode()
    assert client.get(f"{answer['Location']}state").status_code == 200
