"""Jobs that leave marks which do not depend on their rows: a line in a plain table, and a ledger entry."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from django.db import connection

from apps.billing import services as ledger
from apps.jobs.kinds import OnProgress
from apps.jobs.models import Job
from inference.errors import InputRejected


class Effect:
    """``params``: seconds of work in ``steps`` steps."""

    name = "chaos.effect"
    deadline_s = 60.0

    def load(self, job: Job) -> dict[str, Any]:
        return job.params

    def work(self, inputs: dict[str, Any], on_progress: OnProgress) -> None:
        for step in range(inputs["steps"]):
            on_progress("working", step / inputs["steps"])
            time.sleep(inputs["seconds"] / inputs["steps"])

    def finish(self, job: Job, outcome: None) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO chaos_effect (job_id, attempt) VALUES (%s, %s)", [job.id, job.attempts])
        ledger.record(job.id, job.workspace, kind=self.name, cpu_ms=job.cpu_ms)
        return {}

    def fail(self, job: Job, code: str) -> None:
        """Nothing follows."""


class Poison(Effect):
    """Kills the process that works on it."""

    name = "chaos.poison"

    def work(self, inputs: dict[str, Any], on_progress: OnProgress) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class PoisonedEnd(Effect):
    """Kills the process that lets its rows follow a failure."""

    name = "chaos.poisoned_end"

    def work(self, inputs: dict[str, Any], on_progress: OnProgress) -> None:
        raise InputRejected("cutout.nothing_found", "there is nothing")

    def fail(self, job: Job, code: str) -> None:
        os.kill(os.getpid(), signal.SIGKILL)
