"""What a model can not do is left out or refused before any work, and said."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.core.tenancy import tenant_scope
from apps.studio.models import Product
from tests.fingerprints import difference, take_fingerprint
from tests.integration.studio.test_scenes import (
    BRUSH,
    KLEIN,
    beat,
    change,
    client,
    generated_shot,
    offer,
    product,
    send,
    shots,
    url,
    workspace,
)

__all__ = ["client", "product", "workspace"]  # fixtures
pytestmark = pytest.mark.django_db
EDITOR, DEEPGEN = "longcat-image-edit-turbo", "deepgen-1"


def test_that_an_editor_is_not_guided_by_a_palette_is_said_before_any_work(client: Client, product: Product) -> None:
    beat(offer(EDITOR, title="LongCat-Image-Edit Turbo"))
    before = take_fingerprint([product.workspace])
    answer = send(client, product, model=EDITOR, guide="1")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Untick the guiding" in page.partition('data-problem-of="palette" role="alert">')[2].partition("</p>")[0]
    assert difference(before, take_fingerprint([product.workspace])) == ""
    assert send(client, product, model=EDITOR, mode="reimagined", strength="20", count="1").status_code == 302
    [shot] = shots(product)
    assert (shot.spec["generated"]["strength"], shot.spec["generated"]["palette_means"]["pull"]) == (1.0, 0.0)


def test_a_change_asks_each_model_for_what_it_can(client: Client, product: Product) -> None:
    """A guided picture keeps its guidance with klein; an editor leaves it. All of them change a picture by degrees."""
    beat(offer(), offer(EDITOR), offer(DEEPGEN))
    shot = generated_shot(product)
    shot.spec["palette"] = ["#1b4d3e"]
    shot.spec["generated"]["palette_means"] = {"pull": 0.15}
    with tenant_scope(product.workspace_id):
        shot.save()
    page = client.get(url("change", product.workspace, shot.id)).content.decode()
    assert "this model is not. What it changes follows your words alone" in page
    asked = {}
    for model in (KLEIN, EDITOR, DEEPGEN):
        assert change(client, shot, [BRUSH], model=model, strength="30").status_code == 302
        with tenant_scope(product.workspace_id):
            generated = shot.versions.latest("number").spec["generated"]
        asked[model] = (generated["strength"], generated["palette_means"]["pull"])
    assert asked == {KLEIN: (0.3, 0.15), EDITOR: (0.3, 0.0), DEEPGEN: (0.3, 0.0)}
