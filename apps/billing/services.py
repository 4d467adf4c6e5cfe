"""Writing the books."""

from __future__ import annotations

import uuid

from apps.accounts.models import Workspace
from apps.assets.models import Asset
from apps.billing.models import LedgerEntry
from apps.core.tenancy import tenant_scope


def record(
    job_id: uuid.UUID,
    workspace: Workspace,
    *,
    kind: str,
    item: str = "image",
    asset: Asset | None = None,
    cpu_ms: int = 0,
    gpu_ms: int = 0,
    size_bytes: int = 0,
    price_micros: int = 0,
) -> LedgerEntry:
    """Charge one thing that a job made, in the caller's transaction: once, however often it is recorded."""
    with tenant_scope(workspace.id):
        entry = LedgerEntry(
            workspace=workspace,
            job_id=job_id,
            item=item,
            kind=kind,
            asset=asset,
            cpu_ms=cpu_ms,
            gpu_ms=gpu_ms,
            size_bytes=size_bytes,
            price_micros=price_micros,
        )
        LedgerEntry.objects.bulk_create([entry], ignore_conflicts=True)
        return LedgerEntry.objects.get(job_id=job_id, item=item)
