"""Our own source files, for the tests in this folder."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("apps", "inference", "infra")


def python_files(*folders: str) -> list[Path]:
    """Hand-written modules below the folders; migrations are generated."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if not {"migrations", "__pycache__", "vendor"} & set(path.parts))


def templates() -> list[Path]:
    """Everything that Django renders."""
    folders = [ROOT / "templates", *(ROOT / "apps").glob("*/templates")]
    return sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in (".html", ".txt"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))
