"""Kinds that do what a test tells them in ``job.params``."""

from __future__ import annotations

from typing import Any

from apps.billing import services as ledger
from apps.core.errors import InvalidInput, Unavailable
from apps.jobs.kinds import OnProgress
from apps.jobs.models import Job
from inference.errors import EngineFailed, InputRejected

ERRORS = {
    "refused": lambda: InputRejected("cutout.empty_mask", "nothing there", share=3),
    "broken": lambda: EngineFailed("engine.broke", "the engine broke"),
    "invalid": lambda: InvalidInput("studio.name_missing"),
    "overloaded": lambda: Unavailable("engine.busy"),
    "bug": lambda: ZeroDivisionError("a bug"),
}


class Killed(BaseException):
    """What a process that is killed leaves behind: nothing. No ``except Exception`` gets to see it."""


HOOK_ERRORS: dict[Any, type[BaseException]] = {"bug": ZeroDivisionError, "killed": Killed}


class Obedient:
    """``params``: error (raised by work), steps (progress reports), fail_error (raised by the hook: bug, killed)."""

    name = "test.obedient"
    title = "Obedience"
    deadline_s = 60.0
    calls: list[tuple[str, str]] = []
    during_work: Any = None

    def load(self, job: Job) -> dict[str, Any]:
        self.calls.append(("load", str(job.id)))
        return job.params

    def work(self, inputs: dict[str, Any], on_progress: OnProgress) -> str:
        for step in range(inputs.get("steps", 0)):
            on_progress(f"step {step}", step / inputs["steps"])
        if type(self).during_work is not None:
            type(self).during_work()
        if "error" in inputs:
            raise ERRORS[inputs["error"]]()
        return "outcome"

    def finish(self, job: Job, outcome: str) -> dict[str, Any]:
        self.calls.append(("finish", str(job.id)))
        ledger.record(job.id, job.workspace, kind=self.name, cpu_ms=job.cpu_ms)
        return {"outcome": outcome}

    def fail(self, job: Job, code: str) -> None:
        self.calls.append((f"fail {code}", str(job.id)))
        if "fail_error" in job.params:
            raise HOOK_ERRORS[job.params["fail_error"]]("in the hook")

    def restart(self, job: Job) -> None:
        self.calls.append(("restart", str(job.id)))


class Hasty(Obedient):
    name = "test.hasty"
    deadline_s = 0.000001
    quiet = True
