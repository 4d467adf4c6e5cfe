"""What exports there are, and what became of their files."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum

from apps.accounts.models import Workspace
from apps.core.errors import NotFound
from apps.jobs.models import JobState
from apps.studio.models import Export, ExportFile


def exports(workspace: Workspace) -> QuerySet[Export]:
    """Latest first, with ``file_count`` and ``passed_count``."""
    found = Export.objects.filter(workspace=workspace).select_related("created_by")
    counted = found.annotate(file_count=Count("files"), passed_count=Count("files", filter=Q(files__passed=True)))
    return counted.order_by("-created_at", "-id")


def get_export(workspace: Workspace, export_id: uuid.UUID) -> Export:
    """Raises NotFound."""
    found = Export.objects.filter(workspace=workspace, pk=export_id).select_related("workspace", "batch").first()
    if found is None:
        raise NotFound("not_found")
    return found


def files(export: Export) -> QuerySet[ExportFile]:
    """In the order that they were asked for in; without shots and products, for there may be thousands of rows."""
    return ExportFile.objects.filter(export=export).select_related("job", "blob", "sidecar").order_by("position")


def get_file(workspace: Workspace, file_id: uuid.UUID) -> ExportFile:
    """Raises NotFound."""
    found = (
        ExportFile.objects.filter(workspace=workspace, pk=file_id).select_related("blob", "sidecar", "export").first()
    )
    if found is None:
        raise NotFound("not_found")
    return found


@dataclass(frozen=True)
class ExportState:
    """Counts of one export. ``failed``: written, but not as the marketplace wants it; ``broken``: not written."""

    total: int
    passed: int
    failed: int
    broken: int
    cancelled: int
    size_bytes: int

    @property
    def open(self) -> int:
        return self.total - self.passed - self.failed - self.broken - self.cancelled

    @property
    def written(self) -> int:
        return self.passed + self.failed


def export_state(export: Export) -> ExportState:
    written = Q(blob__isnull=False)
    accepted = Q(passed=True)
    counts = ExportFile.objects.filter(export=export).aggregate(
        size_bytes=Sum("blob__size_bytes", filter=accepted, default=0),
        total=Count("id"),
        failed=Count("id", filter=written & ~accepted),
        broken=Count("id", filter=Q(blob=None, job__state=JobState.FAILED)),
        cancelled=Count("id", filter=Q(blob=None, job__state=JobState.CANCELLED)),
        passed=Count("id", filter=accepted),
    )
    return ExportState(**counts)


def files_with_sha256(workspace: Workspace, sha256: str) -> QuerySet[ExportFile]:
    """Exported files of this workspace with exactly these bytes."""
    related = ("product", "shot", "export", "sidecar")
    found = ExportFile.objects.filter(workspace=workspace, blob__sha256=sha256)
    return found.select_related(*related).order_by("-created_at")


def files_with_pixels(workspace: Workspace, pixels_sha256: str) -> QuerySet[ExportFile]:
    """Exported files of this workspace that decode to exactly these pixels, whatever else the file says."""
    related = ("product", "shot", "export", "sidecar")
    found = ExportFile.objects.filter(workspace=workspace, pixels_sha256=pixels_sha256)
    return found.select_related(*related).order_by("-created_at")
