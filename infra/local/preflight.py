"""Looks at the machine before anything starts; whatever is in the way becomes one sentence."""

from __future__ import annotations

import errno
import importlib
import os
import secrets
import shutil
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from apps.core.env import BROKERS, DATABASES, MOST_WORKERS, usable_cores
from infra.local import locks
from infra.local.errors import SetupError

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
NEEDED_BYTES = 1 << 30
DATABASE_WAIT_S = 10
BROKER_WAIT_S = 5
MOST_WEB_PROCESSES = 64


@dataclass(frozen=True)
class Options:
    """What `make run` was asked for."""

    port: int
    data_dir: Path
    workers: int
    """How many jobs run at the same time."""

    @property
    def address(self) -> str:
        """Where the browser finds us."""
        return f"http://{HOST}:{self.port}"


def read_options(environment: Mapping[str, str], root: Path) -> Options:
    """Take PORT, VISUALFORGE_DATA_DIR and WORKER_CONCURRENCY from the environment. Raises SetupError."""
    _whole(environment, "WEB_CONCURRENCY", 1, MOST_WEB_PROCESSES)  # gunicorn reads it, and dies of nonsense
    port = _whole(environment, "PORT", DEFAULT_PORT, 65535)
    workers = _whole(environment, "WORKER_CONCURRENCY", usable_cores(), MOST_WORKERS)
    data_dir = Path(environment.get("VISUALFORGE_DATA_DIR", "").strip() or ".data")
    return Options(port, (root / data_dir).resolve(), workers)


def claim(options: Options) -> int:
    """Take possession of the data directory; the returned descriptor holds its lock. Raises SetupError."""
    data_dir = options.data_dir
    try:
        data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        lock = locks.try_lock(data_dir / "run.lock")
    except OSError as error:
        raise SetupError(
            f"The data directory {data_dir} can not be written ({error.strerror}); "
            "set VISUALFORGE_DATA_DIR to a folder of your own."
        ) from error
    if lock is None:
        raise SetupError(_already_running(data_dir))
    check_disk(data_dir)
    check_port(options.port)
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()} {options.address}".encode())
    return lock


def check_port(port: int) -> None:
    """Whether we may listen on `port` and nobody else does. Raises SetupError."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(1)
        except OSError as error:
            other = port + 1 if 1024 < port < 65535 else DEFAULT_PORT
            reason = {
                errno.EADDRINUSE: "is in use by another program",
                errno.EACCES: "is reserved for the administrator",
            }.get(error.errno or 0, f"can not be used ({error.strerror})")
            raise SetupError(f"Port {port} {reason}; choose another one: make run PORT={other}") from error


def check_disk(data_dir: Path) -> None:
    """Whether there is room to work in. Raises SetupError."""
    free = shutil.disk_usage(data_dir).free
    if free < NEEDED_BYTES:
        raise SetupError(
            f"Only {free >> 20} MB are free on the disk of {data_dir}, and VisualForge needs 1 GB to work in; "
            "free some space, or set VISUALFORGE_DATA_DIR to a folder on another disk."
        )


def check_addresses(environment: Mapping[str, str]) -> None:
    """Whether the addresses of database and broker are of a kind that we can talk to. Raises SetupError."""
    for name, known, own in (
        ("DATABASE_URL", DATABASES, "the database that comes along"),
        ("DATABASE_MIGRATION_URL", DATABASES, "the role of DATABASE_URL"),
        ("CELERY_BROKER_URL", BROKERS, "files in the data folder"),
    ):
        address = environment.get(name, "").strip()
        scheme, separator, _ = address.partition("://")
        if address and not (separator and scheme in known):
            # The address itself may hold a password, so only its beginning is said.
            begins = f"{scheme}://" if separator else "something else"
            raise SetupError(
                f"{name} has to start with {_listed(f'{one}://' for one in known if one != 'memory')}, and it starts "
                f"with {begins}; mend it, or unset it to use {own}."
            )


def check_database(url: str) -> None:
    """Whether the PostgreSQL that somebody else runs lets us in. Raises SetupError."""
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=DATABASE_WAIT_S).close()
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise SetupError(
            f"The database that DATABASE_URL names can not be reached ({reason}); start it or mend the address, "
            "or unset DATABASE_URL to use the database that comes along."
        ) from error


def check_broker(url: str) -> None:
    """Whether the broker that somebody else runs lets us in; a folder always does. Raises SetupError."""
    if not url or url.startswith(("filesystem", "memory")):
        return
    from kombu.connection import Connection
    from kombu.exceptions import KombuError

    patience = {"socket_connect_timeout": BROKER_WAIT_S}
    broker = Connection(url, connect_timeout=BROKER_WAIT_S, transport_options=patience)  # type: ignore[no-untyped-call]
    try:
        with broker:
            broker.ensure_connection(max_retries=1, interval_start=0.2)  # type: ignore[no-untyped-call]
    except (OSError, KombuError, *broker.connection_errors, *broker.channel_errors) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise SetupError(
            f"The broker that CELERY_BROKER_URL names can not be reached ({reason}); start it or mend the address, "
            "or unset CELERY_BROKER_URL to use files in the data folder."
        ) from error


def check_settings(environment: Mapping[str, str]) -> None:
    """Whether every setting makes sense, by reading them as the programs will. Raises SetupError with the sentence."""
    from django.core.exceptions import ImproperlyConfigured

    before = dict(os.environ)
    os.environ.update(environment)
    os.environ["SECRET_KEY"] = environment.get("SECRET_KEY") or "made later, where it is missing"
    os.environ["DATABASE_URL"] = environment.get("DATABASE_URL") or "postgresql://started@later/visualforge"
    try:
        importlib.import_module(environment.get("DJANGO_SETTINGS_MODULE") or "apps.config.settings.embedded")
    except ImproperlyConfigured as error:
        raise SetupError(str(error)) from error
    finally:
        os.environ.clear()
        os.environ.update(before)


def secret_key(data_dir: Path) -> str:
    """The installation's own secret, made once and readable by its user alone."""
    path = data_dir / "secret_key"
    if not path.exists():
        partial = path.with_suffix(".new")
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_urlsafe(64))
        partial.replace(path)
    return path.read_text().strip()


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}"


def _whole(environment: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = environment.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise SetupError(f"{name} has to be a whole number between 1 and {most}, and it is {text!r}.")
    return int(text)


def _already_running(data_dir: Path) -> str:
    pid, _, address = (data_dir / "run.lock").read_text().partition(" ")
    at = f" at {address} (process {pid})" if address else ""
    return (
        f"VisualForge already runs{at} with the data in {data_dir}; stop that one, "
        "or give this one its own: make run PORT=8001 VISUALFORGE_DATA_DIR=.data-2"
    )
