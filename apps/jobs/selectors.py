"""What the pages ask about jobs. A batch's state is counted from its jobs."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median

from django.conf import settings
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.core.errors import NotFound
from apps.jobs import kinds
from apps.jobs.kinds import Place, quiet_kinds
from apps.jobs.models import CPU_LANE, Batch, Job, JobState, Priority

OPEN = (JobState.QUEUED.value, JobState.RUNNING.value)
FILTERS: dict[str, tuple[str, ...]] = {
    "open": OPEN,
    "failed": (JobState.FAILED.value,),
    "done": (JobState.SUCCEEDED.value,),
    "cancelled": (JobState.CANCELLED.value,),
}
TYPICAL_OF_LAST = 20
PACE_AFTER = 4  # jobs of a batch, done before their pace says something
CHANGES_AT_MOST = 200
# Rows carry the time at which their transaction began, and may become visible this much later.
COMMIT_SLACK = timedelta(seconds=3)


@dataclass(frozen=True)
class Progress:
    """How far some jobs are: numbers of jobs by state, the fraction done of all, and the time left if it is known."""

    total: int
    queued: int
    running: int
    succeeded: int
    failed: int
    cancelled: int
    fraction: float
    left_s: float | None

    @property
    def is_open(self) -> bool:
        return self.queued + self.running > 0


@dataclass(frozen=True)
class Entry:
    """One row of the tray or of the Activity page: a batch, or a job that stands alone.

    ``is_unwanted``: what the job was for has been deleted, so it can not be tried again.
    """

    progress: Progress
    job: Job | None = None
    batch: Batch | None = None
    is_unwanted: bool = False

    @property
    def subject(self) -> Job | Batch:
        found = self.job or self.batch
        assert found is not None
        return found


def find_job(workspace: Workspace, job_id: uuid.UUID) -> Job:
    """Raises NotFound for a job of another workspace or none."""
    job = Job.objects.select_related("created_by").filter(workspace=workspace, id=job_id).first()
    if job is None:
        raise NotFound("not_found")
    return job


def find_batch(workspace: Workspace, batch_id: uuid.UUID) -> Batch:
    """Raises NotFound for a batch of another workspace or none."""
    batch = Batch.objects.select_related("created_by").filter(workspace=workspace, id=batch_id).first()
    if batch is None:
        raise NotFound("not_found")
    return batch


def place(workspace: Workspace, entry: Entry) -> Place | None:
    """Where people find what the job or the batch makes; a batch shows the picture of a job that is done."""
    job = entry.job
    if entry.batch is not None:
        job = Job.objects.filter(batch=entry.batch).order_by("-progress", "id").first()
    if job is None:
        return None
    job.workspace = workspace  # saves the query for its address
    return kinds.place(job, of_batch=entry.batch is not None)


def batch_jobs(batch: Batch) -> QuerySet[Job]:
    return Job.objects.filter(workspace_id=batch.workspace_id, batch=batch).order_by("id")


def entry_ids(workspace: Workspace, *, show: str = "", kind: str = "") -> QuerySet[Job, tuple[uuid.UUID, datetime]]:
    """Ids and times of batches and lone jobs, latest first. ``show`` is a key of ``FILTERS`` or empty for all."""
    jobs = Job.objects.filter(workspace=workspace, batch=None).exclude(kind__in=quiet_kinds())
    batches = Batch.objects.filter(workspace=workspace)
    if kind:
        jobs, batches = jobs.filter(kind=kind), batches.filter(kind=kind)
    if show:
        states = FILTERS[show]
        jobs = jobs.filter(state__in=states)
        batches = batches.filter(Exists(Job.objects.filter(batch=OuterRef("pk"), state__in=states)))
    columns = ("id", "created_at")
    return jobs.values_list(*columns).union(batches.values_list(*columns), all=True).order_by("-created_at", "-id")


def kinds_in_use(workspace: Workspace) -> list[str]:
    """Names of the kinds that this workspace has seen, for the filter."""
    kinds = Job.objects.filter(workspace=workspace).exclude(kind__in=quiet_kinds()).values_list("kind", flat=True)
    return sorted(kinds.distinct().order_by("kind"))


def entries(workspace: Workspace, ids: Sequence[uuid.UUID]) -> list[Entry]:
    """The batches and lone jobs of these ids, in this order."""
    jobs = list(Job.objects.select_related("created_by").filter(workspace=workspace, id__in=ids))
    batches = list(Batch.objects.select_related("created_by").filter(workspace=workspace, id__in=ids))
    typical = typical_seconds(workspace, {job.kind for job in jobs} | {batch.kind for batch in batches})
    deleted = kinds.unwanted(job for job in jobs if job.state in JobState.retryable())
    found = {job.id: Entry(job_progress(job, typical), job=job, is_unwanted=job.id in deleted) for job in jobs}
    found |= {entry.subject.id: entry for entry in _batch_entries(batches, typical)}
    return [found[id_] for id_ in ids if id_ in found]


def runs(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Neighbours that say the same, lone jobs of one kind that are done, together; every other entry alone."""

    def alike(entry: Entry) -> object:
        return entry.job.kind if entry.job and entry.job.state == JobState.SUCCEEDED else entry.subject.id

    return [list(run) for _, run in groupby(entries, key=alike)]


