"""A ZIP that is sent while it is made: one file in memory at a time, however many there are."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from apps.assets import selectors as asset_store
from apps.assets.models import Blob
from apps.core.tenancy import let_go_of_connection


class Packed(Protocol):
    """What goes into an archive: a path in it, and its bytes when their turn has come."""

    @property
    def name(self) -> str: ...

    def read(self) -> bytes: ...


@dataclass(frozen=True)
class ZipItem:
    """A stored file, or a few bytes that were made for this archive, under its path in it."""

    name: str
    content: Blob | bytes

    def read(self) -> bytes:
        """Raises Unavailable: the storage does not have it, or has something else."""
        return self.content if isinstance(self.content, bytes) else asset_store.read_bytes(self.content)


def zip_response(items: Iterable[Packed], *, file_name: str) -> StreamingHttpResponse:
    """The rows are read now, in the tenant's scope; the bytes are read while the ZIP is sent.

    A file that can not be read breaks the download off: a browser shows that it failed, where a shorter archive would
    look complete.
    """
    response = StreamingHttpResponse(_stream(list(items)), content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(True, file_name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response


def zip_chunks(items: Iterable[Packed]) -> Iterator[bytes]:
    """The bytes of the archive, file by file. Pictures are stored, for they are compressed already."""
    let_go_of_connection()  # a slow reader must not hold one for as long as the download takes
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for item in items:
            archive.writestr(item.name, item.read())
            yield sink.take()
    yield sink.take()


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


async def _stream(items: list[Packed]) -> AsyncIterator[bytes]:
    """An ASGI server would collect a plain iterator in memory first; this one hands over chunk by chunk."""
    chunks = zip_chunks(items)
    following = sync_to_async(lambda: next(chunks, None))
    while (chunk := await following()) is not None:
        yield chunk
