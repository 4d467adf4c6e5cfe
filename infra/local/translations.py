"""Compiles gettext catalogues (.po to .mo) with polib, so that no machine needs the gettext tools."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = ("locale/*/LC_MESSAGES/*.po", "*/locale/*/LC_MESSAGES/*.po", "apps/*/locale/*/LC_MESSAGES/*.po")


def stale_catalogues(root: Path) -> list[Path]:
    """The .po files below `root` whose .mo is missing or older."""
    found = (po for pattern in CATALOGUES for po in root.glob(pattern))
    return sorted(po for po in found if not _is_compiled(po))


def _is_compiled(po: Path) -> bool:
    mo = po.with_suffix(".mo")
    return mo.exists() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns


def compile_catalogue(po: Path) -> Path:
    """Write the .mo beside `po` in one step, so that a reader sees the old one or the new one."""
    import polib  # installed by the bootstrap, which itself lists stale catalogues before anything is installed

    mo = po.with_suffix(".mo")
    partial = mo.with_name(f"{mo.name}.{os.getpid()}")
    modified = po.stat()
    polib.pofile(str(po)).save_as_mofile(str(partial))
    # The stamp of the source: an edit that lands while we compile leaves the catalogue stale, as it should.
    os.utime(partial, ns=(modified.st_atime_ns, modified.st_mtime_ns))
    partial.replace(mo)
    return mo


def main() -> int:
    """Compile what is stale."""
    for po in stale_catalogues(ROOT):
        compile_catalogue(po)
    return 0


if __name__ == "__main__":
    sys.exit(main())
