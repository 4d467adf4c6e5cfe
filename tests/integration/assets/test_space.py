"""How much room a workspace takes, and the page that says so."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Role, Workspace
from apps.assets import selectors, services
from apps.assets.models import Blob
from apps.assets.storage import BlobStore
from apps.assets.types import Picture, Space
from apps.core.tenancy import tenant_scope
from tests.factories import make_asset, png_bytes
from tests.integration.assets.conftest import signed_in


def taken(workspace: Workspace) -> list[Space]:
    with tenant_scope(workspace.id):
        return selectors.space_taken(workspace)


def size_of(workspace: Workspace, *shas: str) -> int:
    with tenant_scope(workspace.id):
        return sum(Blob.objects.get(sha256=sha).size_bytes for sha in shas)


def test_an_empty_workspace_takes_nothing(workspace: Workspace, rival: Workspace) -> None:
    make_asset(rival)
    assert taken(workspace) == [Space(kind, 0, 0) for kind in ("photo", "cutout", "shot", "")]


def test_each_file_counts_once_under_what_it_is(workspace: Workspace) -> None:
    photos = [make_asset(workspace, number=number) for number in range(2)]
    cutout = make_asset(workspace, kind="cutout")
    with tenant_scope(workspace.id):
        again = services.keep_asset(
            workspace, kind="shot", name="the photo once more", blob=photos[0].blob, recipe={"kind": "shot"}, parents=[]
        )
        picture = Picture(png_bytes(), "image/png", 24, 24)
        preview = services.keep_rendition(cutout, spec="webp-320", picture=picture).blob
    assert again.blob == photos[0].blob
    shas = [photo.blob.sha256 for photo in photos]
    assert len({*shas, cutout.blob.sha256, preview.sha256}) == 4
    assert taken(workspace) == [
        Space("photo", 2, size_of(workspace, *shas)),
        Space("cutout", 1, size_of(workspace, cutout.blob.sha256)),
        Space("shot", 0, 0),
        Space("", 1, size_of(workspace, preview.sha256)),
    ]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OWNER])
def test_every_member_sees_what_takes_room_and_where_it_lies(
    store: BlobStore, workspace: Workspace, role: Role
) -> None:
    make_asset(workspace)
    browser: Client = signed_in(workspace, role)
    page = browser.get(reverse("assets:storage", args=[workspace.slug])).content.decode()
    assert page.count("1 file<") == 2, "in all, and of photos"
    assert page.count("0 files<") == 3
    assert ("object storage" in page) == store.presigns
