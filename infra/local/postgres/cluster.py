"""One cluster on disk: made with initdb, checked for its version, run under the account that may run it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psycopg

from infra.local import processes
from infra.local.errors import SetupError
from infra.local.postgres import roles
from infra.local.postgres.account import Account
from infra.local.postgres.install import SHARED_PLACES

READY_TIMEOUT_S = 120.0
RESTART_MOMENTS_S = 3.0
SOCKET_PARENT = Path("/tmp")  # noqa: S108 - a socket's path has to be short; the folder made in it is private
LARGEST_LOG_BYTES = 16 << 20
_SETTINGS = ("listen_addresses=", "unix_socket_permissions=0700", "log_line_prefix=%m [%p] %u@%d ", "log_timezone=UTC")
_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass(frozen=True)
class Cluster:
    """The cluster whose files lie in `folder`; the caller holds the folder's lock."""

    folder: Path
    account: Account
    durable: bool

    @property
    def files(self) -> Path:
        """PostgreSQL's own data directory."""
        return (self.folder / "cluster").resolve()

    @property
    def socket_folder(self) -> Path:
        """Where its socket lies."""
        return socket_folder_of(self.folder)

    def prepare(self) -> None:
        """Create the cluster unless it exists; refuse one that another version of PostgreSQL made."""
        if not (self.folder / "cluster").exists():
            self._create()
        made_by = (self.files / "PG_VERSION").read_text().strip()
        if made_by != str(self.account.install.major):
            raise SetupError(
                f"The database in {self.folder} was made by PostgreSQL {made_by}, and the installed one is "
                f"{self.account.install.major}; carry it over with pg_dump and pg_restore (docs/operations.md), "
                "or start with another VISUALFORGE_DATA_DIR."
            )

    def run(self, lock: int, give_up_after_s: float | None = READY_TIMEOUT_S) -> subprocess.Popen[bytes]:
        """Start the server, which inherits `lock`, and wait until it answers; with None for moments only.

        Raises SetupError when it ends before it answers, or does not answer in time.
        """
        self._clear_stale()
        _make_private(self.socket_folder, {os.geteuid(), self.account.owner})
        self.account.give(self.socket_folder)
        settings = _SETTINGS if self.durable else _SETTINGS + _NOT_DURABLE
        arguments = ["-D", str(self.files), "-k", str(self.socket_folder)]
        for setting in settings:
            arguments += ["-c", setting]
        log = self._open_log()
        with log:
            begin = log.tell()
            process = subprocess.Popen(
                self.account.command("postgres", *arguments),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock,),
                start_new_session=True,
                preexec_fn=processes.tied_to_parent(signal.SIGINT),
                **self.account.popen,
            )
        self._wait_until_ready(process, begin, give_up_after_s)
        return process

    def _create(self) -> None:
        home = self.folder
        if not self.account.reaches(home):
            home = _home_for(self.account)
        partial = home / "cluster.new"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        self.account.give(partial)
        arguments = ["-D", str(partial), "-U", roles.ADMIN, "-A", "trust", "-E", "UTF8", "--no-locale"]
        if not self.durable:
            arguments.append("--no-sync")
        command = self.account.command("initdb", *arguments)
        made = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, **self.account.popen)
        if made.returncode:
            raise SetupError(f"PostgreSQL could not create its data directory: {_complaint(made.stderr)}")
        shutil.rmtree(self.folder / "stamps", ignore_errors=True)  # what was done to a database that is gone
        partial.rename(home / "cluster")
        if home != self.folder:
            (self.folder / "cluster").unlink(missing_ok=True)
            (self.folder / "cluster").symlink_to(home / "cluster")

    def _clear_stale(self) -> None:
        """Remove what a killed server left behind. Holding the lock, we know that none of our servers is alive."""
        pid_file = self.files / "postmaster.pid"
        if not pid_file.exists():
            return
        noted = pid_file.read_text().partition("\n")[0].strip()  # nothing, where the disk was full
        pid = int(noted) if noted.isdigit() else 0
        if pid and processes.is_running(pid) and _working_folder(pid) == self.files:
            raise SetupError(
                f"A PostgreSQL that VisualForge did not start (process {pid}) uses {self.files}; "
                "stop it, then run the command again."
            )
        pid_file.unlink()
        for leftover in self.socket_folder.glob(".s.PGSQL.*"):
            leftover.unlink()

    def _open_log(self) -> BinaryIO:
        path = self.folder / "log"
        if path.exists() and path.stat().st_size > LARGEST_LOG_BYTES:
            path.replace(path.with_name("log.1"))
        path.touch(mode=0o600)
        return path.open("ab")

    def _wait_until_ready(
        self, process: subprocess.Popen[bytes], log_begin: int, give_up_after_s: float | None
    ) -> None:
        patience_s = RESTART_MOMENTS_S if give_up_after_s is None else give_up_after_s
        deadline = time.monotonic() + patience_s
        while not answers(self.socket_folder, roles.ADMIN, "postgres"):
            if process.poll() is not None:
                said = (self.folder / "log").read_bytes()[log_begin:].decode(errors="replace")
                raise SetupError(f"PostgreSQL did not start: {_complaint(said)} (see {self.folder / 'log'})")
            if time.monotonic() > deadline:
                if give_up_after_s is None:
                    return
                process.kill()
                raise SetupError(f"PostgreSQL did not answer for {patience_s:.0f} s; see {self.folder / 'log'}")
            time.sleep(0.02)


def answers(socket_folder: Path, role: str, database: str) -> bool:
    """Whether a server behind `socket_folder` accepts a connection."""
    try:
        psycopg.connect(host=str(socket_folder), user=role, dbname=database, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def socket_folder_of(folder: Path) -> Path:
    """The private folder for the socket of the cluster in `folder`: short, and the same at every start."""
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    # The owner is part of the name: files that change hands do not meet the former owner's folder.
    owner = folder.stat().st_uid if folder.exists() else os.geteuid()
    return SOCKET_PARENT / f"visualforge-{owner}-{digest}"


def _make_private(folder: Path, owners: set[int | None]) -> None:
    """Create `folder` for us alone; a folder of that name that is none of the `owners`' is refused, not used."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
        raise SetupError(f"{folder} belongs to somebody else; remove it, then run the command again.")
    folder.chmod(0o700)


def _home_for(account: Account) -> Path:
    """A folder that `account` can enter, for a data directory that it can not."""
    for place in SHARED_PLACES:
        if os.access(place, os.W_OK):
            home = Path(tempfile.mkdtemp(prefix="visualforge-database-", dir=place))
            home.chmod(0o711)
            if account.reaches(home):
                return home
            home.rmdir()
    raise SetupError(
        "No folder was found in which PostgreSQL can keep its files under an account other than root; "
        "run as a normal user, or set DATABASE_URL to a server of your own."
    )


def _working_folder(pid: int) -> Path | None:
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd"))
    except OSError:
        return None


def _complaint(output: str) -> str:
    """The line in which a PostgreSQL program says what is wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    loud = [line for line in lines if re.search(r"\b(FATAL|PANIC|error):", line)]
    chosen = (loud or lines or ["it said nothing"])[0]
    return re.sub(r"^.*?\b(?:FATAL|PANIC|error):\s+", "", chosen)