@dataclass(frozen=True)
class Tray:
    """What waits or runs now: the first ``entries``, and how many there are in all."""

    entries: list[Entry]
    total: int


def tray(workspace: Workspace, *, at_most: int = 20) -> Tray:
    """What began first comes first."""
    rows = _open_jobs(workspace).annotate(shown=Coalesce("batch_id", "id")).values("shown")
    begun = rows.annotate(began=Min("created_at")).order_by("began", "shown")
    ids = list(begun.values_list("shown", flat=True))
    return Tray(entries(workspace, ids[:at_most]), len(ids))


def open_count(workspace: Workspace) -> int:
    """How many jobs wait or run, those of batches one by one."""
    return _open_jobs(workspace).count()


def _open_jobs(workspace: Workspace) -> QuerySet[Job]:
    return Job.objects.filter(workspace=workspace, state__in=OPEN).exclude(kind__in=quiet_kinds())


def typical_seconds(workspace: Workspace, kinds: Iterable[str], *, lane: str = "") -> dict[str, float]:
    """The median time of the last successes of each kind, in one lane or in all; kinds without any are missing."""
    typical = {}
    for kind in kinds:
        done = Job.objects.filter(workspace=workspace, kind=kind, state=JobState.SUCCEEDED).order_by("-created_at")
        done = done.filter(lane=lane) if lane else done
        spans = done.annotate(span=F("ended_at") - F("started_at")).values_list("span", flat=True)[:TYPICAL_OF_LAST]
        seconds = [span.total_seconds() for span in spans if span is not None]
        if seconds:
            typical[kind] = median(seconds)
    return typical


def job_progress(job: Job, typical: dict[str, float]) -> Progress:
    counts = Counter([job.state])
    fraction = 1.0 if job.is_ended else job.progress
    return _progress(counts, fraction, _job_left_s(job, typical.get(job.kind)))


def _job_left_s(job: Job, typical_s: float | None) -> float | None:
    """Seconds until a running job ends: what earlier jobs took, so that it only counts down; its own pace after that.

    Stages differ in length, so the pace of the first ones says little about the last.
    """
    if job.state != JobState.RUNNING or job.started_at is None:
        return None
    elapsed_s = (timezone.now() - job.started_at).total_seconds()
    if typical_s is not None and elapsed_s < typical_s:
        return max(typical_s - elapsed_s, 1.0)
    if job.progress >= 0.2:
        return max(elapsed_s * (1 - job.progress) / job.progress, 1.0)
    return None


def _batch_entries(batches: Sequence[Batch], typical: dict[str, float]) -> list[Entry]:
    """Batches with their jobs counted by state, but for those that failed or were cancelled and then deleted."""
    done = Sum("progress", filter=Q(state__in=OPEN), default=0.0)
    jobs = Job.objects.filter(batch__in=batches).values("batch_id", "state")
    counts: dict[uuid.UUID, Counter[str]] = {batch.id: Counter() for batch in batches}
    partly = Counter[uuid.UUID]()
    began: dict[uuid.UUID, datetime] = {}
    for row in jobs.annotate(number=Count("id"), done=done, began=Min("started_at")).order_by():
        batch_id = row["batch_id"]
        counts[batch_id][row["state"]] += row["number"]
        partly[batch_id] += row["done"]
        if row["began"] is not None:
            began[batch_id] = min(row["began"], began.get(batch_id, row["began"]))
    for batch_id, state in _deleted(batches):
        counts[batch_id][state] -= 1
    return [
        Entry(_batch_progress(counts[id_], partly[id_], began.get(id_), typical.get(batch.kind)), batch=batch)
        for batch in batches
        for id_ in (batch.id,)
    ]


