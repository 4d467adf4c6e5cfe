"""An export with thousands of written files in a database of its own, for measuring what stands on such a thing."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.local.postgres import destroy, roles, start

if TYPE_CHECKING:
    from apps.studio.models import Export

FILE_BYTES = 2048
ROWS_AT_ONCE = 1000


@contextmanager
def database() -> Iterator[None]:
    """A PostgreSQL, a migrated database and an empty data directory; the environment names them, Django is set up."""
    with tempfile.TemporaryDirectory(prefix="visualforge-bench-") as folder:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        server = start(data_dir, durable=False)
        os.environ |= {
            "DATABASE_URL": server.url(roles.TEST),
            "VISUALFORGE_DATA_DIR": str(data_dir),
            "DJANGO_SETTINGS_MODULE": "apps.config.settings.test",
        }
        try:
            _make_database()
            yield
        finally:
            _close()
            server.stop()
            destroy(data_dir)


def _make_database() -> None:
    import django

    django.setup()
    from django.db import connection

    name = connection.creation.create_test_db(verbosity=0)
    os.environ["DATABASE_URL"] = os.environ["DATABASE_URL"].replace(f"/{roles.DATABASE}?", f"/{name}?")


def _close() -> None:
    from django.db import connections

    connections.close_all()


def make_export(count: int) -> Export:
    """``count`` accepted files of one shot, each with a blob, a job and a verdict of its own."""
    from apps.core.tenancy import tenant_scope
    from apps.studio.models import Export
    from tests import factories

    workspace = factories.make_workspace()
    shot = factories.make_shot(workspace)
    batch = factories.make_batch(workspace)
    verdict = _verdict()
    with tenant_scope(workspace.id):
        export = Export.objects.create(workspace=workspace, label="bench", batch=batch)
        for begin in range(0, count, ROWS_AT_ONCE):
            _write(export, shot, verdict, range(begin, min(begin + ROWS_AT_ONCE, count)))
    return export


def _write(export: Export, shot: Any, verdict: dict[str, Any], positions: range) -> None:
    from django.utils import timezone

    from apps.assets.models import Blob
    from apps.jobs.models import Job, JobState
    from apps.studio.models import ExportFile

    now, workspace = timezone.now(), export.workspace
    jobs = [
        Job(workspace=workspace, kind="studio.export", state=JobState.SUCCEEDED, ended_at=now, batch=export.batch)
        for _ in positions
    ]
    blobs = [_stored(export, position) for position in positions]
    files = [
        ExportFile(
            workspace=workspace,
            export=export,
            product=shot.product,
            shot=shot,
            position=position,
            profile="shopify",
            profile_version="2026-11",
            name=f"shopify/FC-{position:06d}_white-sweep_01.jpg",
            job=job,
            blob=blob,
            passed=True,
            verdict=verdict,
        )
        for position, job, blob in zip(positions, jobs, blobs, strict=True)
    ]
    Job.objects.bulk_create(jobs)
    Blob.objects.bulk_create(blobs)
    ExportFile.objects.bulk_create(files)


def _stored(export: Export, position: int) -> Any:
    """A file of noise in the storage; not through it, for that waits until the disk has every single one."""
    from apps.assets.models import Blob
    from apps.assets.storage import LocalStorage, blob_store

    data = position.to_bytes(8, "big") * (FILE_BYTES // 8)
    digest, key, store = hashlib.sha256(data).hexdigest(), f"bench/{export.id}/{position}", blob_store()
    assert isinstance(store, LocalStorage)
    path = Path(store.path(key))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return Blob(
        workspace=export.workspace,
        sha256=digest,
        size_bytes=len(data),
        content_type="image/jpeg",
        width=1200,
        height=1200,
        storage_key=key,
    )


def _verdict() -> dict[str, Any]:
    """What the validator says of a real file of the profile ``amazon-main``, signed."""
    from apps.studio.exports.identity import signing_identity, trust_pem
    from apps.studio.exports.profiles import get_profile
    from apps.studio.exports.verdicts import signed_verdict
    from inference.pipelines.export import render_white, write_file
    from inference.pipelines.file_check import check_file
    from tests.bench.bench_shot import rendered_product
    from tests.factories import png_bytes

    photo, cutout = rendered_product()
    profile = get_profile("amazon-main")
    rendered = render_white(photo, cutout, profile.as_target())
    identity, name = signing_identity(), "FC-000001_MAIN.jpg"
    file = write_file(
        rendered,
        profile.as_target(),
        name=name,
        profile=profile.label,
        identity=identity,
        photo=png_bytes(),
        photo_type="image/png",
    )
    report = check_file(file.data, profile.file_rules, name=name, trust_pem=trust_pem())
    return signed_verdict(report, name=name, profile=profile.label, quality=file.quality)
