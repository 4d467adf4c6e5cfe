"""One attempt at one job, from the claim to its end."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from apps.core.errors import AppError
from apps.core.tenancy import system_scope, tenant_scope
from apps.jobs import transitions
from apps.jobs.kinds import DeadlinePassed, JobCancelled, JobKind, LeaseLost, WorkerStopping, find_kind, is_known
from apps.jobs.lease import Lease
from apps.jobs.models import Job, JobState
from apps.jobs.patience import patiently
from apps.jobs.transitions import Held
from inference.errors import InferenceError

logger = logging.getLogger(__name__)
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@cache
def neighbourhood() -> str:
    """Names the processes among which a process id means something: this boot of this host, in this namespace of ids.

    Containers may share their host name, and each counts its processes from 1.
    """
    host, boot, namespace = socket.gethostname(), "", ""
    with contextlib.suppress(OSError):  # not every system tells
        boot, namespace = BOOT_ID.read_text(), os.readlink("/proc/self/ns/pid")
    return f"{host[:60]}/{sha256(f'{boot}{namespace}'.encode()).hexdigest()[:12]}"


def worker_name() -> str:
    return f"{neighbourhood()}/{os.getpid()}"


def claim_or_tidy(job_id: UUID) -> Held | None:
    """Claim the job. When that is refused, free it from a dead neighbour, and end it if it may not run any more."""
    held = patiently(lambda: transitions.claim(job_id, worker=worker_name()))
    if held is None:
        patiently(lambda: _free_from_dead_neighbour(job_id))
        patiently(lambda: transitions.settle(job_id))
    return held


class Meter:
    """Processor time of this attempt, from the moment at which it was made."""

    def __init__(self) -> None:
        self._clock = _cpu_clock()
        self._began = self._clock()

    @property
    def ms(self) -> int:
        return round((self._clock() - self._began) * 1000)


def execute(held: Held, meter: Meter | None = None) -> None:
    """Work on a claimed job. What the kind raises on purpose becomes its state; anything else is the caller's.

    What the attempt cost is added to the job's ``cpu_ms`` however it ends.

    A kind that is not known here uses up its attempts with their pauses, in which a worker of another version may take
    the job. It is not left waiting, because the bells of jobs that nobody can do would fill the broker for everybody.
    """
    if not is_known(held.kind):
        fail(held, "job_kind_unknown", retryable=True)
        return
    kind, meter = find_kind(held.kind), meter or Meter()
    try:
        with Lease(held, kind) as lease:
            _attempt(held, kind, lease, meter)
    except LeaseLost as lost:
        logger.warning("job %s went on without this worker: %s", held.job_id, lost)
    except WorkerStopping:
        patiently(lambda: transitions.give_back(held, cpu_ms=meter.ms))
    except JobCancelled:
        patiently(lambda: transitions.fail_attempt(held, "cancelled", retryable=False, cpu_ms=meter.ms))
    except DeadlinePassed:
        fail(held, "deadline_passed", {"minutes": minutes(kind.deadline_s)}, retryable=False, cpu_ms=meter.ms)
    except (AppError, InferenceError) as error:
        fail(held, error.code, error.params, retryable=error.retryable, cpu_ms=meter.ms)


def _attempt(held: Held, kind: JobKind, lease: Lease, meter: Meter) -> None:
    def load() -> object:
        with tenant_scope(held.workspace_id):
            return kind.load(Job.objects.select_related("workspace").get(id=held.job_id))

    inputs = patiently(load)
    lease.check()
    outcome = kind.work(inputs, lease.on_progress)
    lease.check()
    cpu_ms = meter.ms
    patiently(lambda: transitions.finish(held, kind, outcome, cpu_ms=cpu_ms))


def _cpu_clock() -> Callable[[], float]:
    """What one job's processor time is read from: where jobs share a process as threads, its own thread's."""
    return time.process_time if threading.current_thread() is threading.main_thread() else time.thread_time


def fail(
    held: Held,
    code: str,
    params: dict[str, str | int | float] | None = None,
    *,
    retryable: bool,
    cpu_ms: int = 0,
) -> None:
    logger.info("attempt %d of job %s did not work out: %s", held.attempt, held.job_id, code)
    patiently(lambda: transitions.fail_attempt(held, code, params, retryable=retryable, cpu_ms=cpu_ms))


def minutes(seconds: float) -> str:
    """Seconds as people read them in a sentence: ``2`` or ``1.5``."""
    return f"{seconds / 60:.3g}"


def _free_from_dead_neighbour(job_id: UUID) -> None:
    """Celery hands the message of a killed child to the next one: no need to wait for the lease to run out."""
    with system_scope():
        neighbours = Job.objects.filter(state=JobState.RUNNING, worker__startswith=f"{neighbourhood()}/")
        job = neighbours.filter(id=job_id).first()
    if job is None:
        return
    pid = job.worker.rpartition("/")[2]
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        transitions.let_go(Held(job.id, job.workspace_id, job.kind, job.attempts))
    except PermissionError:
        return
