"""One suite for every backend, then what is special about each."""

from __future__ import annotations

import os
import stat
import time
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from apps.accounts.models import Workspace
from apps.assets import services, storage
from apps.assets.models import Blob
from apps.assets.s3 import BucketStorage
from apps.assets.selectors import read_bytes
from apps.assets.storage import BlobStore, LocalStorage, blob_store, remove_parts
from apps.core.errors import NotFound, Unavailable
from apps.core.tenancy import tenant_scope
from tests.factories import make_asset, png_bytes


def keep(workspace: Workspace, data: bytes) -> Blob:
    return services.keep_blob(workspace, data, content_type="image/png", width=24, height=24)


def test_what_is_put_can_be_read_and_removed(store: BlobStore) -> None:
    assert not store.has("blobs/a/b.png")
    store.put("blobs/a/b.png", b"bytes", "image/png")
    assert store.has("blobs/a/b.png")
    assert store.get("blobs/a/b.png") == b"bytes"
    store.put("blobs/a/b.png", b"other", "image/png")
    assert store.get("blobs/a/b.png") == b"other"
    store.remove("blobs/a/b.png")
    store.remove("blobs/a/b.png")
    assert not store.has("blobs/a/b.png")


def test_bytes_that_are_gone_are_a_fault_and_not_a_crash(store: BlobStore) -> None:
    with pytest.raises(Unavailable) as refused:
        store.get("blobs/nothing.png")
    assert refused.value.code == "assets.bytes_missing"


def test_the_same_bytes_are_one_blob(store: BlobStore, workspace: Workspace) -> None:
    data = png_bytes()
    assert keep(workspace, data).pk == keep(workspace, data).pk
    with tenant_scope(workspace.id):
        assert Blob.objects.count() == 1


def test_lost_bytes_are_written_again(store: BlobStore, workspace: Workspace) -> None:
    data = png_bytes()
    blob = keep(workspace, data)
    store.remove(blob.storage_key)
    assert keep(workspace, data).pk == blob.pk
    assert read_bytes(blob) == data


