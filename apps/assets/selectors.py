"""Reads. Every function takes the workspace, or a row that was found in it, first."""

from __future__ import annotations

import hashlib
import uuid

from django.db.models import Count, QuerySet, Sum
from django.urls import reverse

from apps.accounts.models import Workspace
from apps.assets import links
from apps.assets.models import Asset, AssetKind, Blob, Rendition, Upload
from apps.assets.storage import blob_store
from apps.assets.types import ORIGINAL, Space
from apps.core.errors import NotFound, Unavailable


def read_bytes(blob: Blob) -> bytes:
    """The bytes, compared with the hash under which they were stored.

    Raises:
        Unavailable: the storage does not answer, or what it answers is not what was stored.
    """
    data = blob_store().get(blob.storage_key)
    if hashlib.sha256(data).hexdigest() != blob.sha256:
        raise Unavailable("assets.bytes_damaged")
    return data


def read_key(key: str) -> bytes:
    """What the storage has under a key that ``put_bytes`` gave, compared with nothing. Raises like ``read_bytes``."""
    return blob_store().get(key)


def find_key(key: str) -> bytes | None:
    """What ``write_key`` wrote under a key; None where there is nothing. Raises Unavailable like ``read_bytes``."""
    store = blob_store()
    return store.get(key) if store.has(key) else None


def get_asset(workspace_id: uuid.UUID, asset_id: uuid.UUID) -> Asset:
    """With its blob and workspace. Raises NotFound."""
    asset = Asset.objects.select_related("blob", "workspace").filter(workspace=workspace_id, pk=asset_id).first()
    if asset is None:
        raise NotFound("not_found")
    return asset


def find_rendition(asset: Asset, spec: str) -> Blob | None:
    """The blob of ``spec``; the original for ``"original"``; None where that rendition was not made yet."""
    if spec == ORIGINAL:
        return asset.blob
    found = Rendition.objects.select_related("blob").filter(asset=asset, spec=spec).first()
    return found.blob if found else None


def get_upload(workspace: Workspace, upload_id: uuid.UUID) -> Upload:
    """Raises NotFound."""
    upload = (
        Upload.objects.select_related("asset", "workspace", "created_by")
        .filter(workspace=workspace, pk=upload_id)
        .first()
    )
    if upload is None:
        raise NotFound("not_found")
    return upload


def space_taken(workspace: Workspace) -> list[Space]:
    """What the workspace keeps: a row for each ``AssetKind``, then one for all other files. Each file counts once."""
    blobs = Blob.objects.filter(workspace=workspace)
    rows: list[Space] = []
    counted: list[str] = []
    for kind in AssetKind.values:
        of_kind = Asset.objects.filter(workspace=workspace, kind=kind).values("blob")
        before = Asset.objects.filter(workspace=workspace, kind__in=counted).values("blob")
        rows.append(_space(kind, blobs.filter(pk__in=of_kind).exclude(pk__in=before)))
        counted = [*counted, kind]
    return [*rows, _space("", blobs.exclude(pk__in=Asset.objects.filter(workspace=workspace).values("blob")))]


def _space(kind: str, blobs: QuerySet[Blob]) -> Space:
    found = blobs.aggregate(files=Count("id"), size_bytes=Sum("size_bytes", default=0))
    return Space(kind, found["files"], found["size_bytes"])


def signed_url(asset: Asset, spec: str = ORIGINAL, download_name: str | None = None) -> str:
    """An address that anybody can open for about five minutes; pages use the ``asset_url`` tag instead. No query.

    Args:
        spec: ``original``, one of ``types.SPECS`` or a rendition that exists; it is made when the link is opened.
        download_name: saves the file under this name instead of showing it; its suffix follows the bytes.
    """
    token = links.sign(asset.workspace_id, asset.id, spec=spec, download_name=download_name or "")
    return reverse("assets:file", args=[token])
