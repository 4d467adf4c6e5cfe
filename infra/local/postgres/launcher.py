"""Starts, attaches to and stops one embedded PostgreSQL per data directory.

The lock on <data>/postgres/lock is inherited by every PostgreSQL process, so the kernel itself knows whether any of
them is alive: process ids reused after a crash or a reboot can not fool it, and kill -9 leaves nothing to repair.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.local import locks
from infra.local.errors import SetupError
from infra.local.postgres import install, roles
from infra.local.postgres.account import choose
from infra.local.postgres.cluster import READY_TIMEOUT_S, RESTART_MOMENTS_S, Cluster, answers, socket_folder_of

LOCK_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
FAST_SHUTDOWN = signal.SIGINT


class Server:
    """A running PostgreSQL. As a context manager it stops at the end of the block, unless it was only attached to."""

    def __init__(self, folder: Path, cluster: Cluster | None = None) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self._cluster = cluster

    @property
    def attached(self) -> bool:
        """Whether another process started this server and will stop it."""
        return self._cluster is None

    def url(self, role: str = roles.APP, database: str = roles.DATABASE) -> str:
        """The connection URL for a role. No password: the socket lies in a folder private to this user."""
        return f"postgresql://{role}@/{database}?host={socket_folder_of(self.folder)}"

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the server process again after it died. It may still be recovering when this returns.

        Raises SetupError with PostgreSQL's complaint when it ends at once.
        """
        lock = _wait_for_lock(self.folder)
        try:
            return self._run(lock, give_up_after_s=None)
        finally:
            os.close(lock)

    def stop(self) -> None:
        """Shut down: politely (connections end, a checkpoint is written), then with less patience."""
        if self.process is None:
            return
        for signum in (FAST_SHUTDOWN, signal.SIGQUIT, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(signum)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_TIMEOUT_S)
                break
        self.process = None
        self.clear_away()

    def clear_away(self) -> None:
        """Remove the folder of the socket; nothing while a server runs behind it, ours or another process's."""
        lock = locks.try_lock(self.folder / "lock")
        if lock is None:
            return
        try:
            with contextlib.suppress(OSError):  # it holds what a killed server left, which the next start mends
                socket_folder_of(self.folder).rmdir()
        finally:
            os.close(lock)

    def _run(self, lock: int, give_up_after_s: float | None = READY_TIMEOUT_S) -> subprocess.Popen[bytes]:
        if self._cluster is None:
            raise SetupError(f"The PostgreSQL in {self.folder} belongs to another process, which has to restart it.")
        self.process = self._cluster.run(lock, give_up_after_s)
        return self.process

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(data_dir: Path, *, durable: bool = True, account: str | None = None) -> Server:
    """Start PostgreSQL for `data_dir`, or attach to the one that another process runs there.

    Creates the cluster, the roles and the database on the first call, and writes <data>/postgres/url (application role)
    and owner_url (the role that migrates). `durable=False` gives up safety on power loss for speed, for tests.
    `account` overrides under which identity the server runs (see account.choose). Raises SetupError.
    """
    folder = data_dir.resolve() / "postgres"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    lock = _lock_or_attach(folder)
    if isinstance(lock, Server):
        return lock
    try:
        cluster = Cluster(folder, choose(install.find(), folder, account), durable)
        cluster.prepare()
        server = Server(folder, cluster)
        server._run(lock)
    finally:
        os.close(lock)  # the server's processes keep their copies
    _provision(server)
    return server


def destroy(data_dir: Path) -> None:
    """Remove everything that `start` made for `data_dir`; the server must have been stopped."""
    folder = data_dir.resolve() / "postgres"
    files = (folder / "cluster").resolve()
    shutil.rmtree(files, ignore_errors=True)
    if files.parent != folder:
        with contextlib.suppress(OSError):
            files.parent.rmdir()
    shutil.rmtree(socket_folder_of(folder), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _lock_or_attach(folder: Path) -> int | Server:
    """The folder's lock, or the live server of whoever holds it."""
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    while (lock := locks.try_lock(folder / "lock")) is None:
        # The starter writes the marker last, so roles and database exist once it is there.
        if _marker(folder).exists() and answers(socket_folder_of(folder), roles.APP, roles.DATABASE):
            return Server(folder)
        _give_up_after(deadline, folder)
    return lock


def _wait_for_lock(folder: Path) -> int:
    deadline = time.monotonic() + RESTART_MOMENTS_S
    while (lock := locks.try_lock(folder / "lock")) is None:
        _give_up_after(deadline, folder)
    return lock


def _give_up_after(deadline: float, folder: Path) -> None:
    if time.monotonic() > deadline:
        raise SetupError(
            f"Another PostgreSQL process holds {folder} and does not answer; end it, then run the command again."
        )
    time.sleep(0.05)


def _provision(server: Server) -> None:
    marker = _marker(server.folder)
    _write_private(server.folder / "url", server.url())
    _write_private(server.folder / "owner_url", server.url(roles.OWNER))
    if marker.exists() and marker.read_text() == roles.VERSION:
        return
    roles.provision(str(socket_folder_of(server.folder)))
    marker.parent.mkdir(exist_ok=True)
    marker.write_text(roles.VERSION)


def _marker(folder: Path) -> Path:
    return folder / "stamps" / "provisioned"


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text + "\n")
