"""Is the code that a model brings along the code that an operator read?

A pin names the commit, and may name the SHA-256 of the pipeline's file. The hub's downloader notes beside every file
the commit that it is of and the id of its content at that commit (git's own for text): a file whose content has another
id was changed since, or belongs to another commit whatever the notes of its neighbours say.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_NOTES = Path(".cache") / "huggingface" / "download"
_BLOBS = "blobs"
_GIT_DIGITS = 40


def pipeline_file(folder: Path) -> Path | None:
    """The file that holds the pipeline's code: its name ends so, or it has the usual name."""
    named = sorted(folder.glob("*_pipeline.py")) or sorted(folder.glob("pipeline.py"))
    return named[0] if named else None


def not_as_pinned(folder: Path, commit: str, digest: str) -> str:
    """What of the code in ``folder`` is not as pinned, in words; empty when all of it is.

    Args:
        commit: of the hub.
        digest: SHA-256 of the pipeline's file; empty = any that the commit has.
    """
    code = [path for path in sorted(folder.rglob("*.py")) if _NOTES.parts[0] not in path.relative_to(folder).parts]
    main = pipeline_file(folder)
    if main is None:
        return f"{folder} holds no code of a pipeline"
    for path in code:
        name = path.relative_to(folder).as_posix()
        fetched, content = _noted(folder, name)
        if fetched != commit:
            return f"{name} is of revision {fetched or 'unknown'}, pinned is {commit}"
        if content != _content_id(path.read_bytes(), like=content):
            return f"{name} was changed since it was fetched"
    if digest and hashlib.sha256(main.read_bytes()).hexdigest() != digest.lower():
        return f"{main.name} does not have the SHA-256 that is pinned"
    return ""


def _noted(folder: Path, name: str) -> tuple[str, str]:
    """The commit and the id of content that the downloader noted of a file; empty where it noted nothing.

    In the hub's own cache the file is a link to one that is named by the id, in a folder that is named by the commit.
    """
    note, file = note_of(folder, name), folder / name
    if note is not None:
        commit, content, *_ = (*note, "", "")
        return commit.strip(), content.strip()
    if file.is_symlink() and file.resolve().parent.name == _BLOBS:
        return folder.resolve().name, file.resolve().name
    return "", ""


def note_of(folder: Path, name: str) -> list[str] | None:
    """What ``hf download --local-dir`` noted of a file: its commit, the id of its content, when; None = nothing."""
    note = folder / _NOTES / f"{name}.metadata"
    return note.read_text(encoding="utf-8").splitlines() if note.is_file() else None


def _content_id(content: bytes, *, like: str) -> str:
    """Git's id of a file's content, or its SHA-256, which the hub uses for large files."""
    if len(like) > _GIT_DIGITS:
        return hashlib.sha256(content).hexdigest()
    header = f"blob {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
