"""Gives every test run a PostgreSQL of its own before Django reads its settings.

The tests connect as a role that is no superuser and can not bypass row-level security, so the policies are live. Set
DATABASE_URL to a role like that (with CREATEDB) to use another server; nothing is started then.

pytest-django imports the settings very early; a wrapper around that hook is the last moment before. Workers of
pytest-xdist inherit the environment of the process that started them, hence its server, in which pytest-django makes a
database for each; files of their own they keep in a folder of their own.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from infra.local import locks
from infra.local.postgres import Server, destroy, roles, start

ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / ".cache" / "test-runs"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Start PostgreSQL and point Django at it and at an empty data directory."""
    asked = early_config.known_args_namespace
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        own = Path(os.environ["VISUALFORGE_DATA_DIR"]) / worker
        own.mkdir()
        os.environ["VISUALFORGE_DATA_DIR"] = str(own)
    elif not (asked.help or asked.version):
        _prepare()
    return (yield)


def _prepare() -> None:
    data_dir, lock = _new_run()
    server = None
    if not os.environ.get("DATABASE_URL"):
        server = start(data_dir, durable=False)
        # Django makes test databases from the connection to this one.
        os.environ["DATABASE_URL"] = server.url(roles.TEST)
    os.environ["VISUALFORGE_DATA_DIR"] = str(data_dir)
    os.environ["CUTOUT_DOWNLOAD"] = "false"  # no test fetches anything
    atexit.register(_finish, data_dir, lock, server, os.getpid())


def _new_run() -> tuple[Path, int]:
    """A locked, empty data directory; those of runs that were killed are removed."""
    with locks.held(RUNS / "lock", on_wait=lambda: None):
        for old in RUNS.glob("run-*"):
            abandoned = locks.try_lock(old / "lock")
            if abandoned is not None:
                _remove(old, abandoned)
        data_dir = Path(tempfile.mkdtemp(prefix="run-", dir=RUNS))
        lock = locks.try_lock(data_dir / "lock")
    assert lock is not None, "the folder is new and the parent is locked"
    return data_dir, lock


def _finish(data_dir: Path, lock: int, server: Server | None, pid: int) -> None:
    if os.getpid() != pid:  # a test forked, and its child ends like we do
        return
    if server is not None:
        server.stop()
    _remove(data_dir, lock)


def _remove(data_dir: Path, lock: int) -> None:
    destroy(data_dir)
    shutil.rmtree(data_dir, ignore_errors=True)
    os.close(lock)
