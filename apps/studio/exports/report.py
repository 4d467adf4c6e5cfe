"""What became of the files of an export, as rows of a table that people read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

from apps.core.sentences import sentence
from apps.studio.exports import words
from apps.studio.exports.profiles import profiles
from apps.studio.models import ExportFile

SIDECAR_SUFFIX = ".c2pa"


@dataclass(frozen=True)
class Listed:
    """A file as the report of a ZIP lists it: ``path`` where it lies in it; ``is_lost``: the storage has it no more."""

    file: ExportFile
    path: str
    is_lost: bool = False

    @property
    def state(self) -> str:
        return "lost" if self.is_lost else state_of(self.file)

    @property
    def problem(self) -> str:
        """Why there is no such file, in the active language; empty where there is."""
        return sentence("export.file_lost") if self.is_lost else broken_sentence(self.file)


def table(files: Iterable[ExportFile]) -> list[dict[str, Any]]:
    """One row a file: its profile, its state in words, what was found."""
    return [row_of(Listed(file, file.name)) for file in files]


def row_of(listed: Listed) -> dict[str, Any]:
    file, found = listed.file, words.findings(listed.file.verdict)
    return {
        "file": file,
        "profile": words.profile_title(profiles()[file.profile], get_language()) if file.profile in profiles() else "",
        "state": listed.state,
        "size": words.file_size(file.blob.size_bytes) if file.blob else "",
        "findings": found,
        "trouble": [item for item in found if item.tone != "ok"],
        "broken": listed.problem,
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
