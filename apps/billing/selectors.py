"""Reading the books."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Sum

from apps.accounts.models import Workspace
from apps.billing.models import LedgerEntry
from apps.billing.types import Usage


def usage(workspace: Workspace, *, since: datetime, until: datetime | None = None) -> Usage:
    """Totals of the entries made from ``since`` up to, but not including, ``until``."""
    entries = LedgerEntry.objects.filter(workspace=workspace, created_at__gte=since)
    if until is not None:
        entries = entries.filter(created_at__lt=until)
    totals = entries.aggregate(
        images=Count("id"),
        cpu_ms=Sum("cpu_ms", default=0),
        gpu_ms=Sum("gpu_ms", default=0),
        size_bytes=Sum("size_bytes", default=0),
        price_micros=Sum("price_micros", default=0),
    )
    return Usage(**totals)
