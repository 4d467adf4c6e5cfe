"""Where bytes lie. Two backends behind Django's STORAGES with the same few verbs; this one is a folder on this machine.

Keys are decided by content, so writing twice is harmless and nothing is ever changed in place.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol, cast

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, storages

from apps.core.errors import Unavailable


class BlobStore(Protocol):
    """What assets ask of a storage backend. Every fault of the storage is raised as ``Unavailable``."""

    presigns: bool
    """True where browsers talk to the storage themselves, with forms and links that we sign."""

    def put(self, key: str, data: bytes, content_type: str) -> None: ...

    def get(self, key: str) -> bytes: ...

    def has(self, key: str) -> bool: ...

    def holds(self, key: str, data: bytes) -> bool:
        """Whether ``data`` lies under ``key`` undamaged, as far as this can be told without fetching it."""

    def remove(self, key: str) -> None:
        """Does nothing where there is no such key."""


class PresigningStore(BlobStore, Protocol):
    """A backend that browsers reach directly."""

    def link(self, key: str, *, content_type: str, disposition: str) -> str:
        """Readable by whoever has it, for five minutes."""

    def form(self, key: str, *, content_type: str, max_bytes: int) -> dict[str, Any]:
        """{"url", "fields"} of a form post for exactly this key and type, of 1 to ``max_bytes`` bytes, good for
        five minutes."""

    def size_of(self, key: str) -> int | None:
        """None where there is no such key."""


def blob_store() -> BlobStore:
    return cast(BlobStore, storages["default"])


def presigning_store() -> PresigningStore | None:
    store = blob_store()
    return cast(PresigningStore, store) if store.presigns else None


PART = ".part-"


class LocalStorage(FileSystemStorage):
    """A folder that only this user can read. A file appears whole or not at all."""

    presigns = False

    def _save(self, name: str, content: File[Any]) -> str:
        path = Path(self.path(name))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=PART)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        finally:
            Path(part).unlink(missing_ok=True)
        return name

    def put(self, key: str, data: bytes, content_type: str) -> None:
        with _faults():
            self.save(key, ContentFile(data))

    def get(self, key: str) -> bytes:
        with _faults(), self.open(key) as file:
            return bytes(file.read())

    def has(self, key: str) -> bool:
        return self.exists(key)

    def holds(self, key: str, data: bytes) -> bool:
        """Compares every byte: disks do rot, and the file is here."""
        return self.has(key) and self.get(key) == data

    def remove(self, key: str) -> None:
        with _faults():
            self.delete(key)


def remove_parts(*, older_than: timedelta) -> int:
    """Remove files that a killed process left half written in the local folder; returns their number."""
    store = blob_store()
    if not isinstance(store, LocalStorage):
        return 0
    before = time.time() - older_than.total_seconds()
    removed = 0
    for part in Path(store.location).rglob(f"{PART}*"):
        try:
            if part.stat().st_mtime < before:
                part.unlink()
                removed += 1
        except FileNotFoundError:  # its writer has just finished
            continue
    return removed


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise Unavailable("assets.bytes_missing") from error
    except OSError as error:
        # Writing is what fails in practice, and for lack of room; quota and read-only file systems need the same hand.
        raise Unavailable("assets.storage_full") from error
