"""What the pages of batches read: how far it is, which products wait for what, and what failed."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, When

from apps.accounts.models import Workspace
from apps.core.errors import NotFound
from apps.jobs.models import Batch, Job, JobState
from apps.studio.models import CutoutState, Product, Shoot, Shot
from apps.studio.selectors import TOKENS

SHOWN_OF_A_PRODUCT = 6
MOST_LISTED = 200
START_KIND = "studio.start"  # jobs that begin what a request only wrote down


@dataclass(frozen=True)
class BatchState:
    """Counts of a batch: ``total`` is what was asked for, also where its shoot has not begun, but for what was deleted;
    ``each`` is what was asked for of one product.

    ``left``: products that are cut out and whose shots nothing will begin by itself any more, because the job that
    should have begun them failed or was cancelled.
    """

    products: int
    each: int
    total: int
    done: int
    failed: int
    cancelled: int
    starred: int
    cutting: int
    needs_box: int
    not_cut: int
    left: int = 0

    @property
    def open(self) -> int:
        """Shots that come without anybody's doing."""
        return self.total - self.done - self.failed - self.cancelled - self.stuck

    @property
    def stuck(self) -> int:
        """Shots of products that wait for a person."""
        return (self.needs_box + self.not_cut + self.left) * self.each

    @property
    def bad(self) -> int:
        return self.failed + self.not_cut


def get_batch(workspace: Workspace, batch_id: uuid.UUID) -> Batch:
    """A batch of shoots of many products. Raises NotFound for every other one."""
    batch = _batches(workspace, "batch_token").filter(pk=batch_id).first()
    if batch is None:
        raise NotFound("not_found")
    return batch


def get_batch_or_look(workspace: Workspace, batch_id: uuid.UUID) -> Batch:
    """As ``get_batch``, and also a batch that gives many products the look of one shot."""
    batch = _batches(workspace, *TOKENS).filter(pk=batch_id).first()
    if batch is None:
        raise NotFound("not_found")
    return batch


def recent(workspace: Workspace) -> QuerySet[Batch]:
    """Batches and looks, the latest first."""
    return _batches(workspace, *TOKENS).order_by("-created_at")


def looks_among(found: Iterable[Batch]) -> set[uuid.UUID]:
    """Which of the batches give many products the look of one shot."""
    looks = Shoot.objects.filter(batch__in=[batch.pk for batch in found], choices__has_key="look_token")
    return {key for key in looks.values_list("batch_id", flat=True) if key}


def _batches(workspace: Workspace, *tokens: str) -> QuerySet[Batch]:
    """Those whose every shot was deleted are gone with them."""
    many = Shoot.objects.filter(batch=OuterRef("pk"), choices__has_any_keys=tokens, shots__deleted_at=None)
    return Batch.objects.filter(Exists(many), workspace=workspace).select_related("workspace")


def counts_of_look(batch: Batch) -> tuple[int, int]:
    """How many shots of a look are there, and how many it makes."""
    found = Shot.objects.filter(shoot__batch=batch)
    counts = found.aggregate(done=Count("id", filter=Q(asset__isnull=False)), total=Count("id"))
    return counts["done"], counts["total"]


def shots_each(choices: dict[str, Any]) -> int:
    """How many shots a batch makes of every product."""
    sizes = [len(set(choices[key])) for key in ("sets", "palettes", "formats")]
    return sizes[0] * sizes[1] * sizes[2] * int(choices["variations"])


def state(batch: Batch) -> BatchState:
    shoots = Shoot.objects.filter(batch=batch)
    first = shoots.order_by("id").first()
    products = shoots.count()
    waiting = shoots.filter(shots=None).aggregate(
        cutting=Count("id", filter=Q(product__cutout_state=CutoutState.PENDING)),
        needs_box=Count("id", filter=Q(product__cutout_state=CutoutState.NEEDS_BOX)),
        not_cut=Count("id", filter=Q(product__cutout_state=CutoutState.FAILED)),
    )
    counts = Shot.objects.filter(shoot__batch=batch).aggregate(
        done=Count("id", filter=Q(asset__isnull=False)),
        failed=Count("id", filter=Q(asset=None, job__state=JobState.FAILED)),
        cancelled=Count("id", filter=Q(asset=None, job__state=JobState.CANCELLED)),
        starred=Count("id", filter=Q(starred=True)),
    )
    each = shots_each(first.choices) if first else 0
    total = products * each - Shot.everything.filter(shoot__batch=batch, deleted_at__isnull=False).count()
    return BatchState(products=products, each=each, total=total, **counts, **waiting, left=_left(batch))


