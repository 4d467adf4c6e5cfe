from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.accounts.models import Workspace
from apps.assets.models import Asset, Upload
from apps.assets.selectors import read_bytes
from apps.core.tenancy import tenant_scope
from tests.integration.assets.conftest import photo_bytes


def post(browser: Client, workspace: Workspace, data: bytes, name: str = "Red boot.jpg"):
    return browser.post(
        f"/w/{workspace.slug}/uploads/",
        {"file": SimpleUploadedFile(name, data)},
        headers={"Accept": "application/json"},
    )


def test_an_uploaded_photo_becomes_an_asset_with_clean_bytes(browser: Client, workspace: Workspace) -> None:
    answer = post(browser, workspace, photo_bytes())
    assert answer.status_code == 201, answer.content
    body = answer.json()
    with tenant_scope(workspace.id):
        asset = Asset.objects.select_related("blob").get(pk=body["asset"])
        assert asset.name == "Red boot.jpg"
        assert (asset.blob.width, asset.blob.height) == (120, 90)
        assert read_bytes(asset.blob).startswith(b"\x89PNG")
        assert Upload.objects.get().state == "accepted"
    assert body["duplicate"] is False
    picture = browser.get(f"/w/{workspace.slug}/assets/{asset.id}/webp-320")
    assert picture.status_code == 200
    assert picture["Content-Type"] == "image/webp"
