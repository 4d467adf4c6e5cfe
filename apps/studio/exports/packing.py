"""What the ZIP of an export holds, in the order in which it is sent: files as they come, what was found of them last.

Rows are read some at a time, each once: the report speaks of exactly those files that were packed, also while others
are still being written.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from apps.assets import selectors as asset_store
from apps.assets.models import Blob
from apps.core.errors import Unavailable
from apps.core.tenancy import tenant_scope
from apps.studio.exports import selectors
from apps.studio.exports.archive import LOST, Packed, ZipItem
from apps.studio.exports.identity import signing_identity
from apps.studio.exports.report import SIDECAR_SUFFIX, Listed
from apps.studio.exports.report_json import ReportList
from apps.studio.exports.report_pages import ReportPages
from apps.studio.models import Export, ExportFile
from inference.ops.certificate import Identity

FAILED_FOLDER = "not-accepted"
ROWS_AT_ONCE = 100


def archive_items(export: Export, *, with_failed: bool, language: str | None) -> Iterator[Packed]:
    """Accepted files, on demand the others in a folder of their own, credentials, reports.

    Raises:
        Unavailable: ``export.no_certificate``.
    """
    return _items(export, signing_identity(), with_failed, language)


def _items(export: Export, identity: Identity, with_failed: bool, language: str | None) -> Generator[Packed]:
    pages = ReportPages(export, language)
    with ReportList(export, identity, language) as entries:
        for file in _rows(export):
            packed = _StoredFile(_path(file), file.blob) if file.blob and (file.passed or with_failed) else None
            if packed is not None:
                yield packed
            listed = Listed(file, packed.name if packed and not packed.is_lost else "", bool(packed and packed.is_lost))
            if listed.path and file.sidecar is not None:
                yield ZipItem(listed.path + SIDECAR_SUFFIX, file.sidecar)
            entries.add(listed)
            yield from pages.add(listed)
        yield from pages.end()
        with tenant_scope(export.workspace_id):
            asked_for = selectors.asked_for(export)
        yield ZipItem("report.json", entries.end(asked_for=asked_for))
    yield ZipItem("certificate.pem", identity.chain_pem)


@dataclass
class _StoredFile:
    """A file of the export; ``is_lost`` once it was read in vain."""

    name: str
    blob: Blob
    is_lost: bool = field(default=False, init=False)

    def read(self) -> bytes:
        """Raises Unavailable."""
        try:
            return asset_store.read_bytes(self.blob)
        except Unavailable as error:
            self.is_lost = error.code in LOST
            raise


def _path(file: ExportFile) -> str:
    return file.name if file.passed else f"{FAILED_FOLDER}/{file.name}"


def _rows(export: Export) -> Iterator[ExportFile]:
    """All files of the export in their order; the request that asked for them, and its transaction, may be over."""
    after = -1
    while True:
        with tenant_scope(export.workspace_id):
            rows = list(selectors.files(export).filter(position__gt=after)[:ROWS_AT_ONCE])
        if not rows:
            return
        yield from rows
        after = rows[-1].position
