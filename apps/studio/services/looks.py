"""One edited shot's look for many products.

The request writes down one shot a product and is over; a job hands them to the queue, some at a time.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import User, Workspace
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.jobs import services as queue
from apps.jobs.models import Batch, JobState, Priority
from apps.studio import looks, scenes, selectors
from apps.studio.kinds import scale_of
from apps.studio.models import CutoutState, Product, Shoot, Shot
from apps.studio.services.cutouts import accept_cutout
from apps.studio.services.shoots import INTERACTIVE_SHOTS, queue_shot
from apps.studio.services.starters import call_starter
from apps.studio.specs import Spec

STARTED_AT_ONCE = 50  # shots a job queues in one transaction; the next ones are the next job's


@transaction.atomic
def apply_look(
    shot: Shot,
    *,
    scales: Mapping[uuid.UUID, float],
    by: User | None,
    kept: Collection[uuid.UUID] = (),
    label: str = "",
    token: str = "",
) -> Batch:
    """Make one shot in this look of every product: one batch, one shoot a product.

    What every shot will be is written down here, each product's own size included; a job queues the work of it, some
    shots at a time. The same ``token`` is the same batch: a double click makes nothing twice.

    Args:
        scales: the products, and how many times its usual size each one gets.
        kept: products that keep what was done to them in their last shot of this look.

    Raises:
        Conflict: ``studio.shot_not_ready``, ``studio.no_cutout_yet``, ``scene.set_only``.
        InvalidInput: ``studio.no_products``, ``studio.too_many_products``, ``studio.scale_out_of_range``.
        NotFound: one of the products is not here.
    """
    scenes.require_set(shot)
    if shot.asset_id is None:
        raise Conflict("studio.shot_not_ready")
    products = _products(shot, scales)
    Workspace.objects.select_for_update(of=("self",)).get(pk=shot.workspace_id)  # two posts of one click take turns
    known = Shoot.objects.filter(workspace=shot.workspace, choices__look_token=token).first() if token else None
    if known is not None and known.batch is not None:
        return known.batch
    batch = queue.create_batch(shot.workspace, kind="studio.shot", label=label or shot.product.name, created_by=by)
    made = selectors.made_in_look(shot, [product for product in products if product.id in kept])
    owns = {key: looks.own_of(last) for key, last in made.items()}
    choices = {"look": str(shot.id), "look_version": shot.version, "look_token": token}
    new = {"workspace": shot.workspace}
    shoots = [Shoot(**new, product=product, batch=batch, choices=choices, created_by=by) for product in products]
    Shoot.objects.bulk_create(shoots)
    Shot.objects.bulk_create(
        Shot(**new, shoot=shoot, product=shoot.product, position=0, spec=_spec(shot, shoot.product, scales, owns))
        for shoot in shoots
    )
    call_starter(batch, what="look")
    return batch


def _spec(shot: Shot, product: Product, scales: Mapping[uuid.UUID, float], owns: Mapping[uuid.UUID, Spec]) -> Spec:
    return looks.look_of(shot, scale=scales[product.id], usual=scale_of(product), own=owns.get(product.id))


def _not_begun(batch_id: uuid.UUID) -> QuerySet[Shot]:
    return Shot.objects.filter(shoot__batch=batch_id, job=None, asset=None)


@transaction.atomic
def start_look(*, batch_id: uuid.UUID) -> int:
    """Queue some shots of a look that were not queued yet; the rest is the next job's. Returns how many were queued.

    Two starters take turns at the rows, and the second one finds them queued.
    """
    rows = _not_begun(batch_id).select_for_update(of=("self",))
    found = list(
        rows.select_related(
            "shoot__workspace", "shoot__batch__workspace", "shoot__created_by", "product__workspace"
        ).order_by("product__name", "id")[: STARTED_AT_ONCE + 1]
    )
    few = Shot.objects.filter(shoot__batch=batch_id).count() <= INTERACTIVE_SHOTS
    begun = found[:STARTED_AT_ONCE]
    for shot in begun:
        queue_shot(shot, priority=Priority.INTERACTIVE if few else Priority.BATCH)
    Shot.objects.bulk_update(begun, ["job"])
    for product in {shot.product for shot in begun if shot.product.cutout_state == CutoutState.READY}:
        accept_cutout(product)
    if len(found) > len(begun) and (batch := found[-1].shoot.batch):
        call_starter(batch, what="look")
    return len(begun)


@transaction.atomic
def retry_look(batch: Batch) -> int:
    """Make again what failed or was cancelled (returns how many), and go on with what was never queued."""
    count = queue.retry_batch(batch, states=JobState.retryable())
    if _not_begun(batch.pk).exists():
        call_starter(batch, what="look")
    return count


@transaction.atomic
def cancel_look(batch: Batch, *, by: User | None) -> None:
    """Stop what is queued, and forget what was not queued yet."""
    forget_not_begun(batch.pk)
    queue.cancel_batch(batch, by=by)


def forget_not_begun(batch_id: uuid.UUID) -> None:
    """A look's shots that were not queued yet are not wanted any more."""
    Shoot.objects.filter(pk__in=_not_begun(batch_id).values("shoot")).delete()


def _products(shot: Shot, scales: Mapping[uuid.UUID, float]) -> list[Product]:
    if not scales:
        raise InvalidInput("studio.no_products")
    if len(scales) > looks.MOST_PRODUCTS:
        raise InvalidInput("studio.too_many_products", count=len(scales), most=looks.MOST_PRODUCTS)
    if not all(looks.SMALLEST_SCALE <= scale <= looks.LARGEST_SCALE for scale in scales.values()):
        raise InvalidInput("studio.scale_out_of_range", low=looks.SMALLEST_SCALE, high=looks.LARGEST_SCALE)
    found = list(
        Product.objects.filter(workspace=shot.workspace, pk__in=scales, archived_at=None).order_by("name", "id")
    )
    if len(found) != len(scales):
        raise NotFound("not_found")
    if any(product.cutout_id is None or product.cutout_state == CutoutState.PENDING for product in found):
        raise Conflict("studio.no_cutout_yet")
    return found
