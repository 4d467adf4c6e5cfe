"""Files made for marketplaces.

Export (shots and products x profiles) --> ExportFile (one job, one file, one signed verdict)
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.accounts.models import WorkspaceModel
from apps.assets.models import Blob
from apps.jobs.models import Batch, Job


class Unbegun(models.TextChoices):
    """What becomes of the files of an export that have no row yet."""

    OPEN = "open"
    CANCELLED = "cancelled"
    BROKEN = "broken"


class Export(WorkspaceModel):
    """One click on "Export": every profile for every chosen shot or product.

    ``choices`` is the wish, ``files`` in it how many files that makes; while some have no row yet, ``unbegun`` (an
    ``Unbegun``) says what becomes of them. It names every shot: lists of exports leave it in the database.
    """

    label = models.CharField(max_length=200)
    batch = models.ForeignKey(Batch, null=True, on_delete=models.SET_NULL, related_name="+")
    choices = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        app_label = "studio"
        indexes = [models.Index(fields=["workspace", "-created_at"], name="export_recent")]

    def __str__(self) -> str:
        return self.label


class ExportFile(WorkspaceModel):
    """waiting (no blob) -> written and judged (blob, verdict); a job that failed leaves it waiting with its reason.

    ``verdict`` is the signed report on the bytes of ``blob``; ``sidecar`` holds the credentials of a format that can
    not carry them.
    """

    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="files")
    product = models.ForeignKey("studio.Product", on_delete=models.CASCADE, related_name="+")
    shot = models.ForeignKey("studio.Shot", null=True, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    profile = models.CharField(max_length=40)
    profile_version = models.CharField(max_length=20)
    name = models.CharField(max_length=400)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    blob = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    sidecar = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    passed = models.BooleanField(default=False)
    verdict = models.JSONField(default=dict)
    pixels_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        app_label = "studio"
        constraints = [
            models.UniqueConstraint(fields=["export", "position"], name="export_file_position_once"),
            models.UniqueConstraint(fields=["export", "name"], name="export_file_name_once"),
            models.CheckConstraint(
                condition=Q(passed=False) | Q(blob__isnull=False), name="export_file_passed_has_blob"
            ),
        ]
        indexes = [models.Index(fields=["workspace", "pixels_sha256"], name="export_file_pixels")]

    def __str__(self) -> str:
        return self.name

    @property
    def file_name(self) -> str:
        return self.name.rpartition("/")[2]
