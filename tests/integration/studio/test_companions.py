"""A second product in a shot: kept with the shot, proven, exported in layers; nobody else's product can be taken."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Role, Workspace
from apps.assets import selectors as asset_store
from apps.assets.models import Lineage
from apps.core.errors import InvalidInput
from apps.core.tenancy import tenant_scope
from apps.jobs.models import JobState
from apps.studio import companions, looks, selectors, services, specs
from apps.studio.exports.profiles import get_profile
from apps.studio.exports.shots import zip_items
from apps.studio.models import ExportFile, Product, Shot
from apps.studio.services.exports import Wishes, request_export
from apps.studio.templatetags.studio_words import gate_findings
from tests import factories
from tests.integration.studio.test_edits import WISH, fresh, shot, workspace
from tests.integration.studio.test_looks import another_product
from tests.integration.studio.test_shoots import work

__all__ = ["shot", "workspace"]
pytestmark = pytest.mark.django_db(transaction=True)


def beside(product: Product, **changes: Any) -> dict[str, Any]:
    return {"product": str(product.id), "scale": 0.9, "offset": [0.3, -0.03], "shadow": 1, **changes}


def put_beside(workspace: Workspace, shot: Shot, product: Product) -> Shot:
    turned = beside(product, rotate_deg=12.5)
    wish = specs.read_wish({**WISH, "offset": [-0.12, 0], "companion": turned}) | {"width": 300, "height": 300}
    with tenant_scope(workspace.id):
        services.edit_shot(shot, spec=companions.resolved(workspace, wish), by=None)
    assert {job.state for job in work(workspace)} == {JobState.SUCCEEDED}
    return fresh(workspace, shot)


def test_the_second_product_is_kept_proven_and_exported_in_layers(workspace: Workspace, shot: Shot) -> None:
    other = another_product(workspace, 7)
    now = put_beside(workspace, shot, other)
    assert now.asset is not None
    assert now.gate["passed"]
    assert now.gate["companion"]["max_abs_diff"] == 0
    with tenant_scope(workspace.id):
        roles = dict(Lineage.objects.filter(child=now.asset).values_list("role", "parent"))
    assert roles["companion"] == other.cutout_id
    assert roles["companion_photo"] == other.photo_id
    assert now.asset.recipe["spec"]["companion"]["rotate_deg"] == 12.5
    with tenant_scope(workspace.id):
        (file,) = [item for item in zip_items(now.shoot, which="all") if item.companion]
        assert file.companion is not None
        assert file.companion.sha256 == Product.objects.select_related("photo__blob").get(pk=other.pk).photo.blob.sha256
    assert any("Second product" in str(finding.sentence) for finding in gate_findings(now))
    assert "companion" not in looks.look_of(now)

    with tenant_scope(workspace.id):
        request_export(
            workspace, shots=[now], products=[], profiles=["psd-layers"], wishes=Wishes("", False, False), by=None
        )
    assert {job.state for job in work(workspace)} == {JobState.SUCCEEDED}
    with tenant_scope(workspace.id):
        file = ExportFile.objects.select_related("blob").get()
    assert file.passed, file.verdict
    assert file.blob is not None
    from inference.ops.psd import read_psd

    content = read_psd(asset_store.read_bytes(file.blob))
    assert content.layers.companion is not None
    assert get_profile("psd-layers").as_target().kind == "layers"


def test_another_workspaces_product_is_not_found(client: Client, workspace: Workspace, shot: Shot) -> None:
    theirs = factories.make_product(factories.make_workspace())
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    for name in ("draft_shot", "save_edit"):
        for companion in (beside(theirs), beside(theirs) | {"product": str(uuid.uuid4())}):
            answer = client.post(
                reverse(f"studio:{name}", args=[workspace.slug, shot.id]),
                {"spec": json.dumps({**WISH, "companion": companion})},
                headers={"Accept": "application/json"},
            )
            assert answer.status_code == 404
    own = another_product(workspace, 3)
    answer = client.post(
        reverse("studio:draft_shot", args=[workspace.slug, shot.id]),
        {"spec": json.dumps({**WISH, "companion": beside(own, cutout=str(theirs.cutout_id))})},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"product": "x"},
        {"offset": [1]},
        {"offset": [0, 9]},
        {"scale": 99},
        {"shadow": 2},
        {"shadow": True},
        {"rotate_deg": 181},
    ],
)
def test_what_can_not_be_read_is_refused(change: dict[str, Any]) -> None:
    whole = {"product": str(uuid.uuid4()), "scale": 1, "offset": [0.2, 0], "shadow": 1}
    assert companions.read(whole) is not None
    with pytest.raises(InvalidInput):
        companions.read({**whole, **change})


@pytest.mark.parametrize("scale", [0.55 * 0.5 * 0.4, 1.3 * 1.6 * 1.9])
def test_a_small_kind_made_smaller_and_a_large_one_made_larger_can_be_read(scale: float) -> None:
    found = companions.read({"product": str(uuid.uuid4()), "scale": scale, "offset": [0.2, 0]})
    assert found is not None
    assert found["scale"] == pytest.approx(scale)


def test_the_edit_page_offers_other_products_that_are_cut_out(client: Client, workspace: Workspace, shot: Shot) -> None:
    other = another_product(workspace, 5)
    pending = factories.make_product(workspace, name="Not yet", cutout=None, cutout_state="pending")
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    page = client.get(reverse("studio:edit_shot", args=[workspace.slug, shot.id])).content.decode()
    assert f'name="companion" value="{other.id}"' in page
    assert f'name="companion" value="{pending.id}"' not in page
    assert f'name="companion" value="{shot.product_id}"' not in page
    with tenant_scope(workspace.id):
        assert selectors.get_product(workspace, other.id).cutout is not None
