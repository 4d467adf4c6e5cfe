from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from moto import mock_aws
from PIL import Image
from pytest_django import Settings

from apps.accounts.models import Role, Workspace
from apps.assets.storage import BlobStore, blob_store
from tests.factories import make_member, make_workspace

BUCKET = "vf-media"


@pytest.fixture(autouse=True)
def files_root(settings: Settings, tmp_path: Path) -> Path:
    """A storage and a quarantine of the test's own."""
    settings.QUARANTINE_DIR = tmp_path / "quarantine"
    options = {"location": tmp_path / "files", "allow_overwrite": True}
    local = {"BACKEND": "apps.assets.storage.LocalStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": local}
    return tmp_path / "files"


@pytest.fixture
def bucket(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """The same site with its files in a bucket; the service behind it is played by moto."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        made = boto3.resource("s3", region_name="us-east-1").create_bucket(Bucket=BUCKET)
        options = {"bucket_name": BUCKET, "region_name": "us-east-1", "default_acl": None, "file_overwrite": True}
        s3 = {"BACKEND": "apps.assets.s3.BucketStorage", "OPTIONS": options}
        settings.STORAGES = {**settings.STORAGES, "default": s3}
        yield made


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest) -> BlobStore:
    """Whatever the files lie in, the rules are the same."""
    if request.param == "s3":
        request.getfixturevalue("bucket")
    return blob_store()


@pytest.fixture
def workspace(db: None) -> Workspace:
    return make_workspace()


@pytest.fixture
def rival(db: None) -> Workspace:
    """Another tenant."""
    return make_workspace()


def signed_in(workspace: Workspace, role: Role = Role.EDITOR) -> Client:
    client = Client()
    client.force_login(make_member(workspace, role).user)
    return client


@pytest.fixture
def browser(workspace: Workspace) -> Client:
    """Of an editor."""
    return signed_in(workspace)


def photo_bytes(
    seed: int = 1, *, size: tuple[int, int] = (120, 90), file_format: str = "JPEG", **options: object
) -> bytes:
    """A small picture that differs by ``seed``."""
    picture = Image.new("RGB", size, (seed % 256, seed * 7 % 256, seed * 31 % 256))
    picture.paste((250, 240, 20), (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
    out = io.BytesIO()
    picture.save(out, file_format, **options)
    return out.getvalue()


def send(browser: Client, workspace: Workspace, data: bytes, name: str = "Red boot.jpg") -> HttpResponse:
    return browser.post(
        f"/w/{workspace.slug}/uploads/",
        {"file": SimpleUploadedFile(name, data)},
        headers={"Accept": "application/json"},
    )
