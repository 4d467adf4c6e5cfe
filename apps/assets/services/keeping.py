"""Keep bytes, pictures and what is derived from them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from apps.accounts.models import User, Workspace
from apps.assets.decoding import derive
from apps.assets.models import Asset, Blob, Lineage, Rendition, Upload, UploadState
from apps.assets.naming import SUFFIX_OF
from apps.assets.selectors import find_rendition, get_asset, read_bytes
from apps.assets.storage import blob_store
from apps.assets.types import SPECS, Picture
from apps.core.errors import NotFound
from apps.core.tenancy import tenant_scope
from inference.recipe import recipe_hash


def keep_blob(workspace: Workspace, data: bytes, *, content_type: str, width: int, height: int) -> Blob:
    """Store bytes once in a workspace. The same bytes give the same row; lost and damaged ones are written again.

    The bytes lie in the storage before the row appears, so a fault in between leaves no row without bytes.

    Raises:
        ValueError: a content type that we do not keep.
        Unavailable: the storage is full or does not answer; nothing was kept.
    """
    sha256, key = _address(workspace.id, data, content_type)
    with tenant_scope(workspace.id):
        known = Blob.objects.filter(workspace=workspace, sha256=sha256).first()
    if known is not None and blob_store().holds(known.storage_key, data):
        return known
    put_bytes(workspace.id, data, content_type=content_type)
    with tenant_scope(workspace.id):
        blob, _ = Blob.objects.get_or_create(
            workspace=workspace,
            sha256=sha256,
            defaults={
                "size_bytes": len(data),
                "content_type": content_type,
                "width": width,
                "height": height,
                "storage_key": key,
            },
        )
    return blob


def put_bytes(workspace_id: uuid.UUID, data: bytes, *, content_type: str) -> str:
    """Write bytes where ``keep_blob`` will look for them; returns their storage key.

    Needs no database: for work that must not hold rows locked. Raises like ``keep_blob``.
    """
    _, key = _address(workspace_id, data, content_type)
    store = blob_store()
    if not store.holds(key, data):
        store.put(key, data, content_type)
    return key


def forget_blob(blob: Blob) -> bool:
    """Erase a blob with its bytes, in the caller's transaction; False where something else still needs it."""
    try:
        with transaction.atomic():
            blob.delete()
    except ProtectedError:
        return False
    transaction.on_commit(lambda: blob_store().remove(blob.storage_key))
    return True


def write_key(key: str, data: bytes) -> None:
    """Write bytes that are no blob: under a key of the caller's, over what lay there. Raises like ``keep_blob``."""
    blob_store().put(key, data, "application/octet-stream")


def remove_key(key: str) -> None:
    """Remove what ``write_key`` wrote; does nothing where there is nothing."""
    blob_store().remove(key)


def _address(workspace_id: uuid.UUID, data: bytes, content_type: str) -> tuple[str, str]:
    """Content hash and storage key."""
    suffix = SUFFIX_OF.get(content_type)
    if suffix is None:
        raise ValueError(f"blobs of type {content_type} are not kept")
    sha256 = hashlib.sha256(data).hexdigest()
    return sha256, f"blobs/{workspace_id}/{sha256[:2]}/{sha256}.{suffix}"


def keep_asset(
    workspace: Workspace,
    *,
    kind: str,
    name: str,
    blob: Blob,
    recipe: Mapping[str, Any],
    parents: Sequence[tuple[Asset, str]] = (),
    created_by: User | None = None,
) -> Asset:
    """Keep a picture under the recipe that made it. The same recipe in the same workspace is the same asset.

    Raises:
        NotFound: the blob or a parent lies in another workspace.
    """
    asset, _ = find_or_keep_asset(
        workspace, kind=kind, name=name, blob=blob, recipe=recipe, parents=parents, created_by=created_by
    )
    return asset