def _left(batch: Batch) -> int:
    """How many products could be shot and have nobody who begins."""
    shoots = Shoot.objects.filter(batch=batch, shots=None, product__cutout_state__in=CutoutState.usable())
    waiting = {str(key) for key in shoots.values_list("product_id", flat=True)}
    if not waiting:
        return 0
    starters = Job.objects.filter(workspace=batch.workspace_id, kind=START_KIND).exclude(state__in=JobState.ended())
    asked = list(starters.values_list("params", flat=True))
    if any(params.get("batch") == str(batch.pk) for params in asked):
        return 0
    return len(waiting - {params.get("product") for params in asked})


def failed_shots(batch: Batch) -> list[Shot]:
    found = Shot.objects.filter(shoot__batch=batch, asset=None, job__state=JobState.FAILED)
    return list(found.select_related("job", "product__photo").order_by("product__name", "position")[:MOST_LISTED])


def waiting_products(batch: Batch) -> list[Product]:
    """Products without a usable cutout: what a person can do something about comes first."""
    empty = Shoot.objects.filter(batch=batch, shots=None)
    found = Product.objects.filter(
        shoots__in=empty, cutout_state__in=[CutoutState.NEEDS_BOX, CutoutState.FAILED]
    ).select_related("workspace", "photo__blob", "cutout__blob", "cutout_job")
    return list(found.order_by(F("cutout_state").desc(), "name").distinct()[:MOST_LISTED])


def guesses(products: Iterable[Product]) -> int:
    """How many of ``waiting_products`` have a cutout that nobody is sure of, but that a person may accept."""
    return sum(product.cutout_id is not None and product.cutout_state == CutoutState.NEEDS_BOX for product in products)


def rows(batch: Batch) -> QuerySet[Shoot]:
    """The shoots that have begun, by product, each with its counts and its first pictures."""
    shots = Shot.objects.filter(asset__isnull=False).select_related("asset__blob").order_by("position")
    return (
        Shoot.objects.filter(batch=batch, shots__deleted_at=None)
        .annotate(
            shot_count=Count("shots"),
            done_count=Count("shots", filter=Q(shots__asset__isnull=False)),
            failed_count=Count("shots", filter=Q(shots__asset=None, shots__job__state=JobState.FAILED)),
        )
        .filter(shot_count__gt=0)
        .select_related("product")
        .prefetch_related(Prefetch("shots", queryset=shots, to_attr="pictures"))
        .order_by("product__name", "id")
    )


def shots(batch: Batch) -> QuerySet[Shot]:
    """All shots of a batch, product by product."""
    found = Shot.objects.filter(shoot__batch=batch).select_related("job", "asset__blob", "product")
    return found.order_by("product__name", "shoot_id", "position")


def without_shots(products: Iterable[Product]) -> list[Product]:
    """Those of ``products_for_batch`` that nothing was made of yet."""
    return [product for product in products if not getattr(product, "shot_count", 0)]


def products_for_batch(workspace: Workspace, *, first: Collection[uuid.UUID] = ()) -> QuerySet[Product]:
    """Products that a batch may take: all that are not archived, whatever their cutout's state.

    ``first``, then those without shots, then the others, each by name.
    """
    found = Product.objects.filter(workspace=workspace, archived_at=None).select_related("photo__blob", "cutout__blob")
    made = Q(shots__asset__isnull=False, shots__deleted_at=None)
    found = found.annotate(shot_count=Count("shots", filter=made))
    urgency = Case(When(id__in=first, then=0), When(shot_count=0, then=1), default=2)
    return found.order_by(urgency, "name", "id")
