"""Remembers what a step was done for, so that it is not done again until one of its inputs changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


def of_files(root: Path, patterns: Iterable[str]) -> str:
    """A fingerprint of names, sizes and modification times of the files below `root` that match."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in root.glob(pattern) if path.is_file()}):
        found = path.stat()
        digest.update(f"{path.relative_to(root)}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class Stamp:
    """A small file that holds the fingerprint of the inputs a step was last done for, and a note about the outcome."""

    path: Path

    def matches(self, fingerprint: str) -> bool:
        """Whether the step was done for exactly these inputs."""
        return self.path.exists() and self.path.read_text().partition("\n")[0] == fingerprint

    def note(self) -> str:
        """What was written down beside the fingerprint."""
        return self.path.read_text().partition("\n")[2] if self.path.exists() else ""

    def write(self, fingerprint: str, note: str = "") -> None:
        """Record that the step is done."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".new")
        partial.write_text(f"{fingerprint}\n{note}")
        partial.replace(self.path)
