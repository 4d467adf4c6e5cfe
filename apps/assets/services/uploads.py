"""Take in what people send: quarantine -> clean copy -> photo asset.

    pending --ingest--> accepted (asset) | rejected (error_code)

A file comes through this site (``receive_upload``) or goes straight to the object storage with a form that we signed
(``issue_ticket``, ``complete_upload``). A fault of ours leaves no rejected upload behind: the person may send again.
The slow part, decoding, happens outside of any transaction.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.assets import decoding
from apps.assets.models import Asset, AssetKind, Upload, UploadState
from apps.assets.naming import clean_name, corrected_name
from apps.assets.selectors import get_upload
from apps.assets.services.keeping import find_or_keep_asset, keep_blob, keep_rendition
from apps.assets.storage import presigning_store, remove_parts
from apps.assets.types import INTAKE_SPECS, Intake
from apps.core.errors import Conflict, InvalidInput, Unavailable
from apps.core.ids import uuid7
from apps.core.tenancy import system_scope, tenant_scope

QUARANTINE_TYPE = "application/octet-stream"
"""Unchecked bytes are never stored under a type that a browser would open."""


@dataclass(frozen=True)
class Ticket:
    """Where to send a file: ``direct`` (post it to ``url`` here) or ``s3`` (post it there, then complete)."""

    mode: str
    url: str
    fields: dict[str, str]
    upload: Upload | None
    complete_url: str = ""


def receive_upload(workspace: Workspace, *, file: IO[bytes], file_name: str, created_by: User | None = None) -> Upload:
    """Take in one file that arrived here. The answer is accepted or rejected, never pending.

    Raises:
        Unavailable: we could not do it now; nothing was kept and the same file can be sent again.
    """
    upload_id = uuid7()
    file.seek(0, io.SEEK_END)
    with tenant_scope(workspace.id):
        upload = Upload.objects.create(
            id=upload_id,
            workspace=workspace,
            file_name=clean_name(file_name),
            quarantine_key=_quarantine_key(workspace, upload_id),
            size_bytes=file.tell(),
            created_by=created_by,
        )
    try:
        return _settle(upload, file)
    except Unavailable:
        with tenant_scope(workspace.id):
            upload.delete()
        raise


def keep_photo(workspace: Workspace, data: bytes, *, file_name: str, by: User | None = None) -> Asset:
    """The asset of a picture that nobody sent: samples and scripts. Passes the same checks as an upload.

    Raises:
        InvalidInput, Unavailable: as ``decoding.take_in``.
    """
    name = clean_name(file_name)
    intake = _take_in(io.BytesIO(data), len(data))
    asset, _ = _keep_photo(workspace, intake, file_name=name, size_bytes=len(data), by=by)
    return asset


def issue_ticket(workspace: Workspace, *, file_name: str, size_bytes: int, created_by: User) -> Ticket:
    """Say where to send a file of this name and size.

    Raises:
        InvalidInput: ``assets.too_big`` or ``assets.empty``, before a byte was sent.
        Unavailable: the storage signs nothing now.
    """
    if size_bytes > settings.UPLOAD_MAX_BYTES:
        raise InvalidInput("assets.too_big", limit_mb=settings.UPLOAD_MAX_BYTES // 2**20)
    if size_bytes <= 0:
        raise InvalidInput("assets.empty")
    store = presigning_store()
    if store is None:
        return Ticket("direct", reverse("assets:upload", args=[workspace.slug]), {}, None)
    upload_id = uuid7()
    key = _quarantine_key(workspace, upload_id)
    form = store.form(key, content_type=QUARANTINE_TYPE, max_bytes=settings.UPLOAD_MAX_BYTES)
    with tenant_scope(workspace.id):
        upload = Upload.objects.create(
            id=upload_id,
            workspace=workspace,
            file_name=clean_name(file_name),
            quarantine_key=key,
            size_bytes=size_bytes,
            created_by=created_by,
        )
    complete_url = reverse("assets:complete_upload", args=[workspace.slug, upload.id])
    return Ticket("s3", str(form["url"]), dict(form["fields"]), upload, complete_url)


def complete_upload(workspace: Workspace, upload_id: uuid.UUID) -> Upload:
    """Take in a file that was posted to the object storage. Asking again gives the first answer.

    Raises:
        NotFound: no such upload in this workspace.
        Conflict: ``assets.not_arrived``: the file is not there yet.
        Unavailable: we could not do it now; the upload waits and can be completed again.
    """
    with tenant_scope(workspace.id):
        upload = get_upload(workspace, upload_id)
    store = presigning_store()
    if upload.state != UploadState.PENDING:
        return upload
    size = store.size_of(upload.quarantine_key) if store else None
    if store is None or size is None:
        raise Conflict("assets.not_arrived")
    upload.size_bytes = size
    if size > settings.UPLOAD_MAX_BYTES:
        limit = {"limit_mb": settings.UPLOAD_MAX_BYTES // 2**20}
        settled = _close(upload, state=UploadState.REJECTED, error_code="assets.too_big", error_params=limit)
    else:
        settled = _settle(upload, io.BytesIO(store.get(upload.quarantine_key)))
    store.remove(upload.quarantine_key)
    return settled


def _quarantine_key(workspace: Workspace, upload_id: uuid.UUID) -> str:
    return f"quarantine/{workspace.id}/{upload_id}"


def _settle(upload: Upload, file: IO[bytes]) -> Upload:
    try:
        intake = _take_in(file, upload.size_bytes)
    except InvalidInput as error:
        return _close(upload, state=UploadState.REJECTED, error_code=error.code, error_params=error.params)
    asset, is_new = _keep_photo(
        upload.workspace, intake, file_name=upload.file_name, size_bytes=upload.size_bytes, by=upload.created_by
    )
    return _close(upload, state=UploadState.ACCEPTED, asset=asset, is_duplicate=not is_new)


def _take_in(file: IO[bytes], size_bytes: int) -> Intake:
    with _on_disk(file) as source:
        return decoding.take_in(source, size_bytes=size_bytes, specs=INTAKE_SPECS)


def _keep_photo(
    workspace: Workspace, intake: Intake, *, file_name: str, size_bytes: int, by: User | None
) -> tuple[Asset, bool]:
    """A photo is made by its own pixels: the same picture sent twice is one asset, whatever the files looked like."""
    clean = intake.clean
    blob = keep_blob(workspace, clean.data, content_type=clean.content_type, width=clean.width, height=clean.height)
    name = corrected_name(file_name, intake.format)
    source = {
        "file_name": file_name,
        "format": intake.format,
        "size_bytes": size_bytes,
        "profile": intake.profile,
        "orientation": intake.orientation,
    }
    asset, is_new = find_or_keep_asset(
        workspace,
        kind=AssetKind.PHOTO,
        name=name,
        blob=blob,
        recipe={"kind": "photo", "pixels": blob.sha256, "source": source},
        created_by=by,
    )
    for spec, picture in intake.renditions.items():
        keep_rendition(asset, spec=spec, picture=picture)
    return asset, is_new


def _close(upload: Upload, **outcome: object) -> Upload:
    """Write the outcome once; whoever comes second keeps what the first one wrote."""
    with tenant_scope(upload.workspace_id):
        Upload.objects.filter(pk=upload.pk, state=UploadState.PENDING).update(size_bytes=upload.size_bytes, **outcome)
        return get_upload(upload.workspace, upload.pk)


@contextmanager
def _on_disk(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """``file`` where another process can read it: itself if it has a descriptor, else a copy in quarantine."""
    try:
        file.fileno()
    except (AttributeError, io.UnsupportedOperation):
        with tempfile.TemporaryFile(dir=decoding.quarantine_folder()) as copy:
            file.seek(0)
            try:
                shutil.copyfileobj(file, copy)
                copy.flush()
            except OSError as error:
                raise Unavailable("assets.storage_full") from error
            yield copy
    else:
        file.flush()
        yield file


def purge_quarantine(*, older_than: timedelta) -> tuple[int, int]:
    """Forget uploads that were never completed and files that killed processes left. Returns (uploads, files)."""
    before = timezone.now() - older_than
    with system_scope():
        workspaces = list(Workspace.objects.all())
    uploads = sum(_purge_workspace(workspace, before) for workspace in workspaces)
    files = remove_parts(older_than=older_than)
    for left in decoding.quarantine_folder().iterdir():
        if left.is_file() and left.stat().st_mtime < time.time() - older_than.total_seconds():
            left.unlink(missing_ok=True)
            files += 1
    return uploads, files


def _purge_workspace(workspace: Workspace, before: datetime) -> int:
    store = presigning_store()
    with tenant_scope(workspace.id):
        old = list(Upload.objects.filter(workspace=workspace, state=UploadState.PENDING, created_at__lt=before))
        for upload in old:
            if store is not None:
                store.remove(upload.quarantine_key)
            _close(upload, state=UploadState.REJECTED, error_code="assets.upload_expired")
    return len(old)
