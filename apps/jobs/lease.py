"""One worker's hold on one job: progress, cancel, deadline and a keep-alive while the work is silent."""

from __future__ import annotations

import logging
import mmap
import struct
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType

from django.db import InterfaceError, OperationalError, connection

from apps.jobs import transitions
from apps.jobs.kinds import DeadlinePassed, JobCancelled, JobKind, LeaseLost, WorkerStopping, whole_fraction
from apps.jobs.transitions import LEASE_S, Held

logger = logging.getLogger(__name__)
KEEP_ALIVE_S = 1.0
WRITE_EVERY_S = 0.25
# Shared with the children that a worker forks: the monotonic time at which work that still runs is given back.
_stop_at = mmap.mmap(-1, 8)


def stop_work_at(moment_s: float) -> None:
    """Ask every worker process of this family to give its job back at its first report after ``time.monotonic()``."""
    _stop_at[:8] = struct.pack("d", moment_s)


def _must_stop() -> bool:
    (moment_s,) = struct.unpack("d", _stop_at[:8])
    return bool(moment_s) and time.monotonic() >= moment_s


class Lease:
    """A context manager whose ``on_progress`` is handed to the work.

    The keep-alive thread has a database connection of its own. It renews the lease and listens for a cancel until the
    deadline; after that silence lets the lease run out, and the sweeper gives the job to somebody else.
    """

    def __init__(self, held: Held, kind: JobKind) -> None:
        self.held = held
        self._kind = kind
        self._deadline = time.monotonic() + kind.deadline_s
        self._ended = threading.Event()
        self._verdict: LeaseLost | JobCancelled | None = None
        self._renewed_at = time.monotonic()
        self._written_at = 0.0
        self._stage = ""
        self._figures: Mapping[str, float] = {}
        self._progress = 0.0
        self._is_behind = False
        self._thread = threading.Thread(target=self._keep_alive, name="keep-alive", daemon=True)

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def on_progress(self, stage: str, fraction: float, figures: Mapping[str, float] | None = None) -> None:
        """Raises a StopWork. Writes at most every ``WRITE_EVERY_S``: a shot has a dozen stages in less than a second.

        What was left out is written by the next report, or by the keep-alive where the work falls silent.
        """
        self.check()
        self._stage = stage
        self._figures = figures if figures is not None else self._figures
        self._progress = max(self._progress, whole_fraction(self._kind, stage, fraction))
        now = time.monotonic()
        self._is_behind = now - self._written_at < WRITE_EVERY_S
        if self._is_behind:
            return
        self._written_at = now
        self._guarded(self._report)
        self.check()

    def _report(self) -> None:
        self._is_behind = False
        transitions.report(self.held, self._stage, self._progress, figures=self._figures)

    def check(self) -> None:
        """Raises the reason to stop, if there is one."""
        if self._verdict is not None:
            raise self._verdict
        now = time.monotonic()
        if now >= self._deadline:
            raise DeadlinePassed
        if now - self._renewed_at > LEASE_S:
            raise LeaseLost("the database was away for longer than a lease")
        if _must_stop():
            raise WorkerStopping

    def _keep_alive(self) -> None:
        try:
            while not self._ended.wait(KEEP_ALIVE_S):
                if self._verdict is not None or time.monotonic() >= self._deadline:
                    return
                self._guarded(self._report if self._is_behind else lambda: transitions.renew(self.held))
        finally:
            connection.close()

    def _guarded(self, write: Callable[[], None]) -> None:
        """Note the row's verdict; an absent database is no reason to stop before the lease is over."""
        try:
            write()
            self._renewed_at = time.monotonic()
        except (LeaseLost, JobCancelled) as verdict:
            self._verdict = verdict
        except (OperationalError, InterfaceError) as error:
            logger.warning("the lease of %s was not renewed: %s", self.held.job_id, str(error).strip())
            connection.close()
