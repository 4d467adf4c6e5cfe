"""``report.json`` of an export: a signed verdict a line, then what holds for all of them, signed as a whole."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self

from django.utils import timezone
from django.utils.translation import gettext, override

from apps.studio.exports.profiles import profiles
from apps.studio.exports.report import Listed
from apps.studio.exports.zip_format import Deflated
from apps.studio.models import Export
from inference.ops.certificate import Identity
from inference.pipelines.signed_report import EntriesDigest, signed_summary


class ReportList:
    """Grows by one entry at a time in a temporary file, which it removes as a context manager."""

    def __init__(self, export: Export, identity: Identity, language: str | None) -> None:
        self._text, self._digest = Deflated(), EntriesDigest()
        self._identity, self._language = identity, language
        self._count, self._passed = 0, 0
        self._used: set[str] = set()
        made_at = timezone.now().isoformat(timespec="seconds")
        self._head = {"export": str(export.id), "made_at": made_at}
        self._text.write(_open_ended(self._head) + ',\n "files": [')

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._text.close()

    def add(self, listed: Listed) -> None:
        with override(self._language):
            entry = _entry(listed)
        self._digest.add(entry)
        line = json.dumps(entry, ensure_ascii=False, sort_keys=True)
        self._text.write((",\n" if self._count else "\n") + line)
        self._count += 1
        self._passed += entry["state"] == "passed"
        self._used.add(listed.file.profile)

    def end(self, *, asked_for: int) -> Deflated:
        """The whole report. Of an export that is still being written down more was ``asked_for`` than it lists."""
        used = [_profile_entry(key) for key in profiles() if key in self._used]
        summary = {
            **self._head,
            "total": self._count,
            "asked_for": max(self._count, asked_for),
            "passed": self._passed,
            "profiles": used,
        }
        signed = signed_summary(summary, self._digest, self._identity)
        rest = {key: value for key, value in signed.items() if key not in self._head}
        self._text.write("\n ],\n" + json.dumps(rest, ensure_ascii=False, indent=1)[2:] + "\n")
        return self._text.end()


def _open_ended(head: dict[str, Any]) -> str:
    return json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")


def _entry(listed: Listed) -> dict[str, Any]:
    file = listed.file
    entry: dict[str, Any] = {
        "name": file.name,
        "path": listed.path or None,
        "profile": file.profile,
        "state": listed.state,
        "verdict": file.verdict,
    }
    if listed.state == "broken" and file.job is not None:
        entry |= {"error": file.job.error_code, "message": listed.problem}
    elif listed.state == "lost":
        entry["message"] = listed.problem
    elif listed.state in ("cancelled", "open"):
        entry["message"] = gettext("This file was not written.")
    return entry


def _profile_entry(key: str) -> dict[str, Any]:
    profile = profiles()[key]
    sources = [
        {"url": item.url, "checked": item.checked.isoformat(), "confidence": item.confidence, "says": item.says["en"]}
        for item in profile.sources
    ]
    return {"key": key, "version": profile.version, "target": dict(profile.target), "sources": sources}
