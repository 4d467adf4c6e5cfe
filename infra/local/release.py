"""`make release VERSION=1.2.3`: check, date the changelog, set the version, commit, tag. It pushes nothing.

Everything is looked at before anything is written; a release that is refused leaves all as it was.
"""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local import checks
from infra.local.errors import SetupError

ROOT = Path(__file__).resolve().parents[2]
CHANGELOG = "CHANGELOG.md"
UNRELEASED = "## Unreleased\n"
# Where the version stands, and the line that holds it.
VERSION_LINES = {
    "pyproject.toml": re.compile(r'(?m)^version = "(.+)"$'),
    "inference/__init__.py": re.compile(r'(?m)^__version__ = "(.+)"$'),
}


def parse(version: str) -> tuple[int, int, int]:
    """Major, minor and patch. Raises SetupError for anything but three whole numbers."""
    if not re.fullmatch(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", version):
        raise SetupError(f"A version is three numbers, as in `make release VERSION=1.2.3`, and not {version!r}.")
    major, minor, patch = (int(part) for part in version.split("."))
    return major, minor, patch


def dated(changelog: str, version: str, day: datetime.date) -> str:
    """The changelog with what was unreleased under the version and its day. Raises SetupError if there is nothing."""
    before, found, after = changelog.partition(UNRELEASED)
    news = after.partition("\n## ")[0].strip()
    if not found or not news:
        raise SetupError(f"{CHANGELOG} says nothing under “Unreleased”; write what is new for people first.")
    return f"{before}{UNRELEASED}\n## {version} ({day.isoformat()})\n{after}"


def with_version(text: str, line: re.Pattern[str], version: str) -> str:
    """The file's text with its one line of the version set. Raises SetupError for an older version than it has."""
    found = line.search(text)
    if found is None:
        raise SetupError(f"The line of the version is missing: nothing matches {line.pattern}.")
    if parse(version) < parse(found[1]):
        raise SetupError(f"The version is {found[1]} already; choose that one, or a later one than {version}.")
    return text[: found.start(1)] + version + text[found.end(1) :]


def release(version: str, root: Path, today: datetime.date) -> None:
    """Commit and tag the version. Raises SetupError."""
    parse(version)
    tag = f"v{version}"
    if _git(root, "status", "--porcelain"):
        raise SetupError("There are changes that are not committed; commit them or put them away, then again.")
    if _git(root, "tag", "--list", tag):
        raise SetupError(f"{tag} was released already; choose a later version.")
    new = {CHANGELOG: dated((root / CHANGELOG).read_text(encoding="utf-8"), version, today)}
    for name, line in VERSION_LINES.items():
        new[name] = with_version((root / name).read_text(encoding="utf-8"), line, version)
    if checks.main([]):
        raise SetupError("`make check` has to pass first; nothing was changed.")
    for name, text in new.items():
        (root / name).write_text(text, encoding="utf-8")
    _git(root, "commit", "--quiet", "--message", f"Release {version}", "--", *new)
    _git(root, "tag", "--annotate", tag, "--message", f"VisualForge {version}")


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"git {arguments[0]} failed: {' '.join(done.stderr.split())}")
    return done.stdout.strip()


def main(arguments: Sequence[str]) -> int:
    """0 when it is tagged, 2 with one sentence when something stands in the way."""
    version = arguments[0] if arguments else ""
    try:
        release(version, ROOT, datetime.datetime.now(tz=datetime.UTC).date())
    except SetupError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Tagged v{version}. Look at it with `git show v{version}`, then `git push --follow-tags`.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
