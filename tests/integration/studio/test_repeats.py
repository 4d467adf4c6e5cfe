"""The same recipe from the same inputs is the same asset: shots and cutouts that were made before are looked up."""

from __future__ import annotations

import pytest

from apps.accounts.models import Workspace
from apps.assets.selectors import read_bytes
from apps.assets.storage import blob_store
from apps.billing.models import LedgerEntry
from apps.core.tenancy import tenant_scope
from apps.jobs.models import JobState
from apps.studio import selectors, services
from apps.studio.models import Product
from inference.pipelines import cutout, product_shot
from tests.factories import make_workspace
from tests.integration.studio.pictures import HEIGHT, WIDTH
from tests.integration.studio.test_shoots import ready_product, shoot, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def test_a_shot_that_was_made_before_is_looked_up(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    product = ready_product(workspace)
    first = shoot(workspace, product)
    work(workspace)
    with monkeypatch.context() as patched:
        patched.delattr(product_shot, "pasted")  # nothing can be rendered
        again = shoot(workspace, product)
        [same] = work(workspace)
        shoot(workspace, product, palettes=["forest"])
        with pytest.raises(NameError):
            work(workspace)

    assert same.state == JobState.SUCCEEDED
    with tenant_scope(workspace.id):
        [made], [found] = selectors.shots(first), selectors.shots(again)
        assert (found.asset_id, found.gate) == (made.asset_id, made.gate)
        assert LedgerEntry.objects.filter(asset=made.asset).count() == 2


def test_a_shot_whose_bytes_were_lost_is_made_again(workspace: Workspace) -> None:
    product = ready_product(workspace)
    first = shoot(workspace, product)
    work(workspace)
    with tenant_scope(workspace.id):
        blob = selectors.shots(first)[0].asset.blob
    before = read_bytes(blob)
    blob_store().put(blob.storage_key, before[:1000], "image/png")
    again = shoot(workspace, product)
    work(workspace)
    with tenant_scope(workspace.id):
        assert selectors.shots(again)[0].asset_id == selectors.shots(first)[0].asset_id
    assert read_bytes(blob) == before


def cut_again(workspace: Workspace, product: Product, box: list[int] | None) -> Product:
    """The product after it was cut out once more."""
    with tenant_scope(workspace.id):
        services.request_cutout(product, box=box, by=None)
    work(workspace)
    with tenant_scope(workspace.id):
        return selectors.get_product(workspace, product.id)


def facts(product: Product) -> tuple[object, ...]:
    """What is shown of a cutout; recipes keep four digits of the confidence."""
    return (
        product.cutout_id,
        product.cutout_state,
        product.cutout_engine,
        pytest.approx(product.cutout_confidence, abs=1e-4),
        product.cutout_warnings,
        product.viewpoint,
    )


@pytest.mark.parametrize("transparent", [True, False])
def test_a_cutout_that_was_made_before_is_looked_up(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, transparent: bool
) -> None:
    first = ready_product(workspace, transparent=transparent)
    boxed = cut_again(workspace, first, [0, 0, WIDTH, HEIGHT])
    assert boxed.cutout_id != first.cutout_id
    with monkeypatch.context() as patched:
        patched.setattr(cutout, "cut_out", None)  # nothing can be cut out
        assert facts(cut_again(workspace, first, None)) == facts(first)
        assert facts(cut_again(workspace, first, [0, 0, WIDTH, HEIGHT])) == facts(boxed)
        with pytest.raises(TypeError):
            cut_again(workspace, first, [0, 0, WIDTH - 9, HEIGHT])


@pytest.mark.parametrize("now", [("guided", "other weights"), ("rembg", "")])
def test_what_another_engine_or_other_weights_cut_out_is_not_taken(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, now: tuple[str, str]
) -> None:
    product = ready_product(workspace, transparent=False)
    monkeypatch.setattr(cutout, "expected", lambda options: now)
    monkeypatch.setattr(cutout, "cut_out", None)
    with pytest.raises(TypeError):
        cut_again(workspace, product, None)
