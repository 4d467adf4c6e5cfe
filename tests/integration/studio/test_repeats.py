"""The same recipe from the same inputs is the same asset: a shot that was made before is looked up."""

from __future__ import annotations

import pytest

from apps.accounts.models import Workspace
from apps.assets.selectors import read_bytes
from apps.assets.storage import blob_store
from apps.billing.models import LedgerEntry
from apps.core.tenancy import tenant_scope
from apps.jobs.models import JobState
from apps.studio import selectors
from inference.pipelines import product_shot
from tests.factories import make_workspace
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
