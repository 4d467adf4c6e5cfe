"""The one Celery task: it carries a job's id, nothing else. Whether and how often to run is decided by the row."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.db import InterfaceError, OperationalError

from apps.jobs import runner, transitions
from apps.jobs.patience import patiently
from apps.jobs.transitions import Held

TASK = "jobs.run"


def run(job_id: str) -> None:
    """Claim the job and work on it; a job that somebody else has, or that ended, is none of our business.

    The one broad ``except`` of the code base: the row records "internal", the log and the error tracker get the rest.
    """
    held = runner.claim_or_tidy(UUID(job_id))
    if held is None:
        return
    meter = runner.Meter()
    try:
        runner.execute(held, meter)
    except Exception:
        _record(held, meter.ms)
        raise


def _record(held: Held, cpu_ms: int) -> None:
    """Let the row say "internal"; without the kind's own hook where that breaks as well."""
    is_settled = False
    try:
        runner.fail(held, "internal", retryable=True, cpu_ms=cpu_ms)
        is_settled = True
    except (OperationalError, InterfaceError):
        is_settled = True  # the database is away for long: the lease runs out, and the sweep finds the job
        raise
    finally:
        if not is_settled:
            patiently(lambda: transitions.end_without_hook(held))


run_job = shared_task(name=TASK, ignore_result=True, acks_late=True)(run)
