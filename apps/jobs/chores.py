"""What has to be done once a day: erase what was deleted long ago and sweep up what killed processes left behind.

The relay does it, in a thread beside its ringing. Several relays take turns by an advisory lock; a chore that is done
twice finds nothing to do.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.core.management import call_command
from django.db import Error, connection
from django.utils.module_loading import import_string

from apps.accounts.services import purge_deleted_workspaces
from apps.assets.services import purge_quarantine
from apps.core.errors import AppError
from apps.jobs import stations

logger = logging.getLogger(__name__)
FIRST_AFTER_S = 60.0
EVERY_S = 24 * 3600.0
LEFT_BEHIND_FOR = timedelta(days=1)
LOCK = 0x5646_0001  # any number that nobody else locks


def forget_uploads() -> str:
    uploads, files = purge_quarantine(older_than=LEFT_BEHIND_FOR)
    return f"{uploads} uploads and {files} files forgotten"


def forget_sessions() -> str:
    call_command("clearsessions")
    return "expired sessions forgotten"


def erase_workspaces() -> str:
    return f"{purge_deleted_workspaces()} workspaces erased"


def forget_of_apps() -> str:
    """What the apps above the queue have to erase: functions that are named in the settings and return a number."""
    done = {path.rpartition(".")[2]: import_string(path)() for path in settings.DAILY_CHORES}
    return ", ".join(f"{name}: {count}" for name, count in done.items())


def forget_workers() -> str:
    return f"{stations.forget_silent()} GPU workers forgotten"


def fetch_cutout_weights() -> str:
    """Done when the file is there; without a network it says so once a day and the built-in engine works on."""
    wanted = settings.CUTOUT_WEIGHTS_DIR / f"{settings.CUTOUT_MODEL}.onnx"
    if wanted.exists() or not settings.CUTOUT_DOWNLOAD:
        return "no cutout weights to fetch"
    command = [sys.executable, "-m", "inference", "weights", "--model", settings.CUTOUT_MODEL]
    # Another process: this one stays small, and a download may take as long as it takes.
    done = subprocess.run([*command, "--dir", str(wanted.parent)], capture_output=True, text=True, check=False)
    if done.returncode:
        return f"cutout weights are not here, the built-in engine is used: {_message(done.stdout)}"
    return f"cutout weights fetched: {wanted}"


def _message(printed: str) -> str:
    """What the library's command line says went wrong: its last line is JSON."""
    try:
        return str(json.loads(printed.strip().rpartition("\n")[2])["message"])
    except (ValueError, LookupError, TypeError):
        return printed.strip()[-300:]


CHORES: tuple[Callable[[], str], ...] = (
    forget_uploads,
    forget_sessions,
    erase_workspaces,
    forget_of_apps,
    forget_workers,
    fetch_cutout_weights,
)


def do_all() -> bool:
    """Do every chore, each for itself: one that fails is said and tried again tomorrow. False: another relay does."""
    with _alone() as is_mine:
        for chore in CHORES if is_mine else ():
            try:
                logger.info("daily: %s", chore())
            except (AppError, Error, OSError) as error:
                logger.warning("daily: %s did not work out: %s", chore.__name__, str(error).strip())
    return is_mine


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        (is_mine,) = cursor.fetchone()
    try:
        yield is_mine
    finally:
        # The server gives up the lock of a closed connection in its own time: the next relay should not have to wait.
        if is_mine and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        connection.close()


class Daily:
    """Starts the chores when their time has come, and never keeps the caller waiting."""

    def __init__(self) -> None:
        self._due_at = time.monotonic() + FIRST_AFTER_S
        self._thread: threading.Thread | None = None

    def tick(self) -> None:
        if time.monotonic() < self._due_at or (self._thread is not None and self._thread.is_alive()):
            return
        self._due_at = time.monotonic() + EVERY_S
        # A daemon: a relay that is told to stop does not wait, and every chore can be cut off anywhere.
        self._thread = threading.Thread(target=_in_thread, name="daily", daemon=True)
        self._thread.start()


def _in_thread() -> None:
    try:
        do_all()
    except Error as error:
        logger.warning("daily: the database is away: %s", str(error).strip())
