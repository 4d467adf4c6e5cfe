"""The one Celery task: it carries a job's id, nothing else. Whether and how often to run is decided by the row."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.db import InterfaceError, OperationalError

from apps.jobs import runner, transitions
from apps.jobs.patience import patiently

TASK = "jobs.run"


def run(job_id: str) -> None:
    """Claim the job and work on it; a job that somebody else has, or that ended, is none of our business.

    The one broad ``except`` of the code base: the row records "internal", the log and the error tracker get the rest.
    """
    held = runner.claim_or_tidy(UUID(job_id))
    if held is None:
        return
    try:
        runner.execute(held)
    except Exception:
        try:
            runner.fail(held, "internal", retryable=True)
        except (OperationalError, InterfaceError):
            raise  # the database is away for long: the lease runs out, and the sweep finds the job
        except Exception:
            patiently(lambda: transitions.end_without_hook(held))
            raise
        raise


run_job = shared_task(name=TASK, ignore_result=True, acks_late=True)(run)
