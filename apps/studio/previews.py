"""Small pictures of a product in a set, made by a worker and kept as renditions of its cutout."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.assets import services as assets
from apps.assets.models import Asset, Rendition
from apps.assets.types import Picture
from apps.core.errors import Conflict, NotFound
from apps.jobs import services as queue
from apps.jobs.models import Job, JobState, Priority
from apps.studio import catalogue
from apps.studio.models import Product

KIND = "studio.preview"
SIDE_PX = 480
MOST_WAITING = 24  # of a workspace at once; the pages ask again
RETRY_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class Preview:
    """Either the address of the picture or the job that makes it."""

    url: str = ""
    job_id: uuid.UUID | None = None


def rendition_name(spec: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()
    return f"preview-{digest[:24]}"


@transaction.atomic
def find_or_request(product: Product, *, set_name: str, palette: Sequence[str], may_make: bool) -> Preview:
    """The picture's address, or the job that makes it; neither while a workspace's previews queue up.

    Args:
        may_make: whether this person may spend the workers' time.

    Raises:
        Conflict: ``studio.no_cutout_yet``, or ``studio.preview_failed`` shortly after it failed.
        InvalidInput: ``studio.set_unknown``.
        NotFound: there is no such picture and the person may not have it made.
    """
    info = catalogue.get_set(set_name)
    if product.cutout is None:
        raise Conflict("studio.no_cutout_yet")
    spec: dict[str, Any] = {
        "set": info.name,
        "set_version": info.version,
        "palette": list(palette),
        "width": SIDE_PX,
        "height": SIDE_PX,
        "seed": 0,
    }
    name = rendition_name(spec)
    if Rendition.objects.filter(asset=product.cutout, spec=name).exists():
        url = reverse("assets:rendition", args=[product.workspace.slug, product.cutout.id, name])
        return Preview(url=url)
    if not may_make:
        raise NotFound("not_found")
    waiting = Job.objects.filter(workspace=product.workspace, kind=KIND).exclude(state__in=JobState.ended())
    if waiting.count() >= MOST_WAITING:
        return Preview()
    return Preview(job_id=_request(product, product.cutout, spec, name).id)


def _request(product: Product, cutout: Asset, spec: dict[str, Any], name: str) -> Job:
    """The one job of this picture. What failed is tried again, but not at once: a page asks several times a second."""
    job = queue.submit(
        product.workspace,
        kind=KIND,
        params={"product": str(product.id), "cutout": str(cutout.id), "spec": spec},
        priority=Priority.INTERACTIVE,
        subject=f"preview:{product.id}",
        idempotency_key=f"{name}-{cutout.id}",
    )
    if job.state in (JobState.FAILED, JobState.CANCELLED):
        if job.ended_at is not None and job.ended_at > timezone.now() - RETRY_AFTER:
            raise Conflict("studio.preview_failed")
        return queue.retry(job)
    return job


def keep(cutout: Asset, *, spec: dict[str, Any], picture: Picture) -> Rendition:
    return assets.keep_rendition(cutout, spec=rendition_name(spec), picture=picture)
