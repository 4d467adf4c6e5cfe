"""What exports there are, and what became of their files."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Greatest

from apps.accounts.models import Workspace
from apps.core.errors import NotFound
from apps.jobs.models import JobState
from apps.studio.models import Export, ExportFile, Unbegun


def exports(workspace: Workspace) -> QuerySet[Export]:
    """Latest first, with ``file_count`` and ``passed_count``, which are counted for those alone that are fetched."""
    rows = ExportFile.objects.filter(export=OuterRef("pk"))
    found = Export.objects.filter(workspace=workspace).select_related("created_by").defer("choices")
    counted = found.annotate(
        file_count=Greatest(_number(rows), Coalesce(_planned("choices__files"), 0)),
        passed_count=_number(rows.filter(passed=True)),
    )
    return counted.order_by("-created_at", "-id")


def _number(rows: QuerySet[ExportFile]) -> Coalesce:
    counted = rows.order_by().values("export").annotate(number=Count("*")).values_list("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _planned(path: str) -> Cast:
    """How many files a wish makes; null for exports of earlier versions, which did not write that down."""
    return Cast(KT(path), IntegerField())


def get_export(workspace: Workspace, export_id: uuid.UUID) -> Export:
    """With ``planned`` files and ``unbegun``, but for that without its choices. Raises NotFound."""
    rows = Export.objects.filter(workspace=workspace, pk=export_id).select_related("workspace", "batch")
    found = rows.annotate(planned=_planned("choices__files"), unbegun=KT("choices__unbegun")).defer("choices").first()
    if found is None:
        raise NotFound("not_found")
    return found


def asked_for(export: Export) -> int:
    """How many files were asked for; 0 for exports of earlier versions, whose files all have rows."""
    row = Export.objects.filter(pk=export.pk).annotate(planned=_planned("choices__files")).values_list("planned")
    return next((planned or 0 for (planned,) in row), 0)


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


def export_state(export: Any) -> ExportState:
    """Of an export as ``get_export`` gives it. Files that have no row yet count as what becomes of them."""
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
    lacking = max(0, (export.planned or 0) - counts["total"]) if export.unbegun else 0
    counts["total"] += lacking
    if export.unbegun in (Unbegun.BROKEN, Unbegun.CANCELLED):
        counts[export.unbegun] += lacking
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
