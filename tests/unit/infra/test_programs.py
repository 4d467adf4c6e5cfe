from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from infra.local import supervisor
from infra.local.preflight import Options
from infra.local.programs import programs

OPTIONS = Options(port=8000, data_dir=Path("data"), workers=3)


@pytest.fixture
def environments(monkeypatch: pytest.MonkeyPatch) -> dict[str, Mapping[str, str]]:
    """What each program of an environment with a pool size would be started with."""
    found: list[Mapping[str, str]] = []

    def launch(argv: Sequence[str], env: Mapping[str, str], cwd: str) -> subprocess.Popen[bytes]:
        found.append(env)
        return subprocess.Popen(["true"])

    monkeypatch.setattr(supervisor, "launch", launch)
    made = programs(OPTIONS, dict(os.environ) | {"DATABASE_POOL_SIZE": "7"}, Path())
    for program in (made.web, made.worker, made.relay):
        program.spawn().wait()
    return dict(zip(("web", "worker", "relay"), found, strict=True))


def test_all_programs_are_told_the_same_number_of_workers(environments: dict[str, Mapping[str, str]]) -> None:
    assert {env["WORKER_CONCURRENCY"] for env in environments.values()} == {"3"}


def test_only_the_web_processes_pool_connections(environments: dict[str, Mapping[str, str]]) -> None:
    assert {name: env.get("DATABASE_POOL_SIZE") for name, env in environments.items()} == {
        "web": "7",
        "worker": None,
        "relay": None,
    }
