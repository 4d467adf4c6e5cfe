"""After a better cutout the shots that show the earlier one are made again, each as a version of its own."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Workspace
from apps.assets.models import Lineage
from apps.core.errors import Conflict
from apps.core.tenancy import tenant_scope
from apps.studio import selectors, services
from apps.studio.models import CutoutState, Product, Shot
from apps.studio.templatetags.edit_words import what_changed
from tests.factories import make_person, make_workspace, owner_of
from tests.integration.studio.test_shoots import ready_product, shoot, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace(make_person())


@pytest.fixture
def shots(workspace: Workspace) -> list[Shot]:
    """Three finished shots of one product, small: accepted, rejected, and not judged."""
    made = shoot(workspace, ready_product(workspace), palettes=["own", "sage", "blush"])
    with tenant_scope(workspace.id):
        for found in Shot.objects.filter(shoot=made):
            found.spec |= {"width": 200, "height": 200}
            found.save()
    work(workspace)
    with tenant_scope(workspace.id):
        found = list(Shot.objects.filter(shoot=made).order_by("position"))
        services.set_verdict(found[0], verdict="star")
        services.set_verdict(found[1], verdict="reject", reason="cutout")
    return found


def cut_anew(workspace: Workspace, product_id: object) -> Product:
    """The product gets another cutout, inside a box."""
    with tenant_scope(workspace.id):
        product = Product.objects.select_related("workspace", "photo__blob").get(pk=product_id)
        services.request_cutout(product, box=[20, 20, 200, 200], by=None)
    work(workspace)
    with tenant_scope(workspace.id):
        return selectors.get_product(workspace, product.id)


def cutouts_of(workspace: Workspace, shots: list[Shot]) -> list[object]:
    """The cutout that each shot's picture of now was made from."""
    with tenant_scope(workspace.id):
        rows = [selectors.get_shot(workspace, shot.id) for shot in shots]
        return [Lineage.objects.get(child=row.asset, role="cutout").parent_id for row in rows]


def test_shots_with_an_earlier_cutout_are_made_again_but_for_the_accepted(
    workspace: Workspace, shots: list[Shot], client: Client
) -> None:
    client.force_login(owner_of(workspace).user)
    panel = reverse("studio:cutout", args=[workspace.slug, shots[0].product_id])
    assert "earlier cutout" not in client.get(panel).text
    earlier = cutouts_of(workspace, shots)[0]
    product = cut_anew(workspace, shots[0].product_id)
    assert product.cutout_id != earlier
    assert "2 shots show an earlier cutout." in client.get(panel).text

    client.post(reverse("studio:renew_shots", args=[workspace.slug, product.id]))
    assert "earlier cutout" not in client.get(panel).text  # they are on their way
    work(workspace)
    assert cutouts_of(workspace, shots) == [earlier, product.cutout_id, product.cutout_id]
    with tenant_scope(workspace.id):
        accepted, rejected, plain = (selectors.get_shot(workspace, shot.id) for shot in shots)
        assert (accepted.starred, rejected.rejected_at, plain.version) == (True, None, 2)
        first, second = selectors.versions(plain)
        assert (first.spec, what_changed(second)) == (second.spec, ["another cutout"])
        assert services.renew_shots(product, by=None) == 0
        services.show_version(plain, number=1)
        assert services.with_earlier_cutout(product).get().id == plain.id


def test_without_a_usable_cutout_nothing_is_made_again(workspace: Workspace, shots: list[Shot]) -> None:
    product = cut_anew(workspace, shots[0].product_id)
    product.cutout_state = CutoutState.NEEDS_BOX
    with tenant_scope(workspace.id):
        with pytest.raises(Conflict, match="no_cutout_yet"):
            services.renew_shots(product, by=None)
        assert selectors.versions(shots[1]) == []
