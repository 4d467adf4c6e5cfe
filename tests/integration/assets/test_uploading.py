from __future__ import annotations

import io
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django.utils.translation import override
from pytest_django import Settings

from apps.accounts.models import Role, Workspace
from apps.assets import services
from apps.assets.models import Asset, Blob, Upload, UploadState
from apps.assets.selectors import read_bytes
from apps.assets.storage import BlobStore, LocalStorage
from apps.core.errors import InvalidInput, Unavailable
from apps.core.tenancy import tenant_scope
from tests.factories import make_upload
from tests.integration.assets.conftest import photo_bytes, send, signed_in


def rows(workspace: Workspace) -> tuple[int, int, int]:
    """How many uploads, blobs and assets there are. The two renditions of a small photo are the same bytes."""
    with tenant_scope(workspace.id):
        return Upload.objects.count(), Blob.objects.count(), Asset.objects.count()


def test_an_uploaded_photo_becomes_an_asset_with_clean_bytes(
    store: BlobStore, browser: Client, workspace: Workspace
) -> None:
    answer = send(browser, workspace, photo_bytes())
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert body["duplicate"] is False
    with tenant_scope(workspace.id):
        asset = Asset.objects.select_related("blob").get(pk=body["asset"])
        upload = Upload.objects.get(pk=body["upload"])
        assert (upload.state, upload.asset_id) == ("accepted", asset.id)
        assert {r.spec for r in asset.renditions.all()} == {"webp-320", "webp-640"}
    assert (asset.kind, asset.name) == ("photo", "Red boot.jpg")
    assert (asset.blob.width, asset.blob.height, asset.blob.content_type) == (120, 90, "image/png")
    assert asset.recipe["source"]["format"] == "JPEG"
    assert len(read_bytes(asset.blob)) == asset.blob.size_bytes
    assert asset.blob.storage_key == f"blobs/{workspace.id}/{asset.blob.sha256[:2]}/{asset.blob.sha256}.png"


def test_a_bad_file_gets_a_sentence_and_the_others_go_on(browser: Client, workspace: Workspace) -> None:
    good, bad, other = (photo_bytes(1), b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", photo_bytes(2))
    answers = [send(browser, workspace, data) for data in (good, bad, other)]
    assert [answer.status_code for answer in answers] == [201, 422, 201]
    assert answers[1].json()["error"] == {
        "code": "assets.svg",
        "message": "This is a drawing (SVG), not a photo. Export it as PNG, at least 1200 pixels wide.",
    }
    assert rows(workspace) == (3, 4, 2)
    with tenant_scope(workspace.id):
        rejected = Upload.objects.get(state=UploadState.REJECTED)
        assert (rejected.error_code, rejected.asset) == ("assets.svg", None)


def test_the_same_photo_twice_is_one_asset(store: BlobStore, browser: Client, workspace: Workspace) -> None:
    first = send(browser, workspace, photo_bytes(), "boot.jpg").json()
    again = send(browser, workspace, photo_bytes(), "copy of boot.jpg").json()
    assert again["asset"] == first["asset"]
    assert (first["duplicate"], again["duplicate"]) == (False, True)
    assert rows(workspace) == (2, 2, 1)


def test_the_same_pixels_in_another_file_are_the_same_asset(browser: Client, workspace: Workspace) -> None:
    first = send(browser, workspace, photo_bytes(file_format="PNG"), "a.png").json()
    again = send(browser, workspace, photo_bytes(file_format="BMP"), "b.bmp").json()
    assert again["asset"] == first["asset"]


def test_two_workspaces_never_share_bytes(
    store: BlobStore, browser: Client, workspace: Workspace, rival: Workspace
) -> None:
    ours = send(browser, workspace, photo_bytes()).json()
    theirs = send(signed_in(rival), rival, photo_bytes()).json()
    assert theirs["duplicate"] is False
    assert ours["asset"] != theirs["asset"]
    with tenant_scope(workspace.id):
        our_keys = set(Blob.objects.values_list("storage_key", flat=True))
    with tenant_scope(rival.id):
        their_keys = set(Blob.objects.values_list("storage_key", flat=True))
    assert len(our_keys) == len(their_keys) == 2
    assert not our_keys & their_keys


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("boot.gif", "boot.jpg"),
        ("boot.png", "boot.jpg"),
        ("boot", "boot.jpg"),
        ("SKU 12.5 red.JPEG", "SKU 12.5 red.JPEG"),
        ("boot.exe", "boot.exe.jpg"),
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("C:\\Users\\me\\boot.jpg", "boot.jpg"),
        ("кроссовки 鞋子.jpg", "кроссовки 鞋子.jpg"),
    ],
)
def test_the_name_follows_the_content(workspace: Workspace, sent: str, kept: str) -> None:
    upload = services.receive_upload(workspace, file=io.BytesIO(photo_bytes()), file_name=sent)
    assert upload.asset is not None
    assert upload.asset.name == kept


