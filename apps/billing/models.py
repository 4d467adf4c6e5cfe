"""The usage ledger: one row for every image made, never for failed or cancelled work."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import WorkspaceModel
from apps.assets.models import Asset


class LedgerEntry(WorkspaceModel):
    """``job_id`` and ``item`` make the row unique, so that work which ran twice is charged once.

    ``job_id`` is a plain value: the queue stands above billing and may be emptied without losing the books.
    """

    job_id = models.UUIDField()
    item = models.CharField(max_length=40, default="image")
    kind = models.CharField(max_length=40)
    asset = models.ForeignKey(Asset, null=True, on_delete=models.SET_NULL, related_name="+")
    cpu_ms = models.PositiveIntegerField(default=0)
    gpu_ms = models.PositiveIntegerField(default=0)
    size_bytes = models.PositiveBigIntegerField(default=0)
    price_micros = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job_id", "item"], name="ledger_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.job_id}"
