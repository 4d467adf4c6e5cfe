"""What the queue can do: one class a kind, registered in ``settings.JOB_KINDS`` and resolved at boot by a check.

    load   (tenant scope)   rows and bytes -> plain data
    work   (no database)    plain data -> outcome; reports progress; may take long; files go to deterministic keys
    finish (tenant scope)   domain rows and ledger, in the transaction that sets the job succeeded
    fail   (tenant scope)   domain rows follow, in the transaction that sets the job failed or cancelled

Everything but ``finish`` and ``fail`` may run more than once for one job. A ``fail`` that breaks every time is left out
in the end; see ``Abandonable``.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, runtime_checkable

from django.conf import settings
from django.utils.module_loading import import_string

from apps.jobs.models import CPU_LANE, Job
from inference.errors import Cancelled

UNKNOWN_DEADLINE_S = 600.0


class OnProgress(Protocol):
    """Called by the work with a stage's name and the fraction done (0 to 1) of the whole job.

    ``figures``, where given, become ``job.figures``: what the work measures while it runs.
    Raises a subclass of ``inference.errors.Cancelled`` when the work has to stop; let it pass.
    """

    def __call__(self, stage: str, fraction: float, figures: Mapping[str, float] | None = None) -> None: ...


@runtime_checkable
class JobKind(Protocol):
    name: str
    deadline_s: float

    def load(self, job: Job) -> Any:
        """Read what ``work`` needs. AppError and InferenceError end the job with their code."""

    def work(self, inputs: Any, on_progress: OnProgress) -> Any:
        """Do it, without the database."""

    def finish(self, job: Job, outcome: Any) -> dict[str, Any]:
        """Write the rows that the work produced and return ``job.result``."""

    def fail(self, job: Job, code: str) -> None:
        """Let the rows of the domain follow a job that failed or was cancelled."""


@runtime_checkable
class Preloadable(Protocol):
    def preload(self) -> None:
        """Load what the worker processes of a machine share, before they are forked: no threads, no connections."""


@runtime_checkable
class Warmable(Protocol):
    def warm(self) -> None:
        """Load engines before the first job arrives; called once in every worker process."""


@runtime_checkable
class Restartable(Protocol):
    def restart(self, job: Job) -> None:
        """Let the rows of the domain follow a failed or cancelled job that is queued again by a person."""


@runtime_checkable
class Abandonable(Protocol):
    def abandon(self, job: Job) -> None:
        """The least that rows of the domain must know of a job that ended without ``fail``, because that broke.

        A statement or two and nothing that may break as well: it runs in the transaction that sets the job failed.
        """


@runtime_checkable
class Disposable(Protocol):
    def unwanted(self, jobs: Sequence[Job]) -> set[uuid.UUID]:
        """Which of ``jobs``, all of this kind, are for something that a person has deleted: none is tried again."""


@dataclass(frozen=True)
class Place:
    """Where people find what a job makes: a page, and a small picture of it if there is one."""

    url: str
    picture: str = ""


@runtime_checkable
class Placed(Protocol):
    def place(self, job: Job, *, of_batch: bool) -> Place | None:
        """Where the job's outcome is, or with ``of_batch`` that of its whole batch; None where it is gone."""


@runtime_checkable
class Staged(Protocol):
    """A kind whose work reports each stage from 0 to 1: ``stages`` says which span of the whole that is."""

    stages: Mapping[str, tuple[float, float]]


@runtime_checkable
class Laned(Protocol):
    def lane(self, params: Mapping[str, Any]) -> str:
        """The lane of a job with these params, for kinds that not every worker can do: ``gpu-<model>``."""


class StopWork(Cancelled):
    """Raised by ``on_progress``: this worker has to let go of the job."""


class JobCancelled(StopWork):
    """A person cancelled it."""


class LeaseLost(StopWork):
    """The row went on without this worker."""


class DeadlinePassed(StopWork):
    """It took longer than the kind allows."""


class WorkerStopping(StopWork):
    """The process is asked to end and the job goes back to the queue."""


@cache
def _instance(path: str) -> JobKind:
    kind: JobKind = import_string(path)()
    return kind


def find_kind(name: str) -> JobKind:
    """Raises KeyError for a name that is not registered."""
    return _instance(settings.JOB_KINDS[name])


def is_known(name: str) -> bool:
    """False for a kind that only an older or newer version of the product has."""
    return name in settings.JOB_KINDS


def deadline_s(name: str) -> float:
    """How long an attempt may take; a generous limit for a kind that is not known here."""
    return find_kind(name).deadline_s if is_known(name) else UNKNOWN_DEADLINE_S


def lane_of(name: str, params: Mapping[str, Any]) -> str:
    """Who can do a job of this kind with these params."""
    kind = find_kind(name)
    return kind.lane(params) if isinstance(kind, Laned) else CPU_LANE


def all_kinds() -> list[JobKind]:
    return [find_kind(name) for name in settings.JOB_KINDS]


def quiet_kinds() -> list[str]:
    """Kinds with ``quiet = True``: too small and too many for the tray and the Activity page."""
    return [kind.name for kind in all_kinds() if getattr(kind, "quiet", False)]


def title(name: str) -> str:
    """What people call the kind: its ``title``, else its name, which also serves kinds that are gone."""
    return str(getattr(find_kind(name), "title", name)) if is_known(name) else name


def place(job: Job, *, of_batch: bool = False) -> Place | None:
    """Where the job's outcome can be seen, if its kind knows."""
    kind = find_kind(job.kind) if is_known(job.kind) else None
    return kind.place(job, of_batch=of_batch) if isinstance(kind, Placed) else None


def unwanted(jobs: Iterable[Job]) -> set[uuid.UUID]:
    """Which of ``jobs`` are for something that a person has deleted; one or two queries a kind."""
    by_kind: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        by_kind[job.kind].append(job)
    known = ((find_kind(name), some) for name, some in by_kind.items() if is_known(name))
    return {key for kind, some in known if isinstance(kind, Disposable) for key in kind.unwanted(some)}


def whole_fraction(kind: JobKind, stage: str, fraction: float) -> float:
    """The fraction done of the whole job."""
    begin, end = kind.stages.get(stage, (0.0, 1.0)) if isinstance(kind, Staged) else (0.0, 1.0)
    return begin + (end - begin) * min(max(fraction, 0.0), 1.0)
