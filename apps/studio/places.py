"""Where on Studio's pages the subject of a job can be seen, for the Activity page."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from django.urls import reverse

from apps.assets.models import Asset
from apps.jobs.kinds import Place
from apps.jobs.models import Job
from apps.studio.models import Adapter, Product, Shot

THUMBNAIL = "webp-320"


class PlacedInStudio:
    """Mixin of the job kinds that make something a page shows."""

    def unwanted(self, jobs: Sequence[Job]) -> set[uuid.UUID]:
        """Those of ``jobs`` that are about a shot which a person has deleted."""
        about = {job.id: job.subject.partition(":") for job in jobs}
        shots = {key: uuid.UUID(text) for key, (kind, _, text) in about.items() if kind in ("shot", "best")}
        gone = Shot.everything.filter(pk__in=shots.values(), deleted_at__isnull=False)
        deleted = set(gone.values_list("pk", flat=True)) if shots else set()
        return {key for key, shot in shots.items() if shot in deleted}

    def place(self, job: Job, *, of_batch: bool) -> Place | None:
        """The page of what ``job`` makes, or with ``of_batch`` the page of all that its batch makes."""
        about, _, key = job.subject.partition(":")
        find = FINDERS.get(about)
        return find(job, uuid.UUID(key), of_batch) if find else None


def _product(job: Job, key: uuid.UUID, of_batch: bool) -> Place | None:
    product = Product.objects.filter(pk=key, workspace=job.workspace_id).select_related("photo", "cutout").first()
    if product is None:
        return None
    return Place(_page("product", job, key), _thumbnail(job, product.cutout or product.photo))


def _shot(job: Job, key: uuid.UUID, of_batch: bool) -> Place | None:
    shot = Shot.objects.filter(pk=key, workspace=job.workspace_id).select_related("asset", "shoot").first()
    if shot is None:
        return None
    if not of_batch and shot.asset is not None:
        return Place(_page("shot", job, key), _thumbnail(job, shot.asset))
    if job.batch_id is not None and "look" in shot.shoot.choices:
        return Place(_page("look", job, job.batch_id), _thumbnail(job, shot.asset))
    if job.batch_id is not None and "batch_token" in shot.shoot.choices:
        return Place(_page("batch", job, job.batch_id), _thumbnail(job, shot.asset))
    return Place(_page("shoot", job, shot.shoot_id), _thumbnail(job, shot.asset))


def _export(job: Job, key: uuid.UUID, of_batch: bool) -> Place | None:
    return Place(_page("export", job, key))


def _adapter(job: Job, key: uuid.UUID, of_batch: bool) -> Place | None:
    found = Adapter.objects.filter(pk=key, workspace=job.workspace_id).first()
    if found is None:
        return None
    page = _page("adapter", job, key)
    return Place(page, f"{page}preview" if found.preview_id else "")


FINDERS: dict[str, Callable[[Job, uuid.UUID, bool], Place | None]] = {
    "product": _product,
    "shot": _shot,
    "best": _shot,
    "export": _export,
    "adapter": _adapter,
}


def _page(name: str, job: Job, key: uuid.UUID) -> str:
    return reverse(f"studio:{name}", args=[job.workspace.slug, key])


def _thumbnail(job: Job, asset: Asset | None) -> str:
    return reverse("assets:rendition", args=[job.workspace.slug, asset.id, THUMBNAIL]) if asset else ""
