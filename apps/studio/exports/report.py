"""The report that goes into the ZIP: for machines as JSON, for people as one page that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language, gettext

from apps.core.sentences import sentence
from apps.studio.exports import words
from apps.studio.exports.archive import ZipItem
from apps.studio.exports.identity import signing_identity
from apps.studio.exports.profiles import profiles
from apps.studio.models import Export, ExportFile

FAILED_FOLDER = "not-accepted"
SIDECAR_SUFFIX = ".c2pa"


def archive_items(export: Export, files: Sequence[ExportFile], *, with_failed: bool) -> list[ZipItem]:
    """Everything of the ZIP: accepted files, on demand the others in a folder of their own, credentials, reports."""
    shown = [file for file in files if file.blob is not None and (file.passed or with_failed)]
    items = [ZipItem("report.html", report_html(export, files)), ZipItem("report.json", report_json(export, files))]
    items.append(ZipItem("certificate.pem", signing_identity().chain_pem))
    for file in shown:
        assert file.blob is not None
        name = file.name if file.passed else f"{FAILED_FOLDER}/{file.name}"
        items.append(ZipItem(name, file.blob))
        if file.sidecar is not None:
            items.append(ZipItem(name + SIDECAR_SUFFIX, file.sidecar))
    return items


def report_json(export: Export, files: Sequence[ExportFile]) -> bytes:
    """Every file's signed verdict, one a line, and the profiles with their sources."""
    used = {file.profile for file in files}
    report = {
        "export": str(export.id),
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "passed": sum(file.passed for file in files),
        "profiles": [_profile_entry(key) for key in profiles() if key in used],
    }
    head = json.dumps(report, ensure_ascii=False, indent=1, sort_keys=True).removesuffix("\n}")
    entries = ",\n".join(json.dumps(_entry(file), ensure_ascii=False, sort_keys=True) for file in files)
    return f'{head},\n "files": [\n{entries}\n ]\n}}\n'.encode()


def report_html(export: Export, files: Sequence[ExportFile]) -> bytes:
    language = get_language()
    rows = [partial(_row, file, language) for file in files]  # called one after the other: there may be ten thousand
    context = {"export": export, "rows": rows, "language": language or "en"}
    return render_to_string("studio/export_report.html", context).encode()


def table(files: Iterable[ExportFile]) -> list[dict[str, Any]]:
    """One row a file: its profile, its state in words, what was found."""
    return [_row(file, get_language()) for file in files]


def _row(file: ExportFile, language: str | None) -> dict[str, Any]:
    found = words.findings(file.verdict)
    return {
        "file": file,
        "profile": words.profile_title(profiles()[file.profile], language) if file.profile in profiles() else "",
        "state": state_of(file),
        "size": words.file_size(file.blob.size_bytes) if file.blob else "",
        "findings": found,
        "trouble": [item for item in found if item.tone != "ok"],
        "broken": broken_sentence(file),
    }


def state_of(file: ExportFile) -> str:
    """``passed``, ``failed``, ``broken``, ``cancelled`` or ``open``."""
    if file.blob is not None:
        return "passed" if file.passed else "failed"
    state = file.job.state if file.job else "cancelled"
    return {"failed": "broken", "cancelled": "cancelled"}.get(state, "open")


def broken_sentence(file: ExportFile) -> str:
    if state_of(file) != "broken" or file.job is None:
        return ""
    params = dict(file.job.error_params)
    if file.job.error_code == "export.too_many_bytes":
        params = {key: words.file_size(float(value)) for key, value in params.items()}
    return sentence(file.job.error_code, params)


def _entry(file: ExportFile) -> dict[str, Any]:
    state = state_of(file)
    entry: dict[str, Any] = {"name": file.name, "profile": file.profile, "state": state, "verdict": file.verdict}
    if state == "broken" and file.job is not None:
        entry |= {"error": file.job.error_code, "message": broken_sentence(file)}
    elif state in ("cancelled", "open"):
        entry["message"] = gettext("This file was not written.")
    return entry


def _profile_entry(key: str) -> dict[str, Any]:
    profile = profiles()[key]
    sources = [
        {"url": item.url, "checked": item.checked.isoformat(), "confidence": item.confidence, "says": item.says["en"]}
        for item in profile.sources
    ]
    return {"key": key, "version": profile.version, "target": dict(profile.target), "sources": sources}