def find_or_keep_asset(
    workspace: Workspace,
    *,
    kind: str,
    name: str,
    blob: Blob,
    recipe: Mapping[str, Any],
    parents: Sequence[tuple[Asset, str]] = (),
    created_by: User | None = None,
) -> tuple[Asset, bool]:
    """``keep_asset``, and whether the asset is new."""
    if any(row.workspace_id != workspace.id for row in (blob, *(parent for parent, _ in parents))):
        raise NotFound("not_found")
    with tenant_scope(workspace.id):
        asset, is_new = Asset.objects.select_related("blob", "workspace").get_or_create(
            workspace=workspace,
            recipe_hash=recipe_hash(recipe),
            defaults={
                "kind": kind,
                "name": name[:200],
                "blob": blob,
                "recipe": dict(recipe),
                "created_by": created_by,
            },
        )
        Lineage.objects.bulk_create(
            [Lineage(workspace=workspace, child=asset, parent=parent, role=role) for parent, role in parents],
            ignore_conflicts=True,
        )
    return asset, is_new


def keep_rendition(asset: Asset, *, spec: str, picture: Picture) -> Rendition:
    """Store a derived file under its spec; the first one stays."""
    with tenant_scope(asset.workspace_id):
        workspace = asset.workspace
    blob = keep_blob(
        workspace,
        picture.data,
        content_type=picture.content_type,
        width=picture.width,
        height=picture.height,
    )
    return _link_rendition(asset, spec, blob)


def ensure_renditions(asset: Asset, specs: Iterable[str]) -> None:
    """Make those of ``specs`` that are missing, from one decode. Workers call it so that the first page need not wait.

    Raises:
        NotFound: a spec that is not in ``types.SPECS``.
        Unavailable: the storage or every decoder is busy or full.
    """
    with tenant_scope(asset.workspace_id):
        original = asset.blob
        missing = [spec for spec in dict.fromkeys(specs) if find_rendition(asset, spec) is None]
    if any(spec not in SPECS for spec in missing):
        raise NotFound("not_found")
    same = {s for s in missing if SPECS[s].width == 0 and SPECS[s].content_type == original.content_type}
    for spec in same:
        _link_rendition(asset, spec, original)
    wanted = [SPECS[spec] for spec in missing if spec not in same]
    if wanted:
        made = derive(read_bytes(original), content_type=original.content_type, specs=wanted)
        for name, picture in made.items():
            keep_rendition(asset, spec=name, picture=picture)


def ensure_rendition(asset: Asset, spec: str) -> Blob:
    """The blob of one rendition, made now if need be. Raises like ``ensure_renditions``."""
    with tenant_scope(asset.workspace_id):
        found = find_rendition(asset, spec)
    if found is not None:
        return found
    ensure_renditions(asset, [spec])
    with tenant_scope(asset.workspace_id):
        made = find_rendition(asset, spec)
    assert made is not None, "ensure_renditions made it or raised"
    return made


def open_file(workspace_id: uuid.UUID, asset_id: uuid.UUID, spec: str) -> tuple[Asset, Blob]:
    """An asset and the blob of one rendition, made now if need be. The caller has checked who asks.

    Raises:
        NotFound: no such asset in this workspace, or no such rendition.
    """
    with tenant_scope(workspace_id):
        asset = get_asset(workspace_id, asset_id)
    return asset, ensure_rendition(asset, spec)


def purge_workspace_files(workspace_id: uuid.UUID) -> None:
    """Erase every stored byte of a workspace whose rows are about to go. Repeating it does no harm."""
    store = blob_store()
    with tenant_scope(workspace_id):
        blobs = list(Blob.objects.filter(workspace_id=workspace_id).values_list("storage_key", flat=True))
        uploads = list(Upload.objects.filter(workspace_id=workspace_id, state=UploadState.PENDING))
    for key in (*blobs, *(upload.quarantine_key for upload in uploads)):
        store.remove(key)


def _link_rendition(asset: Asset, spec: str, blob: Blob) -> Rendition:
    with tenant_scope(asset.workspace_id):
        rendition, _ = Rendition.objects.get_or_create(
            workspace_id=asset.workspace_id, asset=asset, spec=spec, defaults={"blob": blob}
        )
    return rendition