def test_sentences_come_in_the_reader_s_language_with_their_numbers(browser: Client, workspace: Workspace) -> None:
    answer = send(browser, workspace, photo_bytes(size=(20, 20)))
    assert answer.json()["error"]["message"].startswith("This picture is only 20 × 20 pixels.")
    with override("zh-hans"), tenant_scope(workspace.id):
        assert Upload.objects.get().error_params == {"width": 20, "height": 20, "limit": 64}


def test_a_file_above_the_limit_is_cut_off_while_it_is_read(
    browser: Client, workspace: Workspace, settings: Settings
) -> None:
    settings.UPLOAD_MAX_BYTES = 200_000
    answer = send(browser, workspace, b"\xff\xd8\xff" + b"\0" * 500_000)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "assets.too_big"
    assert rows(workspace) == (0, 0, 0)
    assert list(Path(settings.QUARANTINE_DIR).iterdir()) == []


def test_no_file_or_two_files_are_refused(browser: Client, workspace: Workspace) -> None:
    address = f"/w/{workspace.slug}/uploads/"
    two = [SimpleUploadedFile("a.jpg", photo_bytes(1)), SimpleUploadedFile("b.jpg", photo_bytes(2))]
    for form in ({}, {"file": "text"}, {"file": two}):
        answer = browser.post(address, form, headers={"Accept": "application/json"})
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "assets.one_file"
    assert rows(workspace) == (0, 0, 0)


def test_viewers_and_strangers_can_not_upload(workspace: Workspace, rival: Workspace) -> None:
    assert send(signed_in(workspace, Role.REVIEWER), workspace, photo_bytes()).status_code == 403
    assert send(signed_in(rival), workspace, photo_bytes()).status_code == 404
    answer = send(Client(), workspace, photo_bytes())
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "signed_out")
    assert rows(workspace) == (0, 0, 0)


def test_an_upload_without_the_page_s_token_is_refused(workspace: Workspace) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = signed_in(workspace).cookies
    assert send(client, workspace, photo_bytes()).status_code == 403
    assert rows(workspace) == (0, 0, 0)


def test_nothing_is_left_in_quarantine(browser: Client, workspace: Workspace, settings: Settings) -> None:
    send(browser, workspace, photo_bytes())
    send(browser, workspace, b"not a picture at all")
    assert list(Path(settings.QUARANTINE_DIR).iterdir()) == []


def test_a_full_disk_keeps_nothing_and_can_be_tried_again(
    browser: Client, workspace: Workspace, files_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    answer = send(browser, workspace, photo_bytes())
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "assets.storage_full"
    assert rows(workspace) == (0, 0, 0)
    assert [path for path in files_root.rglob("*") if path.is_file()] == []
    monkeypatch.setattr(os, "fsync", real)
    assert send(browser, workspace, photo_bytes()).status_code == 201


def test_a_fault_between_bytes_and_row_leaves_no_row_and_heals(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = LocalStorage.put
    written: list[str] = []

    def once(self: LocalStorage, key: str, data: bytes, content_type: str) -> None:
        real(self, key, data, content_type)
        written.append(key)
        if len(written) == 2:  # the photo is stored, its first rendition too, but the answer is lost
            raise Unavailable("assets.storage_down")

    monkeypatch.setattr(LocalStorage, "put", once)
    with pytest.raises(Unavailable):
        services.receive_upload(workspace, file=io.BytesIO(photo_bytes()), file_name="boot.jpg")
    with tenant_scope(workspace.id):
        assert Upload.objects.count() == 0
        assert [read_bytes(blob)[:4] for blob in Blob.objects.all()] == [b"\x89PNG"]
    upload = services.receive_upload(workspace, file=io.BytesIO(photo_bytes()), file_name="boot.jpg")
    assert upload.state == UploadState.ACCEPTED
    assert rows(workspace) == (1, 2, 1)


def test_a_photo_of_a_script_passes_the_same_checks(workspace: Workspace) -> None:
    asset = services.keep_photo(workspace, photo_bytes(), file_name="bottle.jpg")
    assert asset.name == "bottle.jpg"
    with pytest.raises(InvalidInput) as refused:
        services.keep_photo(workspace, b"GIF89a", file_name="bottle.gif")
    assert refused.value.code == "assets.gif"
    assert rows(workspace) == (0, 2, 1)


def test_old_leftovers_are_purged_and_fresh_ones_stay(workspace: Workspace, settings: Settings) -> None:
    old, fresh = make_upload(workspace), make_upload(workspace)
    with tenant_scope(workspace.id):
        Upload.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=25))
    folder = Path(settings.QUARANTINE_DIR)
    folder.mkdir()
    for name, age_s in (("left.upload", 25 * 3600), ("new.upload", 60)):
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (time.time() - age_s,) * 2)
    out = io.StringIO()
    call_command("purge_quarantine", stdout=out)
    assert out.getvalue().strip() == "1 uploads and 1 files forgotten"
    with tenant_scope(workspace.id):
        assert Upload.objects.get(pk=old.pk).error_code == "assets.upload_expired"
        assert Upload.objects.get(pk=fresh.pk).state == UploadState.PENDING
    assert [path.name for path in folder.iterdir()] == ["new.upload"]