def _deleted(batches: Sequence[Batch]) -> list[tuple[uuid.UUID, str]]:
    """Batch and state of each job that nobody may try again, because what it was for was deleted."""
    tried = Job.objects.filter(batch__in=batches, state__in=JobState.retryable())
    jobs = list(tried.only("id", "kind", "subject", "batch_id", "state"))
    deleted = kinds.unwanted(jobs)
    return [(job.batch_id, job.state) for job in jobs if job.id in deleted and job.batch_id]


def _batch_progress(
    counts: Counter[str], partly_done: float, began: datetime | None, typical_s: float | None
) -> Progress:
    total = sum(counts.values())
    open_count = sum(counts[state] for state in OPEN)
    fraction = (total - open_count + partly_done) / total if total else 1.0
    left_s = None
    if counts[JobState.RUNNING] and began is not None:
        left_s = _batch_left_s(open_count - partly_done, counts[JobState.SUCCEEDED] + partly_done, began, typical_s)
    return _progress(counts, fraction, left_s)


def _batch_left_s(to_do: float, done: float, began: datetime, typical_s: float | None) -> float | None:
    """Seconds until the batch ends: by its own pace, which knows what else runs here; at first from earlier jobs."""
    if done >= PACE_AFTER:
        return to_do * (timezone.now() - began).total_seconds() / done
    return None if typical_s is None else to_do * typical_s / int(settings.WORKER_CONCURRENCY)


def seconds_ahead(workspace: Workspace, *, priority: Priority, lane: str = CPU_LANE, slots: int = 0) -> float:
    """How long the workers of a lane are busy with what waits or runs here at this priority or above.

    Args:
        slots: jobs that they do at the same time; 0 = ``WORKER_CONCURRENCY``.
    """
    ranks = [other for other in Priority if other.rank <= priority.rank]
    found = Job.objects.filter(workspace=workspace, state__in=OPEN, priority__in=ranks, lane=lane)
    rows = found.values("kind")
    counts = {row["kind"]: row["number"] for row in rows.annotate(number=Count("id")).order_by()}
    typical = typical_seconds(workspace, counts)
    busy_s: float = sum(number * typical.get(kind, 1.0) for kind, number in counts.items())
    return busy_s / (slots or int(settings.WORKER_CONCURRENCY))


def _progress(counts: Counter[str], fraction: float, left_s: float | None) -> Progress:
    by_state = {state.value: counts[state.value] for state in JobState}
    return Progress(total=sum(counts.values()), fraction=round(fraction, 4), left_s=left_s, **by_state)


@dataclass(frozen=True)
class Changes:
    """``cursor`` is where the next look begins. ``rest`` is where these jobs end, if there are more by now."""

    cursor: datetime
    jobs: list[Job]
    rest: datetime | None = None


def changes(workspace: Workspace, *, since: datetime | None) -> Changes:
    """The jobs that changed since an earlier cursor, oldest change first; without a cursor none.

    A page ends between two moments, never inside one: a sweep changes hundreds of jobs at the same moment.
    """
    now: datetime = Workspace.objects.filter(id=workspace.id).values_list(Now(), flat=True).get()
    cursor = now - COMMIT_SLACK
    if since is None:
        return Changes(cursor, [])
    jobs = Job.objects.filter(workspace=workspace, changed_at__gte=since).order_by("changed_at", "id")
    page = list(jobs[: CHANGES_AT_MOST + 1])
    if len(page) <= CHANGES_AT_MOST:
        return Changes(cursor, page)
    edge = page[CHANGES_AT_MOST - 1].changed_at
    return Changes(cursor, list(jobs.filter(changed_at__lte=edge)), rest=edge + timedelta(microseconds=1))
