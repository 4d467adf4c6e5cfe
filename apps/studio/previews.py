"""Small pictures of a product in a set, made by a worker and kept as renditions of its cutout."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from apps.studio.models import CutoutState, Product
from apps.studio.specs import Spec, read_wish

KIND = "studio.preview"
SIDE_PX = 480
MOST_WAITING = 24  # of a workspace at once; the pages ask again
RETRY_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class Preview:
    """Either the address of the picture or the job that makes it.

    ``measures``: where the product is in the picture (``box``, ``base``, fractions) and what its ``delta_e`` is; empty
    where they are not known any more.
    """

    url: str = ""
    job_id: uuid.UUID | None = None
    measures: Mapping[str, Any] = field(default_factory=dict)


def rendition_name(spec: Spec) -> str:
    digest = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()
    return f"preview-{digest[:24]}"


def thumbnail_spec(
    set_name: str,
    *,
    palette: Sequence[str],
    picture_format: str = "1:1",
    camera: str = "",
    mood: str = "",
    scale: float = 1.0,
) -> Spec:
    """What a set looks like with a product in it, before anything is edited. Raises InvalidInput."""
    wish = {"set": set_name, "palette": list(palette), "format": picture_format, "camera": camera, "mood": mood}
    return read_wish(wish | {"scale": scale})


@transaction.atomic
def find_or_request(product: Product, *, spec: Spec, longest_px: int = SIDE_PX, may_make: bool) -> Preview:
    """The picture's address, or the job that makes it; neither while a workspace's previews queue up, or while the
    product gets a new cutout, with which every picture of the old one is out of date.

    Args:
        spec: of the shot; the preview is framed as the shot will be and drawn smaller.
        longest_px: the longer side of the preview.
        may_make: whether this person may spend the workers' time.

    Raises:
        Conflict: ``studio.no_cutout_yet``, what the library refused (``shot.…``), or ``studio.preview_failed`` shortly
            after it failed.
        InvalidInput: ``studio.set_unknown``.
        NotFound: there is no such picture and the person may not have it made.
    """
    info = catalogue.get_set(spec["set"])
    if product.cutout is None:
        raise Conflict("studio.no_cutout_yet")
    spec = {**spec, "set_version": info.version, "longest_px": longest_px}
    name = rendition_name(spec)
    if Rendition.objects.filter(asset=product.cutout, spec=name).exists():
        url = reverse("assets:rendition", args=[product.workspace.slug, product.cutout.id, name])
        return Preview(url=url, measures=_measures(product.cutout, name))
    if not may_make:
        raise NotFound("not_found")
    if product.cutout_state == CutoutState.PENDING:
        return Preview()
    waiting = Job.objects.filter(workspace=product.workspace, kind=KIND).exclude(state__in=JobState.ended())
    if waiting.count() >= MOST_WAITING:
        return Preview()
    return Preview(job_id=_request(product, product.cutout, spec, name).id)


def _measures(cutout: Asset, name: str) -> dict[str, Any]:
    job = Job.objects.filter(workspace=cutout.workspace_id, idempotency_key=f"{name}-{cutout.id}").first()
    result = job.result or {} if job else {}
    return {key: result[key] for key in ("box", "base", "delta_e", "warnings") if key in result}


def _request(product: Product, cutout: Asset, spec: Spec, name: str) -> Job:
    """The one job of this picture. What was dropped is taken up again.

    What failed is tried again, but not at once: a page asks several times a second.
    """
    job = queue.submit(
        product.workspace,
        kind=KIND,
        params={"product": str(product.id), "cutout": str(cutout.id), "spec": spec},
        priority=Priority.INTERACTIVE,
        subject=_subject(product),
        idempotency_key=f"{name}-{cutout.id}",
    )
    if job.state == JobState.CANCELLED:
        return queue.retry(job)
    if job.state == JobState.FAILED:
        if job.error_code.startswith("shot."):
            raise Conflict(job.error_code, **job.error_params)  # the library said what to change
        if job.ended_at is not None and job.ended_at > timezone.now() - RETRY_AFTER:
            raise Conflict("studio.preview_failed")
        return queue.retry(job)
    return job


def drop(product: Product, *, only: Sequence[uuid.UUID] | None = None) -> int:
    """Take pictures off the queue that nobody waits for any more, all of the product or ``only`` these jobs'.

    Whoever does wait for one hears that it ended, asks again, and has it made after all. Returns how many there were.
    """
    return queue.cancel_subject(product.workspace, kind=KIND, subject=_subject(product), only=only)


def _subject(product: Product) -> str:
    return f"preview:{product.id}"


def keep(cutout: Asset, *, spec: Spec, picture: Picture) -> Rendition:
    return assets.keep_rendition(cutout, spec=rendition_name(spec), picture=picture)
