from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.test import Client
from PIL import Image
from pytest_django import Settings

from apps.accounts.models import Membership, Role, User, Workspace
from apps.core.tenancy import tenant_scope


@pytest.fixture(autouse=True)
def files_root(settings: Settings, tmp_path: Path) -> Path:
    """A storage and a quarantine of the test's own."""
    settings.QUARANTINE_DIR = tmp_path / "quarantine"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "apps.assets.storage.LocalStorage",
            "OPTIONS": {"location": tmp_path / "files", "allow_overwrite": True},
        },
    }
    return tmp_path / "files"


def make_member(workspace: Workspace, email: str, role: Role) -> User:
    user = User.objects.create_user(email, "correct horse battery")
    with tenant_scope(workspace.id):
        Membership.objects.create(workspace=workspace, user=user, role=role)
    return user


def make_workspace(slug: str) -> Workspace:
    workspace = Workspace(name=slug.title(), slug=slug)
    with tenant_scope(workspace.id):
        workspace.save()
    return workspace


@pytest.fixture
def workspace(db: None) -> Workspace:
    return make_workspace("acme")


@pytest.fixture
def other_workspace(db: None) -> Workspace:
    return make_workspace("rival")


@pytest.fixture
def alice(workspace: Workspace) -> User:
    """Owns the workspace."""
    return make_member(workspace, "alice@example.com", Role.OWNER)


@pytest.fixture
def charlie(other_workspace: Workspace) -> User:
    """Owns another workspace."""
    return make_member(other_workspace, "charlie@example.com", Role.OWNER)


@pytest.fixture
def browser(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def photo_bytes(
    seed: int = 1, *, size: tuple[int, int] = (120, 90), file_format: str = "JPEG", **options: object
) -> bytes:
    """A small picture that differs by ``seed``."""
    picture = Image.new("RGB", size, (seed % 256, seed * 7 % 256, seed * 31 % 256))
    picture.paste((250, 240, 20), (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
    out = io.BytesIO()
    picture.save(out, file_format, **options)
    return out.getvalue()
