"""Virtual studio sets: ``engine`` composes, ``plates`` reads, ``render`` makes the plates (never at run time)."""

from __future__ import annotations

from pathlib import Path

PLATES_DIR = Path(__file__).parent / "plates"
