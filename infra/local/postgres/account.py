"""As whom PostgreSQL runs: it refuses root, so under root it gets another identity.

A normal user runs it directly. Root runs it inside a user namespace, where root carries another number and keeps its
files; where the kernel or a container forbids that, an unprivileged account of the machine runs a copy of it.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.errors import SetupError
from infra.local.postgres.install import Install, copy_for_everyone

UNPRIVILEGED = ("postgres", "nobody", "daemon")


@dataclass(frozen=True)
class Account:
    """How to start a program of `install` so that it does not run as root."""

    install: Install
    prefix: tuple[str, ...] = ()
    popen: dict[str, Any] = field(default_factory=dict)
    owner: int | None = None
    """The user id that has to own the data directory and the socket directory; None: whoever runs us."""

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command line of a PostgreSQL program under this account."""
        return [*self.prefix, str(self.install.program(program)), *arguments]

    def give(self, path: Path) -> None:
        """Let the account own `path`."""
        if self.owner is not None:
            os.chown(path, self.owner, self.popen["group"])

    def reaches(self, folder: Path) -> bool:
        """Whether the account can enter `folder` and execute PostgreSQL from there."""
        script = 'cd "$1" && exec "$2" --version'
        command = [*self.prefix, "/bin/sh", "-c", script, "sh", str(folder), str(self.install.program("postgres"))]
        try:
            tried = subprocess.run(command, capture_output=True, check=False, **self.popen)
        except OSError:
            return False
        return tried.returncode == 0


def choose(install: Install, folder: Path, kind: str | None = None) -> Account:
    """The account for a cluster that lives in or below `folder`.

    `kind` ("direct", "namespace" or "unprivileged") overrides what the probes of the machine say. An existing cluster
    keeps the account that owns it.
    """
    if kind == "direct" or (kind is None and os.geteuid() != 0):
        return Account(install)
    cluster = folder / "cluster"
    owner = cluster.stat().st_uid if cluster.exists() else None
    if kind == "namespace" or (kind is None and owner in (None, 0)):
        account = _in_namespace(install)
        if kind == "namespace" or account.reaches(folder):
            return account
    if owner == 0:
        raise SetupError(
            f"The database in {folder} belongs to root, and this machine gives root no user namespace to run it in; "
            "run as a normal user with a VISUALFORGE_DATA_DIR of its own, or set DATABASE_URL to a server of yours."
        )
    return _unprivileged(install, owner)


def _in_namespace(install: Install) -> Account:
    number = str(_unprivileged_entry(None).pw_uid)
    return Account(install, prefix=("unshare", "--user", f"--map-user={number}", f"--map-group={number}"))


def _unprivileged(install: Install, owner: int | None) -> Account:
    entry = _unprivileged_entry(owner)
    identity: dict[str, Any] = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    account = Account(install, popen=identity, owner=entry.pw_uid)
    if account.reaches(Path("/")):
        return account
    return Account(copy_for_everyone(install), popen=identity, owner=entry.pw_uid)


def _unprivileged_entry(owner: int | None) -> pwd.struct_passwd:
    # initdb looks its own number up in the user database, so an arbitrary number will not do.
    wanted = UNPRIVILEGED if owner is None else (owner,)
    for name in wanted:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name) if isinstance(name, str) else pwd.getpwuid(name)
    raise SetupError(
        f"PostgreSQL refuses to run as root, and there is no account {' or '.join(map(str, wanted))} to run it as; "
        "run as a normal user, or set DATABASE_URL to a server of your own."
    )
