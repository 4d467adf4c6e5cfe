"""What a product is, how large it stands in a picture, and where its photo was taken from."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Role, Workspace
from apps.core.errors import InvalidInput
from apps.core.tenancy import tenant_scope
from apps.studio import choices, looks, selectors, services
from apps.studio.kinds import scale_of
from apps.studio.models import Product, Viewpoint
from tests import factories
from tests.integration.studio.test_edits import shot
from tests.integration.studio.test_shoots import ready_product, shoot, work, workspace

__all__ = ["shot", "workspace"]
pytestmark = pytest.mark.django_db(transaction=True)


def describe(workspace: Workspace, product: Product, **wishes: object) -> Product:
    with tenant_scope(workspace.id):
        return services.describe_product(product, **wishes)  # type: ignore[arg-type]


def test_the_kind_and_the_slider_decide_the_size_in_every_new_shot(workspace: Workspace) -> None:
    product = ready_product(workspace)
    assert (product.kind, product.size, scale_of(product)) == ("bottle", 1.0, 1.0)
    usual = shoot(workspace, product)
    smaller = shoot(workspace, describe(workspace, product, kind="watch", size=0.9))
    work(workspace)
    with tenant_scope(workspace.id):
        first, second = selectors.shots(usual)[0], selectors.shots(smaller)[0]
    assert "scale" not in first.spec
    assert second.spec["scale"] == pytest.approx(0.68 * 0.9)
    assert first.asset is not None
    assert second.asset is not None
    heights = [made.asset.recipe["measures"]["fill_height"] for made in (first, second)]
    assert heights[1] < 0.9 * heights[0]


def test_what_is_unknown_or_out_of_range_is_refused(workspace: Workspace) -> None:
    product = factories.make_product(workspace, name="Pot")
    for wishes in ({"kind": "spaceship"}, {"size": 0.4}, {"size": 1.7}, {"viewpoint": "below"}):
        with pytest.raises(InvalidInput):
            describe(workspace, product, **wishes)
    with tenant_scope(workspace.id):
        found = selectors.get_product(workspace, product.id)
    assert (found.kind, found.size, found.viewpoint, found.is_viewpoint_said) == ("", 1.0, "", False)


def test_what_a_person_said_of_the_viewpoint_outlives_the_next_cutout(workspace: Workspace) -> None:
    product = describe(workspace, ready_product(workspace, transparent=False), viewpoint="above")
    with tenant_scope(workspace.id):
        services.request_cutout(product, box=None, by=None)
    work(workspace)
    with tenant_scope(workspace.id):
        found = selectors.get_product(workspace, product.id)
    assert (found.viewpoint, found.is_viewpoint_said) == (Viewpoint.ABOVE, True)


def test_flat_lays_come_first_for_a_photo_from_above_and_last_for_others() -> None:
    for viewpoint in ("", "side", "above"):
        offered = choices.families(viewpoint)
        fits = [family["fits"] for family in offered]
        assert fits == sorted(fits, reverse=True)
        assert {family["title"] for family in offered} == {family["title"] for family in choices.families()}


def test_in_a_look_every_product_keeps_the_size_of_its_kind(workspace: Workspace, shot: object) -> None:
    with tenant_scope(workspace.id):
        origin = selectors.get_shot(workspace, shot.id)  # type: ignore[attr-defined]
        assert "scale" not in looks.look_of(origin)
        assert looks.look_of(origin, usual=0.68)["scale"] == 0.68


def test_the_form_answers_with_itself_and_without_script_with_the_page(client: Client, workspace: Workspace) -> None:
    product = factories.make_product(workspace, name="Pot")
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    address = reverse("studio:describe_product", args=[workspace.slug, product.id])
    part = client.post(address, {"kind": "bag", "size": "1.2", "viewpoint": "side"}, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert b'value="bag" selected' in part.content
    plain = client.post(address, {"kind": ""})
    assert plain.status_code == 302
    with tenant_scope(workspace.id):
        found = selectors.get_product(workspace, product.id)
    assert (found.kind, found.size, found.viewpoint) == ("", 1.2, "side")
