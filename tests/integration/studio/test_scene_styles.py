"""Pictures whose look a scene follows: shots and uploaded ones, of this workspace alone, as closely as was asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Workspace
from apps.assets import services as assets
from apps.assets.models import Asset, AssetKind
from apps.core.tenancy import tenant_scope
from apps.studio import selectors
from apps.studio.models import Product
from tests import factories
from tests.fingerprints import difference, take_fingerprint
from tests.integration.studio.pictures import bottle_png
from tests.integration.studio.test_scenes import (
    SEFI,
    beat,
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


def uploaded(workspace: Workspace, seed: int = 7) -> Asset:
    """A picture that somebody sent, of which no product was made."""
    return assets.keep_photo(workspace, bottle_png(seed=seed), file_name="beach at dusk.png")


def test_a_picture_can_be_added_before_there_is_any_shot(client: Client, product: Product) -> None:
    beat()
    page = client.get(url("scene", product.workspace, product.id)).content.decode()
    assert "data-mood-picker" in page
    assert page.count('name="style"') == 2  # none, and the template of what will be added
    asset = uploaded(product.workspace)
    page = client.get(url("scene", product.workspace, product.id)).content.decode()
    assert f'value="{asset.id}"' in page
    assert reverse("assets:upload", args=[product.workspace.slug]) in page


def test_an_uploaded_picture_is_followed_as_closely_as_was_asked_for(client: Client, product: Product) -> None:
    beat(offer(SEFI))
    asset = uploaded(product.workspace)
    answer = send(client, product, model=SEFI, style=str(asset.id), style_strength="85", count="1")
    assert answer.status_code == 302
    [shot] = shots(product)
    assert (shot.spec["style"], shot.spec["generated"]["style_strength"]) == (str(asset.id), 0.85)
    like = client.get(url("scene", product.workspace, product.id), {"like": str(shot.id)}).content.decode()
    assert f'value="{asset.id}" checked' in like
    assert 'name="style_strength" min="10" max="100" step="5" value="85"' in like


@pytest.mark.parametrize("strength", ["5", "101", "much"])
def test_a_strength_that_does_not_exist_is_refused(client: Client, product: Product, strength: str) -> None:
    beat()
    before = take_fingerprint([product.workspace])
    assert send(client, product, style_strength=strength).status_code == 400
    assert difference(before, take_fingerprint([product.workspace])) == ""


def test_pictures_of_others_and_what_is_no_picture_to_follow_are_not_there(client: Client, product: Product) -> None:
    beat()
    cutout = product.cutout
    assert cutout is not None
    theirs = uploaded(factories.make_workspace(), seed=9)
    before = take_fingerprint([product.workspace, theirs.workspace])
    for asset in (theirs, cutout):
        assert send(client, product, style=str(asset.id)).status_code == 404
        assert f'value="{asset.id}"' not in client.get(url("scene", product.workspace, product.id)).content.decode()
    assert difference(before, take_fingerprint([product.workspace, theirs.workspace])) == ""


def test_uploaded_pictures_stand_before_shots_and_photos_of_products_are_left_to_them(
    workspace: Workspace, product: Product
) -> None:
    shot = generated_shot(product)
    moods = [uploaded(workspace, seed=seed) for seed in (7, 8)]
    with tenant_scope(workspace.id):
        found = selectors.recent_pictures(workspace)
        assert product.photo not in found
    assert [asset.id for asset in found] == [moods[1].id, moods[0].id, shot.asset_id]
    assert {asset.kind for asset in found[:2]} == {AssetKind.PHOTO}


def test_a_shot_says_that_its_meaning_was_guessed(client: Client, product: Product) -> None:
    for semantics, is_said in (("drawn", True), ("encoded", False)):
        shot = generated_shot(product)
        assert shot.asset is not None
        with tenant_scope(product.workspace_id):
            recipe = {**shot.asset.recipe, "parameters": {"semantics": semantics}}
            Asset.objects.filter(pk=shot.asset_id).update(recipe=recipe)
        page = client.get(url("shot", product.workspace, shot.id)).content.decode()
        assert ("was guessed by the model itself" in page) is is_said, json.dumps(recipe)


def test_the_page_about_engines_says_what_would_make_scenes_better(
    client: Client, workspace: Workspace, settings: Any, tmp_path: Path
) -> None:
    folder = settings.GENERATOR_WEIGHTS_DIR = tmp_path
    page = client.get(url("engines", workspace)).content.decode()
    better = page.partition('id="part-head"')[2]
    for name in ("CLIP ViT-B/32", "SeFi-Image SemVAE", "DINOv2 with registers"):
        assert name in better
    assert better.count("It is not on this machine") == 3
    assert f"--local-dir {folder / 'clip-vit-base-patch32'}" in better
    assert "colours and edges alone rank them" in better
    (folder / "clip-vit-base-patch32").mkdir()
    (folder / "clip-vit-base-patch32" / "config.json").write_text("{}")
    checkpoints = folder / "semvae" / "dinov2_vitl14_reg" / "transformer_ch16" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "checkpoint_01000000.pt").write_bytes(b"")
    better = client.get(url("engines", workspace)).content.decode().partition('id="part-head"')[2]
    assert better.count("It is not on this machine") == 1
