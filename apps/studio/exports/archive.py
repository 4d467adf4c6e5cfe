"""A ZIP that is sent while it is made: one file in memory at a time, however many there are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Protocol

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext, override

from apps.assets import selectors as asset_store
from apps.assets.models import Blob
from apps.core.errors import Unavailable
from apps.core.sentences import sentence
from apps.core.tenancy import let_go_of_connection
from apps.studio.exports.zip_format import Deflated, ZipWriter

LOST = frozenset({"assets.bytes_missing", "assets.bytes_damaged"})
"""What the storage says of a file that no second try would bring back."""
MISSING_NAME = "MISSING-FILES.txt"


class Packed(Protocol):
    """What goes into an archive: a path in it, and its content when its turn has come."""

    @property
    def name(self) -> str: ...

    def read(self) -> bytes | Deflated: ...


@dataclass(frozen=True)
class ZipItem:
    """A stored file, or what was made for this archive, under its path in it."""

    name: str
    content: Blob | bytes | Deflated

    def read(self) -> bytes | Deflated:
        """Raises Unavailable: the storage does not have it, or has something else."""
        return asset_store.read_bytes(self.content) if isinstance(self.content, Blob) else self.content


def zip_response(items: Iterable[Packed], *, file_name: str, language: str | None = None) -> StreamingHttpResponse:
    """``items`` are taken one by one while the ZIP is sent, outside of the request's transaction.

    A storage that does not answer breaks the download off: a browser shows that it failed, and a second try brings all.
    A file that is lost for good must not take the others with it: they come, and ``MISSING-FILES.txt`` names it.
    """
    response = StreamingHttpResponse(_Sent(items, language), content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(True, file_name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response


def zip_chunks(items: Iterable[Packed], *, language: str | None = None) -> Generator[bytes]:
    """The bytes of the archive in parts of at most 1 MiB. No connection is held while somebody reads slowly."""
    with ExitStack() as stack:
        archive = stack.enter_context(ZipWriter(timezone.localtime()))
        if isinstance(items, Generator):
            stack.enter_context(closing(items))
        missing: Deflated | None = None
        for item in items:
            try:
                content = item.read()
            except Unavailable as error:
                if error.code not in LOST:
                    raise
                missing = missing or _missing(language)
                missing.write(f"{item.name}: {_in(language, error.code)}\n")
                continue
            let_go_of_connection()
            yield from _entry(archive, item.name, content)
        if missing:
            yield from archive.deflated(MISSING_NAME, missing.end())
        yield from archive.end()


def _entry(archive: ZipWriter, name: str, content: bytes | Deflated) -> Iterator[bytes]:
    if isinstance(content, Deflated):
        return archive.deflated(name, content)
    return archive.stored(name, content)


def _missing(language: str | None) -> Deflated:
    with override(language):
        text = Deflated()
        text.write(gettext("These files are not in this archive, because the storage has lost them:") + "\n\n")
        return text


def _in(language: str | None, code: str) -> str:
    with override(language):
        return sentence(code)


class _Sent:
    """Chunk by chunk to an ASGI server, which would collect a plain iterator in memory first.

    ``close`` is called by the response at its end, also when the browser went away in the middle.
    """

    def __init__(self, items: Iterable[Packed], language: str | None) -> None:
        self._chunks: Generator[bytes] = zip_chunks(items, language=language)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        following = sync_to_async(lambda: next(self._chunks, None))
        while (chunk := await following()) is not None:
            yield chunk

    def close(self) -> None:
        self._chunks.close()
