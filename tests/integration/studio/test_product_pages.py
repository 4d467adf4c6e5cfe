"""Products as their pages show them: renamed, put away and brought back, looked at by viewers; what a shot says."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Role, Workspace
from apps.core.tenancy import tenant_scope
from apps.studio import services
from apps.studio.models import Product, Shot
from apps.studio.templatetags.studio_words import enlarged, gate_findings
from tests.factories import (
    make_asset,
    make_batch,
    make_job,
    make_member,
    make_person,
    make_product,
    make_shoot,
    make_shot,
    make_workspace,
    owner_of,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace(make_person())


@pytest.fixture
def product(workspace: Workspace) -> Product:
    return make_product(workspace, name="Blue vase", sku="BV-1")


@pytest.fixture
def browser(client: Client, workspace: Workspace) -> Client:
    client.force_login(owner_of(workspace).user)
    return client


def url(name: str, workspace: Workspace, *ids: object) -> str:
    return reverse(f"studio:{name}", args=[workspace.slug, *ids])


def name_of(product: Product) -> str:
    with tenant_scope(product.workspace_id):
        return Product.objects.get(pk=product.pk).name


def test_a_product_without_a_name_keeps_its_old_one_and_says_why(browser: Client, product: Product) -> None:
    answer = browser.post(url("rename_product", product.workspace, product.id), {"name": " "}, headers=HTMX)
    assert "A product needs a name." in answer.text
    assert 'value="Blue vase"' in answer.text
    assert name_of(product) == "Blue vase"


def test_a_name_that_is_too_long_is_said_and_never_cut(browser: Client, product: Product) -> None:
    answer = browser.post(url("rename_product", product.workspace, product.id), {"name": "x" * 121}, headers=HTMX)
    assert "at most 120 characters" in answer.text
    assert "<input" not in answer.text, "what was typed stays where it is"
    assert name_of(product) == "Blue vase"


def test_an_archived_product_can_be_taken_back_at_once_and_later(browser: Client, product: Product) -> None:
    home = url("home", product.workspace)
    after = browser.post(url("archive_product", product.workspace, product.id), follow=True).text
    restore = url("restore_product", product.workspace, product.id)
    assert "“Blue vase” is archived." in after
    assert restore in after
    assert "1 archived product" in browser.get(home).text
    assert f'id="product-{product.id}"' not in browser.get(home).text
    assert f'id="product-{product.id}"' in browser.get(f"{home}?show=archived").text
    assert "This product is archived." in browser.get(url("product", product.workspace, product.id)).text
    browser.post(restore)
    assert f'id="product-{product.id}"' in browser.get(home).text


def test_only_an_archived_product_of_this_workspace_can_be_put_back(browser: Client, product: Product) -> None:
    other = make_workspace(make_person())
    with tenant_scope(other.id):
        foreign = services.archive_product(make_product(other, name="Foreign"))
    for wanted in (foreign.id, product.id, "nonsense"):
        assert "data-as-toast" not in browser.get(f"{url('home', product.workspace)}?put-away={wanted}").text


def test_viewers_see_no_choices_but_read_what_they_may_do(client: Client, product: Product) -> None:
    client.force_login(make_member(product.workspace, role=Role.VIEWER).user)
    page = client.get(url("product", product.workspace, product.id)).text
    assert "You may look at everything here and download it." in page
    assert 'id="choices"' not in page


def activity(client: Client, workspace: Workspace) -> str:
    return client.get(reverse("jobs:activity", args=[workspace.slug])).text


def test_a_row_of_the_activity_leads_to_the_product_that_was_cut_out(browser: Client, product: Product) -> None:
    make_job(
        product.workspace,
        label="Blue vase",
        state="succeeded",
        ended_at=timezone.now(),
        subject=f"product:{product.id}",
    )
    page = activity(browser, product.workspace)
    assert f'href="{url("product", product.workspace, product.id)}">Blue vase</a>' in page
    assert f"/assets/{product.cutout_id}/webp-320" in page


def test_a_row_of_the_activity_leads_to_the_shoot_and_its_jobs_to_their_shots(
    browser: Client, workspace: Workspace
) -> None:
    batch = make_batch(workspace, label="Vases")
    shot = make_shot(workspace, shoot=make_shoot(workspace, batch=batch))
    make_job(
        workspace,
        kind="studio.shot",
        batch=batch,
        state="succeeded",
        ended_at=timezone.now(),
        subject=f"shot:{shot.id}",
    )
    assert f'href="{url("shoot", workspace, shot.shoot_id)}">Vases</a>' in activity(browser, workspace)
    rows = browser.get(reverse("jobs:batch_jobs", args=[workspace.slug, batch.id])).text
    assert f'href="{url("shot", workspace, shot.id)}"' in rows


def test_many_cutouts_that_are_done_are_one_row_and_what_failed_is_not_hidden(
    browser: Client, workspace: Workspace
) -> None:
    now = timezone.now()
    for number in range(9):
        make_job(workspace, label=f"Vase {number}", state="failed" if number == 4 else "succeeded", ended_at=now)
    page = activity(browser, workspace)
    assert page.count('class="job job--run"') == 2
    assert page.count("4 done") == 2
    assert page.index('job--run"') < page.index("Vase 4") < page.rindex('job--run"')


GATE = {"passed": True, "max_abs_diff": 0, "pixels_compared": 100, "edge_delta_e": 0.2}


def shot_with_scale(workspace: Workspace, scale: float) -> Shot:
    warnings = ["shot.product_upscaled"] if scale > 1 else []
    picture = make_asset(workspace, kind="shot", warnings=warnings, parameters={"placement": {"scale": scale}})
    return make_shot(workspace, asset=picture, gate=GATE)


def test_a_shot_whose_product_was_enlarged_says_so_before_anything_else(workspace: Workspace) -> None:
    findings = gate_findings(shot_with_scale(workspace, 3.84))
    assert [finding.tone for finding in findings] == ["warn", "ok", "ok"]
    assert findings[0].sentence == "Enlarged 3.8 times: the product looks soft"
    assert findings[1].sentence == "Enlarged, otherwise untouched"
    assert findings[2].sentence == "No colour of the old background along the edge"


@pytest.mark.parametrize("scale", [0.4, 1.0, 1.05])
def test_a_size_at_which_nobody_sees_a_difference_is_not_worth_a_word(workspace: Workspace, scale: float) -> None:
    shot = shot_with_scale(workspace, scale)
    assert enlarged(shot) == 0
    assert gate_findings(shot)[0].sentence == "Product untouched"


def test_where_only_the_second_product_was_enlarged_its_factor_is_said(workspace: Workspace) -> None:
    both = {"placement": {"scale": 0.4}, "companion": {"scale": 2.5, "is_in_front": True}}
    picture = make_asset(workspace, kind="shot", warnings=["shot.product_upscaled"], parameters=both)
    measured = GATE | {"product_delta_e": 0.0, "product_delta_e_p95": 0.0}
    shot = make_shot(workspace, asset=picture, gate=measured | {"companion": measured})
    assert enlarged(shot) == 2.5
    sentences = [finding.sentence for finding in gate_findings(shot)]
    assert sentences[0] == "Enlarged 2.5 times: the product looks soft"
    assert "Product untouched" in sentences
    assert "Second product: Enlarged, otherwise untouched" in sentences


def test_a_product_that_ends_beyond_the_picture_is_said_on_its_card_and_first_of_all(
    browser: Client, workspace: Workspace
) -> None:
    recipe = {"warnings": ["shot.product_cut_off"], "parameters": {"placement": {"scale": 0.4}}}
    shot = make_shot(workspace, asset=make_asset(workspace, kind="shot", **recipe), gate=GATE)
    assert gate_findings(shot)[0].sentence == "A part of the product lies outside of the picture"
    page = browser.get(reverse("studio:shot_card", args=[workspace.slug, shot.id])).content.decode()
    assert "Cut off" in page


def test_an_edge_that_was_not_measured_is_not_praised(workspace: Workspace) -> None:
    shot = shot_with_scale(workspace, 1.0)
    shot.gate = {key: value for key, value in GATE.items() if key != "edge_delta_e"}
    assert [finding.sentence for finding in gate_findings(shot)] == ["Product untouched"]


NOTHING_FOUND = "We found no product there."
NOT_TOLD = "We could not tell the product from its background."
GUESS = "We are not sure what the product is"


def test_of_a_photo_in_which_nothing_was_found_one_sentence_is_said(browser: Client, workspace: Workspace) -> None:
    job = make_job(
        workspace,
        kind="studio.cutout",
        state="failed",
        error_code="cutout.nothing_found",
        ended_at=timezone.now(),
    )
    product = make_product(workspace, cutout=None, cutout_state="needs_box", cutout_job=job)
    page = browser.get(url("product", workspace, product.id)).text
    assert [sentence in page for sentence in (NOTHING_FOUND, NOT_TOLD, GUESS)] == [True, False, False]


def test_an_unsure_cutout_is_shown_as_a_guess_that_can_be_accepted(browser: Client, workspace: Workspace) -> None:
    product = make_product(workspace, cutout_state="needs_box")
    page = browser.get(url("product", workspace, product.id)).text
    assert [sentence in page for sentence in (NOTHING_FOUND, NOT_TOLD, GUESS)] == [False, False, True]
    assert "Our guess" in page
    assert url("edit_cutout", workspace, product.id) in page
    assert "data-box-open" in page
    assert url("accept_cutout", workspace, product.id) in page
    assert browser.post(url("accept_cutout", workspace, product.id), headers=HTMX).status_code == 200
    with tenant_scope(workspace.id):
        assert Product.objects.get(pk=product.pk).cutout_state == "accepted"
