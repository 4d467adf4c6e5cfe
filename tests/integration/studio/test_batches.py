"""Many products in one go: begun some at a time, waiting for cutouts, failed rows listed and made again."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Role, Workspace
from apps.assets import services as assets
from apps.core.errors import InvalidInput, NotFound
from apps.core.tenancy import tenant_scope
from apps.jobs import services as queue
from apps.jobs.models import Batch, Job, JobState
from apps.studio import batches, selectors, services
from apps.studio.exports import choosing
from apps.studio.models import CutoutState, Product, Shoot, Shot
from apps.studio.services import cutout_edits
from tests import factories
from tests.integration.studio.pictures import bottle_png
from tests.integration.studio.test_cutout_edits import DOT_ON_THE_WALL
from tests.integration.studio.test_shoots import work, workspace

__all__ = ["workspace"]
pytestmark = pytest.mark.django_db(transaction=True)

CHOICES: dict[str, Any] = {
    "sets": ["white-sweep"],
    "palettes": ["own"],
    "formats": ["1:1"],
    "variations": 1,
    "camera": "",
    "mood": "",
}


def many(workspace: Workspace, count: int, *, cut_out: bool = True) -> list[Product]:
    photos = [
        assets.keep_photo(workspace, bottle_png(seed=seed, transparent=True), file_name=f"bottle {seed}.png", by=None)
        for seed in range(count)
    ]
    with tenant_scope(workspace.id):
        products = services.create_products(workspace, photos=photos, by=None)
    if cut_out:
        work(workspace)
    return products


def ask(workspace: Workspace, products: list[Product], token: str = "once", **changes: Any) -> Batch:
    with tenant_scope(workspace.id):
        return services.request_batch(
            workspace,
            product_ids=[product.id for product in products],
            choices=CHOICES | changes,
            by=None,
            token=token,
        )


def state(workspace: Workspace, batch: Batch) -> batches.BatchState:
    with tenant_scope(workspace.id):
        return batches.state(batch)


def work_off(workspace: Workspace) -> None:
    while work(workspace):
        pass


def test_every_product_gets_the_shots_and_the_request_itself_makes_none(workspace: Workspace) -> None:
    products = many(workspace, 2)
    batch = ask(workspace, products, variations=2)
    before = state(workspace, batch)
    with tenant_scope(workspace.id):
        assert not Shot.objects.exists()
    work_off(workspace)
    after = state(workspace, batch)
    assert (before.total, before.done, before.open) == (4, 0, 4)
    assert (after.total, after.done, after.open) == (4, 4, 0)
    with tenant_scope(workspace.id):
        rows = list(batches.rows(batch))
        choice = choosing.read_choice(workspace, _query(batch))
    assert [(row.product.name, len(row.pictures)) for row in rows] == [  # type: ignore[attr-defined]
        ("Bottle 0", 2),
        ("Bottle 1", 2),
    ]
    assert len(choice.shots) == 4


def _query(batch: Batch) -> Any:
    from django.http import QueryDict

    return QueryDict(f"batch={batch.id}")


def test_a_double_click_is_one_batch(workspace: Workspace) -> None:
    products = many(workspace, 2)
    assert ask(workspace, products).id == ask(workspace, products).id
    with tenant_scope(workspace.id):
        assert Shoot.objects.count() == 2


def test_many_begin_some_at_a_time(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.studio.services.batches.STARTED_AT_ONCE", 2)
    batch = ask(workspace, [factories.make_product(workspace) for _ in range(5)])
    begun = []
    for _ in range(3):
        with tenant_scope(workspace.id):
            services.start_shoots(batch_id=batch.id)
            begun.append(Shot.objects.count())
    assert begun == [2, 4, 5]


def test_two_starters_make_no_shot_twice(workspace: Workspace) -> None:
    product = factories.make_product(workspace)
    batch = ask(workspace, [product])
    with tenant_scope(workspace.id):
        assert services.start_shoots(batch_id=batch.id) == 1
        assert services.start_shoots(product_id=product.id) == 0
        assert Shot.objects.count() == 1


def test_a_product_without_a_cutout_begins_by_itself_once_it_has_one(workspace: Workspace) -> None:
    [product] = many(workspace, 1, cut_out=False)
    batch = ask(workspace, [product])
    assert state(workspace, batch).cutting == 1
    work_off(workspace)
    assert state(workspace, batch).done == 1


def test_a_product_that_needs_a_person_is_listed_and_begins_when_it_is_accepted(workspace: Workspace) -> None:
    [product] = many(workspace, 1)
    with tenant_scope(workspace.id):
        Product.objects.filter(pk=product.pk).update(cutout_state=CutoutState.NEEDS_BOX)
    batch = ask(workspace, [product])
    work_off(workspace)
    with tenant_scope(workspace.id):
        assert batches.waiting_products(batch) == [product]
        found = batches.state(batch)
        assert (found.needs_box, found.open, found.stuck) == (1, 0, 1)
        services.accept_cutout(product)
    work_off(workspace)
    assert state(workspace, batch).done == 1


def doubted(workspace: Workspace) -> Product:
    """A product whose cutout is there, but waits for a person."""
    [product] = many(workspace, 1)
    with tenant_scope(workspace.id):
        Product.objects.filter(pk=product.pk).update(cutout_state=CutoutState.NEEDS_BOX)
        return selectors.get_product(workspace, product.id)


def test_a_cutout_that_is_painted_on_starts_what_waits(workspace: Workspace) -> None:
    product = doubted(workspace)
    batch = ask(workspace, [product])
    work_off(workspace)
    with tenant_scope(workspace.id):
        cutout_edits.edit_cutout(product, base=product.cutout, strokes=[DOT_ON_THE_WALL], by=None)
    work_off(workspace)
    found = state(workspace, batch)
    assert (found.done, found.open, found.stuck) == (1, 0, 0)


def test_an_earlier_cutout_that_is_taken_again_starts_what_waits_once(workspace: Workspace) -> None:
    product = doubted(workspace)
    assert product.cutout is not None
    batch = ask(workspace, [product])
    work_off(workspace)
    with tenant_scope(workspace.id):
        cutout_edits.use_cutout(product, cutout=product.cutout)
        cutout_edits.use_cutout(product, cutout=product.cutout)
    work_off(workspace)
    assert state(workspace, batch).done == 1
    with tenant_scope(workspace.id):
        assert Shot.objects.count() == 1


def test_an_edit_that_is_cancelled_gives_the_cutout_back_and_what_was_asked_for_meanwhile_starts(
    workspace: Workspace,
) -> None:
    [product] = many(workspace, 1)
    with tenant_scope(workspace.id):
        product = selectors.get_product(workspace, product.id)
        edit = cutout_edits.edit_cutout(product, base=product.cutout, strokes=[DOT_ON_THE_WALL], by=None)
    batch = ask(workspace, [product])
    with tenant_scope(workspace.id):
        assert services.start_shoots(batch_id=batch.id) == 0
        queue.cancel(edit)
    work_off(workspace)
    assert state(workspace, batch).done == 1


def test_shots_whose_starter_ended_are_named_and_can_be_begun(client: Client, workspace: Workspace) -> None:
    batch = ask(workspace, [factories.make_product(workspace) for _ in range(2)])
    assert state(workspace, batch).left == 0  # the starter is on its way
    with tenant_scope(workspace.id):
        Job.objects.filter(kind=batches.START_KIND).update(state=JobState.FAILED, ended_at=timezone.now())
    found = state(workspace, batch)
    assert (found.left, found.open, found.stuck) == (2, 0, 2)
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    page = client.get(reverse("studio:batch", args=[workspace.slug, batch.id])).content.decode()
    assert "Begin them now" in page
    assert "batch__progress" not in page
    client.post(reverse("studio:retry_batch", args=[workspace.slug, batch.id]))
    assert state(workspace, batch).left == 0
    with tenant_scope(workspace.id):
        assert services.start_shoots(batch_id=batch.id) == 2


def test_guesses_are_accepted_together_and_what_has_none_goes_on_waiting(client: Client, workspace: Workspace) -> None:
    guessed = [factories.make_product(workspace, cutout_state="needs_box") for _ in range(2)]
    unseen = factories.make_product(workspace, cutout=None, cutout_state="needs_box")
    elsewhere = factories.make_product(workspace, cutout_state="needs_box")
    batch = ask(workspace, [*guessed, unseen])
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    page = client.get(reverse("studio:batch", args=[workspace.slug, batch.id])).content.decode()
    assert "Accept 2 guesses" in page
    client.post(reverse("studio:accept_guesses", args=[workspace.slug, batch.id]))
    with tenant_scope(workspace.id):
        states = {product.pk: product.cutout_state for product in Product.objects.all()}
        for product in guessed:
            assert services.start_shoots(product_id=product.pk) == 1
    assert [states[product.pk] for product in (*guessed, unseen, elsewhere)] == [*["accepted"] * 2, *["needs_box"] * 2]
    page = client.get(reverse("studio:batch", args=[workspace.slug, batch.id])).content.decode()
    assert "guess" not in page


def test_what_failed_is_listed_with_its_reason_and_made_again(client: Client, workspace: Workspace) -> None:
    batch = ask(workspace, many(workspace, 2))
    with tenant_scope(workspace.id):
        services.start_shoots(batch_id=batch.id)
        broken = Shot.objects.select_related("job").order_by("product__name")[0]
        good = broken.spec
        Shot.objects.filter(pk=broken.pk).update(spec={**good, "width": 5})
    work_off(workspace)
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    page = client.get(reverse("studio:batch", args=[workspace.slug, batch.id])).content.decode()
    lines = client.get(reverse("studio:batch_failed", args=[workspace.slug, batch.id])).content.decode()
    assert state(workspace, batch).failed == 1
    assert "Bottle 0" in page
    assert "Try the failed again" in page
    assert lines.splitlines()[1].startswith("bottle 0.png,Bottle 0,,")

    with tenant_scope(workspace.id):
        Shot.objects.filter(pk=broken.pk).update(spec=good)
    client.post(reverse("studio:retry_batch", args=[workspace.slug, batch.id]))
    work_off(workspace)
    assert (state(workspace, batch).failed, state(workspace, batch).done) == (0, 2)


def test_cancelling_forgets_what_waits_too(workspace: Workspace) -> None:
    products = [factories.make_product(workspace), factories.make_product(workspace, cutout_state="needs_box")]
    batch = ask(workspace, products)
    with tenant_scope(workspace.id):
        services.start_shoots(batch_id=batch.id)
        services.cancel_batch(batch, by=None)
        assert Shoot.objects.filter(batch=batch).count() == 1
        assert set(Job.objects.filter(batch=batch).values_list("state", flat=True)) == {JobState.CANCELLED}


def test_what_can_not_be_made_is_refused_and_nothing_is_written(workspace: Workspace) -> None:
    product = factories.make_product(workspace)
    elsewhere = factories.make_product(factories.make_workspace())
    for products, changes, error in (
        ([], {}, InvalidInput),
        ([product, elsewhere], {}, NotFound),
        ([product], {"sets": []}, InvalidInput),
        ([product], {"sets": ["nowhere"]}, InvalidInput),
    ):
        with pytest.raises(error):
            ask(workspace, products, token=uuid.uuid4().hex, **changes)
    with tenant_scope(workspace.id):
        assert not Shoot.objects.exists()
        assert not Batch.objects.filter(kind="studio.shot").exists()


def test_the_spreadsheet_says_why_and_a_formula_in_a_name_stays_text(client: Client, workspace: Workspace) -> None:
    job = factories.make_job(
        workspace, kind="studio.cutout", state="failed", error_code="cutout.no_engine", ended_at=timezone.now()
    )
    product = factories.make_product(workspace, name="=HYPERLINK(1)", cutout_state="failed", cutout_job=job)
    batch = ask(workspace, [product])
    client.force_login(factories.make_member(workspace, Role.VIEWER).user)
    lines = client.get(reverse("studio:batch_failed", args=[workspace.slug, batch.id])).content.decode()
    assert "'=HYPERLINK(1)" in lines
    assert "No cutout engine runs on this server." in lines


def test_the_pages_show_products_to_choose_and_batches_to_come_back_to(client: Client, workspace: Workspace) -> None:
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    empty = client.get(reverse("studio:new_batch", args=[workspace.slug])).content.decode()
    products = [factories.make_product(workspace, name=f"Pot {n}") for n in range(2)]
    factories.make_shot(workspace, shoot=factories.make_shoot(workspace, product=products[0]))
    page = client.get(reverse("studio:new_batch", args=[workspace.slug])).content.decode()
    assert "No products yet" in empty
    assert f'value="{products[1].id}" form="choices" checked' in page
    assert f'value="{products[0].id}" form="choices">' in page
    answer = client.post(
        reverse("studio:create_batch", args=[workspace.slug]),
        {"product": [str(product.id) for product in products], "set": "plinth", "palette": "own", "format": "1:1"},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 201
    assert client.get(answer.json()["url"]).status_code == 200
    listed = client.get(reverse("studio:batches", args=[workspace.slug])).content.decode()
    assert "2 products" in listed


def test_more_products_than_a_batch_takes_come_in_turns(
    client: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.studio.views.batches.MOST_PRODUCTS", 2)
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    done, asked, fresh, later = (factories.make_product(workspace, name=f"{letter} pot") for letter in "ADCB")
    for product in (done, asked, later):
        factories.make_shot(workspace, shoot=factories.make_shoot(workspace, product=product))
    address = reverse("studio:new_batch", args=[workspace.slug])
    page = client.get(f"{address}?product={asked.id}").content.decode()
    assert "There are 4 products, and a batch takes at most 2." in page
    assert re.findall(r'name="product" value="([^"]+)"', page) == [str(fresh.id), str(asked.id)]
    monkeypatch.setattr("apps.studio.views.batches.MOST_PRODUCTS", 4)
    assert "a batch takes at most" not in client.get(address).content.decode()


def test_one_of_the_chosen_products_stands_on_the_stage(client: Client, workspace: Workspace) -> None:
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    done, fresh = (factories.make_product(workspace, name=f"{letter} pot") for letter in "AC")
    waiting = factories.make_product(workspace, name="B pot", cutout=None, cutout_state=CutoutState.PENDING)
    factories.make_shot(workspace, shoot=factories.make_shoot(workspace, product=done))
    address = reverse("studio:new_batch", args=[workspace.slug])
    assert client.get(address).context["shown"] == fresh
    assert client.get(f"{address}?product={done.id}").context["shown"] == done
    assert client.get(f"{address}?product={waiting.id}").context["shown"] == done


def test_many_products_can_be_chosen_while_none_is_cut_out(client: Client, workspace: Workspace) -> None:
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    product = factories.make_product(workspace, cutout=None, cutout_state=CutoutState.PENDING)
    answer = client.get(reverse("studio:new_batch", args=[workspace.slug]))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert f'value="{product.id}" form="choices" checked' in page
    assert f'action="{reverse("studio:create_batch", args=[workspace.slug])}"' in page


def test_a_product_from_above_is_marked_where_many_are_chosen_and_sets_say_whom_they_fit(
    client: Client, workspace: Workspace
) -> None:
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    factories.make_product(workspace, viewpoint="above")
    page = client.get(reverse("studio:new_batch", args=[workspace.slug])).content.decode()
    assert page.count("From above") == 1
    assert re.search(r'data-set="flatlay-wood" data-viewpoints="above"', page)
    assert re.search(r'data-set="white-sweep" data-viewpoints="side"', page)


def test_in_the_large_view_one_steps_through_the_whole_batch_and_else_through_the_shoot(workspace: Workspace) -> None:
    batch = factories.make_batch(workspace)
    named = [factories.make_product(workspace, name=name) for name in ("Vase", "Bowl")]
    of_batch = [
        factories.make_shot(
            workspace,
            shoot=factories.make_shoot(workspace, product=product, batch=batch, choices={"batch_token": "t"}),
            position=0,
        )
        for product in named
    ]
    alone = factories.make_shot(workspace, position=0)
    with tenant_scope(workspace.id):
        vase, bowl = (selectors.neighbours(selectors.get_shot(workspace, shot.id)) for shot in of_batch)
        assert (bowl.previous, bowl.next, bowl.index, bowl.total) == (None, of_batch[0], 1, 2)
        assert (vase.previous, vase.next, vase.index, vase.total) == (of_batch[1], None, 2, 2)
        own = selectors.neighbours(selectors.get_shot(workspace, alone.id))
        assert (own.previous, own.next, own.index, own.total) == (None, None, 1, 1)