def test_damaged_bytes_are_written_again(store: BlobStore, workspace: Workspace) -> None:
    data = png_bytes()
    blob = keep(workspace, data)
    store.put(blob.storage_key, data[: len(data) // 2], "image/png")
    assert keep(workspace, data).pk == blob.pk
    assert read_bytes(blob) == data


def test_changed_bytes_are_noticed(store: BlobStore, workspace: Workspace) -> None:
    blob = keep(workspace, png_bytes())
    store.put(blob.storage_key, b"something else", "image/png")
    with pytest.raises(Unavailable) as refused:
        read_bytes(blob)
    assert refused.value.code == "assets.bytes_damaged"


def test_only_pictures_are_kept(workspace: Workspace) -> None:
    with pytest.raises(ValueError, match="text/html"):
        services.keep_blob(workspace, b"<html>", content_type="text/html", width=1, height=1)


def test_the_same_recipe_is_the_same_asset(workspace: Workspace) -> None:
    photo = make_asset(workspace)
    recipe = {"kind": "shot", "seed": 7, "inputs": {"photo": photo.blob.sha256}}
    keep_shot = {"kind": "shot", "name": "Shot", "parents": [(photo, "photo")]}
    first = services.keep_asset(workspace, blob=keep(workspace, png_bytes()), recipe=recipe, **keep_shot)
    reordered = {key: recipe[key] for key in reversed(recipe)} | {"measures": {"ms": 12}}
    again = services.keep_asset(workspace, blob=keep(workspace, png_bytes()), recipe=reordered, **keep_shot)
    other = services.keep_asset(workspace, blob=first.blob, recipe={**recipe, "seed": 8}, **keep_shot)
    assert again.pk == first.pk
    assert other.pk != first.pk
    with tenant_scope(workspace.id):
        assert list(first.parents.values_list("parent", "role")) == [(photo.pk, "photo")]


def test_a_blob_or_parent_of_another_workspace_is_not_found(workspace: Workspace, rival: Workspace) -> None:
    ours, theirs = make_asset(workspace), make_asset(rival)
    with pytest.raises(NotFound):
        services.keep_asset(workspace, kind="shot", name="x", blob=theirs.blob, recipe={"a": 1})
    with pytest.raises(NotFound):
        services.keep_asset(
            workspace, kind="shot", name="x", blob=ours.blob, recipe={"a": 2}, parents=[(theirs, "photo")]
        )


def test_purging_a_workspace_erases_its_bytes_and_no_other_s(
    store: BlobStore, workspace: Workspace, rival: Workspace
) -> None:
    ours, theirs = make_asset(workspace).blob, make_asset(rival).blob
    services.purge_workspace_files(workspace.id)
    services.purge_workspace_files(workspace.id)
    assert not store.has(ours.storage_key)
    assert store.has(theirs.storage_key)


# ---- a folder


def test_only_the_owner_of_the_process_can_read_the_files(files_root: Path) -> None:
    blob_store().put("blobs/a/b.png", b"bytes", "image/png")
    assert stat.S_IMODE((files_root / "blobs/a/b.png").stat().st_mode) == 0o600
    assert stat.S_IMODE((files_root / "blobs/a").stat().st_mode) == 0o700


def test_a_flipped_bit_is_written_again(files_root: Path, workspace: Workspace) -> None:
    data = png_bytes()
    blob = keep(workspace, data)
    file = files_root / blob.storage_key
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    keep(workspace, data)
    assert file.read_bytes() == data


def test_a_write_that_breaks_off_leaves_the_old_file_whole(files_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = blob_store()
    store.put("blobs/a.png", b"old", "image/png")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable) as refused:
        store.put("blobs/a.png", b"new and longer", "image/png")
    assert refused.value.code == "assets.storage_full"
    assert store.get("blobs/a.png") == b"old"
    assert [path.name for path in (files_root / "blobs").iterdir()] == ["a.png"]


def test_a_key_can_not_leave_the_folder() -> None:
    from django.core.exceptions import SuspiciousFileOperation

    for key in ("../outside.png", "/etc/passwd", "blobs/../../outside.png"):
        with pytest.raises(SuspiciousFileOperation):
            blob_store().put(key, b"x", "image/png")


# ---- a bucket


@pytest.fixture
def faulty(bucket: object) -> BucketStorage:
    store = blob_store()
    assert isinstance(store, BucketStorage)
    return store


@pytest.mark.parametrize(("status", "code"), [(500, "InternalError"), (503, "SlowDown"), (403, "AccessDenied")])
def test_answers_of_a_sick_bucket_are_unavailable(faulty: BucketStorage, status: int, code: str) -> None:
    with Stubber(faulty._client) as stub:
        for operation in ("put_object", "get_object", "head_object", "delete_object"):
            stub.add_client_error(operation, service_error_code=code, http_status_code=status)
        calls = [
            lambda: faulty.put("k", b"x", "image/png"),
            lambda: faulty.get("k"),
            lambda: faulty.has("k"),
            lambda: faulty.remove("k"),
        ]
        for call in calls:
            with pytest.raises(Unavailable) as refused:
                call()
            assert refused.value.code == "assets.storage_down"
            assert isinstance(refused.value.__cause__, ClientError)


@pytest.mark.parametrize("fault", [ConnectTimeoutError(endpoint_url="x"), ReadTimeoutError(endpoint_url="x")])
def test_a_silent_bucket_is_unavailable(
    faulty: BucketStorage, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def silent(**kwargs: object) -> None:
        raise fault

    monkeypatch.setattr(faulty._client, "get_object", silent)
    with pytest.raises(Unavailable) as refused:
        faulty.get("k")
    assert refused.value.code == "assets.storage_down"


def test_a_body_that_ends_early_is_unavailable(faulty: BucketStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    cut = StreamingBody(io.BytesIO(b"only half"), content_length=100)
    monkeypatch.setattr(faulty._client, "get_object", lambda **kwargs: {"Body": cut})
    with pytest.raises(Unavailable) as refused:
        faulty.get("k")
    assert refused.value.code == "assets.storage_down"


def test_a_lost_reply_after_a_write_keeps_no_row_and_heals(
    faulty: BucketStorage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = png_bytes()
    real = faulty._client.put_object

    def lost(**kwargs: object) -> None:
        real(**kwargs)
        raise ReadTimeoutError(endpoint_url="x")

    monkeypatch.setattr(faulty._client, "put_object", lost)
    with pytest.raises(Unavailable):
        keep(workspace, data)
    with tenant_scope(workspace.id):
        assert Blob.objects.count() == 0
    monkeypatch.setattr(faulty._client, "put_object", real)
    assert read_bytes(keep(workspace, data)) == data


def test_old_parts_of_killed_writers_are_removed_and_everything_else_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStorage(location=tmp_path)
    monkeypatch.setattr(storage, "blob_store", lambda: store)
    store.put("blobs/a/whole.png", b"whole", "image/png")
    folder = tmp_path / "blobs" / "a"
    old, fresh = folder / ".part-old", folder / ".part-fresh"
    for part in (old, fresh):
        part.write_bytes(b"half")
    two_days_ago = time.time() - 2 * 24 * 3600
    for path in (old, folder / "whole.png"):
        os.utime(path, (two_days_ago, two_days_ago))
    assert remove_parts(older_than=timedelta(days=1)) == 1
    assert {path.name for path in folder.iterdir()} == {".part-fresh", "whole.png"}
