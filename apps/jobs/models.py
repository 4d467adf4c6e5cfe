r"""The queue of record.

    queued --claim--> running --finish--> succeeded
      ^  |               |--error that will not go away, deadline, third attempt--> failed
      |  |               |--cancel seen--> cancelled
      |  |               |--error that may go away (after a pause), worker stops, lease ran out--+
      |  |                                                                                       |
      |  +--cancel--> cancelled         queued again with no attempt left --> failed             |
      +------------------------------------------------------------------------------------------+
      +--retry by a person-- failed | cancelled

A claim is one conditional UPDATE that raises ``attempts``; ``attempts`` is the fencing token: every later write of that
worker names it, so a worker that was declared dead can not overwrite its successor. It only ever grows: a retry by a
person and a job that a stopping worker gave back raise ``max_attempts`` instead.

Whoever ends a waiting job counts that in ``endings`` first: a kind's hook that breaks, or kills its worker, is tried
three times, and then the job ends as failed without it.

An outbox row stands beside a job exactly while the job is queued: it is the doorbell that has to be rung.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace, WorkspaceModel

CPU_LANE = "cpu"
FAULT_CHARACTERS = 300


class Priority(models.TextChoices):
    """Interactive work overtakes batch work, which overtakes maintenance."""

    INTERACTIVE = "interactive", _("Interactive")
    BATCH = "batch", _("Batch")
    MAINTENANCE = "maintenance", _("Maintenance")

    @property
    def rank(self) -> int:
        """Lower goes first."""
        return list(Priority).index(self)


class JobState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")

    @classmethod
    def open(cls) -> list[str]:
        return [cls.QUEUED.value, cls.RUNNING.value]

    @classmethod
    def retryable(cls) -> tuple[JobState, JobState]:
        return cls.FAILED, cls.CANCELLED

    @classmethod
    def ended(cls) -> list[str]:
        return [cls.SUCCEEDED.value, cls.FAILED.value, cls.CANCELLED.value]


class Batch(WorkspaceModel):
    """Jobs that somebody asked for in one go. Its state is counted from its jobs, never stored."""

    kind = models.CharField(max_length=60)
    label = models.CharField(max_length=200)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        return self.label


class Job(WorkspaceModel):
    kind = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    priority = models.CharField(max_length=12, choices=Priority.choices, default=Priority.INTERACTIVE)
    batch = models.ForeignKey(Batch, null=True, on_delete=models.CASCADE, related_name="jobs")
    label = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    idempotency_key = models.CharField(max_length=100, blank=True)
    subject = models.CharField(max_length=80, blank=True, help_text="what the result belongs to, for events: shot:<id>")
    lane = models.CharField(max_length=60, default=CPU_LANE, help_text="who can do it: cpu, or gpu-<model>")

    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    endings = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="how often a worker set out to end it while it waited"
    )
    worker = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    cancel_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    progress = models.FloatField(default=0.0)
    stage = models.CharField(max_length=40, blank=True)
    figures = models.JSONField(default=dict, help_text="what the work measures while it runs, by the kind's own names")

    changed_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)
    error_code = models.CharField(max_length=60, blank=True)
    error_params = models.JSONField(default=dict)
    cpu_ms = models.PositiveIntegerField(default=0)  # of all attempts, whatever became of them

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(condition=Q(priority__in=Priority.values), name="job_priority_known"),
            models.CheckConstraint(
                condition=Q(state="running", lease_until__isnull=False) | (~Q(state="running") & Q(lease_until=None)),
                name="job_lease_iff_running",
            ),
            models.CheckConstraint(
                condition=Q(state__in=JobState.ended(), ended_at__isnull=False)
                | (~Q(state__in=JobState.ended()) & Q(ended_at=None)),
                name="job_ended_at_iff_ended",
            ),
            models.CheckConstraint(
                condition=Q(attempts__gte=0, attempts__lte=models.F("max_attempts")), name="job_attempts_bounded"
            ),
            models.UniqueConstraint(
                fields=["workspace", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="job_idempotency_key_once",
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="queued"), name="job_queued"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="job_running"),
            models.Index(fields=["workspace", "-created_at"], name="job_recent"),
            models.Index(fields=["workspace", "changed_at"], name="job_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def is_ended(self) -> bool:
        return self.state in JobState.ended()

    def event(self) -> dict[str, str | None]:
        """What pages are told when the row changes: enough to know what to ask for again."""
        batch = str(self.batch_id) if self.batch_id else None
        ids = {"job": str(self.id), "batch": batch, "subject": self.subject or None}
        return {**ids, "kind": self.kind, "state": self.state}


class Outbox(models.Model):
    """The doorbell of a queued job, written in the transaction that queued it and removed by the claim.

    The relay stamps ``published_at`` when it has rung; the sweeper clears the stamp of rings that nobody answered.
    """

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="outbox")
    rank = models.PositiveSmallIntegerField(default=0, help_text="Priority.rank of the job")
    lane = models.CharField(max_length=60, default=CPU_LANE, help_text="Job.lane")
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(
        db_default=Now(), help_text="not to be rung or claimed before: the pause of a retry"
    )
    published_at = models.DateTimeField(null=True)
    rings = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["lane", "workspace", "rank", "id"], condition=Q(published_at=None), name="outbox_lane_waiting"
            ),
            models.Index(fields=["published_at"], condition=Q(published_at__isnull=False), name="outbox_rung"),
        ]

    def __str__(self) -> str:
        return f"ring for {self.job_id}"


class Share(models.Model):
    """A workspace's place in the weighted round robin of a lane (start-time fair queueing, Goyal et al. 1996, unit
    jobs).

    Every ring moves ``tag`` on by 1 / weight; the lowest tag is served next. A workspace that comes back after a pause
    starts at the tag that is being served, so it neither waits behind the others nor lives on saved-up credit.
    """

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    lane = models.CharField(max_length=60, default=CPU_LANE)
    weight = models.FloatField(default=1.0)
    tag = models.FloatField(default=0.0)
    aged_at = models.DateTimeField(null=True, help_text="when work of a lower class was last let through for its age")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weight__gt=0), name="share_weight_positive"),
            models.UniqueConstraint(fields=["workspace", "lane"], name="share_once"),
        ]

    def __str__(self) -> str:
        return f"{self.workspace_id} weighs {self.weight:g}"


class Station(models.Model):
    """A running GPU worker and what it can make, as it says itself every few seconds. Of the installation, no tenant's.

    ``offers`` lists every model that this worker was told to offer: name, title, licence, is_commercial, is_ready, and
    where it is not ready ``code``, ``reason`` and ``next_step``. ``slots`` is 0 while it takes no work: it could not
    get ready, it ended by a fault, or what it does now does not move. ``figures`` also has ``pace`` by model, and while
    something runs on the device ``age_s`` and ``silent_s``: for how long, and for how long without progress.
    """

    worker = models.CharField(primary_key=True, max_length=100)
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    slots = models.PositiveSmallIntegerField(default=1, help_text="jobs at the same time")
    device = models.JSONField(default=dict, help_text="name, kind, total_mb, free_mb")
    figures = models.JSONField(default=dict, help_text="passes, pictures, shared_passes, pass_s since the start")
    offers = models.JSONField(default=list)
    fault = models.CharField(
        max_length=FAULT_CHARACTERS,
        blank=True,
        default="",
        db_default="",
        help_text="what broke here last, in one line",
    )
    fault_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["seen_at"], name="station_seen")]

    def __str__(self) -> str:
        return self.worker
