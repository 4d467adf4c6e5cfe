from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from infra.local import pip, torch_build
from infra.local.errors import SetupError

CPU = ("--no-deps", "torch==2.13.0+cpu")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "infra" / "requirements").mkdir(parents=True)
    torch_build.requirement_file(tmp_path, "generate").write_text("torch==2.13.0\n")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(torch_build, "NVIDIA_DRIVER", tmp_path / "no-driver")
    return tmp_path


def asked(monkeypatch: pytest.MonkeyPatch, refuse: int = 0) -> list[Sequence[str]]:
    """What pip is asked for, while it refuses the first ``refuse`` times."""
    calls: list[Sequence[str]] = []

    def run(root: Path, python: Path, arguments: Sequence[str]) -> None:
        calls.append(arguments)
        if len(calls) <= refuse:
            raise SetupError("the package index does not carry a locked version")

    monkeypatch.setattr(pip, "run", run)
    return calls


def test_a_machine_without_a_driver_gets_the_small_build(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = asked(monkeypatch)
    torch_build.install(root, Path("python"), "generate")
    assert calls == [CPU]


def test_the_index_of_cpu_builds_is_asked_where_the_configured_one_has_none(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = asked(monkeypatch, refuse=1)
    torch_build.install(root, Path("python"), "generate")
    assert calls == [CPU, ("--extra-index-url", torch_build.CPU_BUILDS, *CPU)]


def test_a_machine_with_a_driver_gets_the_cuda_build_with_what_it_needs(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch_build.NVIDIA_DRIVER.touch()
    calls = asked(monkeypatch)
    torch_build.install(root, Path("python"), "generate")
    assert calls == [("torch==2.13.0",)]


def test_it_says_so_when_no_index_has_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(monkeypatch, refuse=2)
    with pytest.raises(SetupError, match="does not carry"):
        torch_build.install(root, Path("python"), "generate")


def test_groups_without_torch_ask_for_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = asked(monkeypatch)
    torch_build.install(root, Path("python"), "base")
    assert calls == []
