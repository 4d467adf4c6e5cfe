"""`make release`, and the hooks for those who use pre-commit."""

from __future__ import annotations

import datetime
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from infra.local import checks, release
from infra.local.errors import SetupError

ROOT = Path(__file__).resolve().parents[3]
DAY = datetime.date(2026, 3, 1)
CHANGELOG = "# Changelog\n\nFor people.\n\n## Unreleased\n\n- New.\n\n## 0.1.0 (2026-01-02)\n\n- Old.\n"
FILES = {
    "CHANGELOG.md": CHANGELOG,
    "pyproject.toml": '[project]\nname = "thing"\nversion = "0.1.0"\n',
    "inference/__init__.py": '__version__ = "0.1.0"\n',
}


def git(root: Path, *arguments: str) -> str:
    own = ("-c", "user.name=Mei", "-c", "user.email=mei@example.com")
    return subprocess.run(
        ["git", *own, *arguments], cwd=root, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Mei")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "mei@example.com")
    monkeypatch.setattr(checks, "main", lambda names: 0)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Begin")
    return tmp_path


def state(root: Path) -> list[str]:
    return [git(root, "rev-parse", "HEAD"), git(root, "tag"), git(root, "status", "--porcelain")]


def test_what_was_unreleased_stands_under_version_and_day() -> None:
    assert release.dated(CHANGELOG, "0.2.0", DAY) == (
        "# Changelog\n\nFor people.\n\n## Unreleased\n\n## 0.2.0 (2026-03-01)\n\n- New.\n\n"
        "## 0.1.0 (2026-01-02)\n\n- Old.\n"
    )


def test_a_release_without_news_is_refused() -> None:
    with pytest.raises(SetupError, match="says nothing under “Unreleased”"):
        release.dated(release.dated(CHANGELOG, "0.2.0", DAY), "0.3.0", DAY)


@pytest.mark.parametrize("nonsense", ["", "1.2", "v1.2.3", "1.2.3-rc1", "01.2.3", "1.2.３"])
def test_a_version_is_three_numbers(nonsense: str) -> None:
    with pytest.raises(SetupError, match="A version is three numbers"):
        release.parse(nonsense)


def test_it_commits_and_tags(repository: Path) -> None:
    release.release("0.2.0", repository, DAY)
    assert git(repository, "log", "-1", "--format=%s") == "Release 0.2.0"
    assert git(repository, "tag", "--points-at", "HEAD") == "v0.2.0"
    assert git(repository, "status", "--porcelain") == ""
    assert 'version = "0.2.0"' in (repository / "pyproject.toml").read_text()
    assert (repository / "inference/__init__.py").read_text() == '__version__ = "0.2.0"\n'


@pytest.mark.parametrize("why", ["dirty", "tagged", "older", "checks"])
def test_a_refused_release_leaves_everything_as_it_was(
    repository: Path, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why == "dirty":
        (repository / "new.txt").touch()
    elif why == "tagged":
        git(repository, "tag", "v0.2.0")
    elif why == "checks":
        monkeypatch.setattr(checks, "main", lambda names: 1)
    before = state(repository)
    with pytest.raises(SetupError):
        release.release("0.0.9" if why == "older" else "0.2.0", repository, DAY)
    assert state(repository) == before


def test_the_version_stands_where_a_release_looks_for_it() -> None:
    found = {name: line.search((ROOT / name).read_text()) for name, line in release.VERSION_LINES.items()}
    assert len({match[1] for match in found.values() if match}) == 1
    assert all(found.values())


def test_hooks_call_make_and_fetch_nothing() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    entries = [shlex.split(entry) for entry in re.findall(r"(?m)^ +entry: (.+)$", text)]
    named = [argument.removeprefix("ARGS=") for entry in entries for argument in entry if argument.startswith("ARGS=")]
    assert re.findall(r"(?m)- repo: (.+)$", text) == ["local"]
    assert [entry[:3] for entry in entries] == [["make", "--no-print-directory", "check"]] * 2
    assert {name for names in named for name in names.split()} <= {check.name for check in checks.CHECKS}
