"""What the ZIP of an export costs in memory, by the number of its files: through the real view, rows in PostgreSQL.

``exports.zip_rows_memory_mb`` is what a web process grows by while an export of 20,000 files leaves it, of which 10,000
files may take no more than 1,000 do (``small_mb``). Each size has a process of its own, so that none profits from what
another took. ``first_byte_s`` is the time until the first bytes of the archive, ``files_per_s`` the pace of tiny files.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
import time
import zipfile
from collections.abc import Iterable
from typing import Any

from tests.bench.bench_exports import resident_mb
from tests.bench.export_rows import database, make_export

NAME = "exports.zip_rows_memory_mb"
SIZES = (1_000, 20_000)


def run(only: str | None) -> Iterable[dict[str, Any]]:
    """Figure: ``exports.zip_rows_memory_mb``; ``VISUALFORGE_BENCH_FILES`` names other sizes, separated by commas."""
    if not NAME.startswith(only or ""):
        return
    named = os.environ.get("VISUALFORGE_BENCH_FILES", "")
    sizes = [int(size) for size in named.split(",")] if named else list(SIZES)
    with database():
        make_export(50)  # what libraries take once
        found = [_measured(size) for size in sizes]
    yield {"name": NAME, "value": found[-1]["memory_mb"], "unit": "MiB", "sizes": found}


def _measured(size: int) -> dict[str, Any]:
    from apps.core.tenancy import tenant_scope
    from tests.factories import owner_of

    export = make_export(size)
    with tenant_scope(export.workspace_id):
        slug = export.workspace.slug
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(1) as pool:
        address = f"/w/{slug}/studio/exports/{export.id}/zip"
        return pool.apply(_downloaded, (address, str(owner_of(export.workspace).user.pk), size))


def _downloaded(address: str, user_id: str, size: int) -> dict[str, Any]:
    """In a process of its own: what it grew by while the archive was sent, whether all came, and how quickly."""
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.test import AsyncClient

    async def fetch() -> dict[str, Any]:
        client = AsyncClient()
        await client.aforce_login(await get_user_model().objects.aget(pk=user_id))
        await client.get(address.replace("/zip", "/"))  # modules and templates are loaded before
        before, begin = resident_mb(), time.perf_counter()
        answer = await client.get(address)
        peak, total, first = resident_mb(), 0, 0.0
        with tempfile.NamedTemporaryFile(suffix=".zip") as received:
            async for chunk in answer.streaming_content:  # type: ignore[attr-defined]
                first = first or time.perf_counter() - begin
                peak = max(peak, resident_mb())
                total += received.write(chunk)
            took = time.perf_counter() - begin
            received.flush()
            with zipfile.ZipFile(received.name) as archive:
                entries = len(archive.namelist()) if archive.testzip() is None else 0
        return {
            "files": size,
            "entries": entries,
            "memory_mb": round(peak - before, 1),
            "resident_before_mb": round(before, 1),
            "zip_mb": round(total / 2**20, 1),
            "first_byte_s": round(first, 3),
            "files_per_s": round(size / took),
        }

    return asyncio.run(fetch())
