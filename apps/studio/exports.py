"""Taking shots home: one file, or a ZIP that is streamed while it is made."""

from __future__ import annotations

import re
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import content_disposition_header

from apps.assets import selectors as asset_store
from apps.assets.models import Blob
from apps.core.errors import Conflict, InvalidInput
from apps.core.tenancy import let_go_of_connection
from apps.studio import selectors
from apps.studio.models import Shoot, Shot

DOWNLOADS = {"png": "original", "jpeg": "jpeg", "webp": "webp"}
WHICH = ("kept", "starred", "all")
_UNSAFE = re.compile(r"[^\w.\-]+", re.UNICODE)


def file_stem(shot: Shot) -> str:
    """``{sku or name}_{set}_{format}_{number}``, safe as a file name everywhere."""
    size = shot.spec["format"].replace(":", "x")
    parts = (shot.product.sku or shot.product.name, shot.spec["set"], size, f"{shot.position + 1:02d}")
    return "_".join(_short(_UNSAFE.sub("-", part).strip("-.")) or "product" for part in parts)


def _short(text: str) -> str:
    """At most 120 bytes: file systems count bytes, and a Chinese character has three."""
    return text.encode()[:120].decode(errors="ignore")


def download(shot: Shot, *, file_format: str) -> HttpResponseBase:
    """A redirect to a signed, expiring address of the file.

    Raises:
        Conflict: ``studio.shot_not_ready``.
        InvalidInput: ``studio.download_unknown``.
    """
    if shot.asset is None:
        raise Conflict("studio.shot_not_ready")
    if file_format not in DOWNLOADS:
        raise InvalidInput("studio.download_unknown", name=file_format[:20])
    name = f"{file_stem(shot)}.{'jpg' if file_format == 'jpeg' else file_format}"
    response: HttpResponse = redirect(
        asset_store.signed_url(shot.asset, spec=DOWNLOADS[file_format], download_name=name)
    )
    response["Cache-Control"] = "no-store"
    return response


@dataclass(frozen=True)
class ZipItem:
    name: str
    blob: Blob


def zip_items(shoot: Shoot, *, which: str) -> list[ZipItem]:
    """Finished shots: ``starred``, ``kept`` (all but the rejected ones) or ``all``."""
    if which not in WHICH:
        raise InvalidInput("studio.download_unknown", name=which[:20])
    chosen = [
        shot
        for shot in selectors.shots(shoot)
        if shot.asset is not None
        and (which == "all" or (shot.starred if which == "starred" else shot.rejected_at is None))
    ]
    if not chosen:
        raise Conflict("studio.nothing_to_download")
    return [ZipItem(f"{file_stem(shot)}.png", shot.asset.blob) for shot in chosen if shot.asset]


def zip_response(shoot: Shoot, *, which: str) -> StreamingHttpResponse:
    """The rows are read now, in the tenant's scope; the bytes are read while the ZIP is sent, one file at a time."""
    items = zip_items(shoot, which=which)
    stem = _UNSAFE.sub("-", shoot.product.sku or shoot.product.name).strip("-.") or "shots"
    response = StreamingHttpResponse(_stream(items), content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(True, f"{stem}.zip") or "attachment"
    return response


class _Sink:
    """What ``zipfile`` writes to: it can not seek, and hands out what was written since the last time."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def zip_chunks(items: list[ZipItem]) -> Iterator[bytes]:
    """The bytes of the archive, one file in memory at a time. Pictures are stored, for they are compressed already."""
    let_go_of_connection()  # a slow reader must not hold one for as long as the download takes
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for item in items:
            archive.writestr(item.name, asset_store.read_bytes(item.blob))
            yield sink.take()
    yield sink.take()


async def _stream(items: list[ZipItem]) -> AsyncIterator[bytes]:
    """An ASGI server would collect a plain iterator in memory first; this one hands over chunk by chunk."""
    chunks = zip_chunks(items)
    following = sync_to_async(lambda: next(chunks, None))
    while (chunk := await following()) is not None:
        yield chunk
