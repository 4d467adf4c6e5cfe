"""Adapters in a GPU worker's process: fetched by the hash of their file, and trained between the passes of the desk."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from apps.jobs import engines
from inference.adapters import SUFFIX, Result, TrainingHost

KEPT_S = 1800.0
"""What was asked for lately stays, however full the cache is: somebody is about to draw with it."""


class AdapterCache:
    """Files of adapters on this machine, by the SHA-256 of their bytes; processes of the machine share it.

    Args:
        most_bytes: beyond this the files that were not asked for the longest leave.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder, self._most_bytes = folder, most_bytes

    def ensure(self, sha256: str, read: Callable[[], bytes]) -> Path:
        """The file, fetched with ``read`` (which has compared the bytes with their hash) where it is not here."""
        path = self._folder / f"{sha256}{SUFFIX}"
        if not _touched(path):
            self._write(path, read())
            self._make_room()
        return path

    def _write(self, path: Path, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            os.replace(part, path)
        finally:
            Path(part).unlink(missing_ok=True)

    def _make_room(self) -> None:
        facts = [(path.stat(), path) for path in self._folder.glob(f"*{SUFFIX}")]
        facts.sort(key=lambda fact: fact[0].st_mtime)
        over = sum(stat.st_size for stat, _ in facts) - self._most_bytes
        for stat, path in facts:
            if over <= 0 or time.time() - stat.st_mtime < KEPT_S:
                return
            path.unlink(missing_ok=True)
            over -= stat.st_size


def _touched(path: Path) -> bool:
    """Note that a file was asked for; False where it is not here."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def fetch(sha256: str, read: Callable[[], bytes]) -> str:
    """Make an adapter available to the models of this process; returns the name that requests call it by."""
    most_bytes = settings.GENERATOR_ADAPTERS_CACHE_MB * 2**20
    AdapterCache(settings.GENERATOR_ADAPTERS_CACHE, most_bytes).ensure(sha256, read)
    return sha256


class DeskHost(TrainingHost):
    """A training that shares the device with what is drawn here: one piece of work between two passes.

    Args:
        on_wait: called while a piece waits and runs; what it raises ends the training.
    """

    def __init__(self, on_wait: Callable[[], None]) -> None:
        self._on_wait = on_wait
        self.device_s = 0.0
        """Seconds of the device's time so far."""

    def turn(self, work: Callable[[], Result]) -> Result:
        """See ``adapters.TrainingHost``."""

        def timed() -> Result:
            started = time.monotonic()
            try:
                return engines.watched(work)
            finally:
                self.device_s += time.monotonic() - started

        return engines.desk().lend(timed, on_wait=self._on_wait)

    def afterwards(self, work: Callable[[], None]) -> None:
        """See ``adapters.TrainingHost``."""
        engines.desk().lend_later(lambda: engines.watched(work))
