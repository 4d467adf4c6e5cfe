"""Is the ZIP of an export the one that was made, every file in it the one that was judged, and nothing missing?

Every file is read by parts and compared with the hash in its signed verdict; none is decoded.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inference.errors import InputRejected
from inference.pipelines.signed_report import MOST_NAMED, ReportVerdict, entries_of, judge_report

REPORT, CERTIFICATE, MISSING = "report.json", "certificate.pem", "MISSING-FILES.txt"
SIDECAR_SUFFIX = ".c2pa"
_READ_BYTES = 1 << 20
_PAGES = ("report.html", "report/")


@dataclass
class ArchiveVerdict:
    """Attributes:
    files: files that are in the archive and in its report.
    altered, missing, unlisted: paths of files that are not the ones that were judged, that the report says are
        here, and that it does not speak of; the first hundred of each.
    """

    report: ReportVerdict
    files: int = 0
    altered: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)

    @property
    def is_genuine(self) -> bool:
        return self.report.is_genuine and not (self.altered or self.missing or self.unlisted)


def judge_archive(path: Path, chain_pem: bytes) -> ArchiveVerdict:
    """Judge a ZIP by the report in it.

    Raises:
        InputRejected: ``verify.bad_archive``: it can not be read, or has no report.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            with archive.open(REPORT) as report:
                found = ArchiveVerdict(judge_report(report, chain_pem))
            with archive.open(REPORT) as report:
                _compare(archive, entries_of(report), found)
    except (OSError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise InputRejected("verify.bad_archive", f"{path} can not be read as the ZIP of an export: {error}") from error
    return found


def _compare(archive: zipfile.ZipFile, entries: Iterable[dict[str, Any]], found: ArchiveVerdict) -> None:
    unseen = set(archive.namelist())
    twice = len(archive.infolist()) - len(unseen)  # which of two entries of one name a program takes, nobody knows
    for entry in entries:
        place = entry.get("path")
        if not place:
            continue
        if place not in unseen:
            _note(found.missing, str(place))
            continue
        unseen -= {place, f"{place}{SIDECAR_SUFFIX}"}
        found.files += 1
        if _sha256(archive, place) != (entry.get("verdict") or {}).get("sha256"):
            _note(found.altered, place)
    for name in sorted(unseen - {REPORT, CERTIFICATE, MISSING}):
        if not name.startswith(_PAGES):
            _note(found.unlisted, name)
    if twice:
        _note(found.unlisted, f"{twice} names that stand twice")


def _sha256(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    try:
        with archive.open(name) as file:
            while part := file.read(_READ_BYTES):
                digest.update(part)
    except (zipfile.BadZipFile, zlib.error):  # its own checksum does not fit
        return ""
    return digest.hexdigest()


def _note(names: list[str], name: str) -> None:
    if len(names) < MOST_NAMED:
        names.append(name[:200])
