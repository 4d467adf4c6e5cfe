"""One shoot for each of many products, in one go.

The request writes down one empty shoot a product and is over; a job fills them, some products at a time. A product
whose cutout is not there yet, or needs a person, keeps its empty shoot, which begins as soon as the cutout is ready.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import User, Workspace
from apps.core.errors import InvalidInput, NotFound
from apps.jobs import services as queue
from apps.jobs.models import Batch
from apps.studio.kinds import scale_of
from apps.studio.models import CutoutState, Product, Shoot, Shot
from apps.studio.services.cutouts import accept_cutout, request_cutout
from apps.studio.services.shoots import INTERACTIVE_SHOTS, plan_shots, queue_shots
from apps.studio.services.starters import call_starter, call_starter_for

MOST_PRODUCTS = 2000
MOST_SHOTS = 20_000
STARTED_AT_ONCE = 25  # shoots a job begins in one transaction; the next ones are the next job's


@transaction.atomic
def request_batch(
    workspace: Workspace,
    *,
    product_ids: Sequence[uuid.UUID],
    choices: dict[str, Any],
    by: User | None,
    token: str,
    label: str = "",
) -> Batch:
    """Ask for the same shots of many products.

    The same ``token`` (one for each time the page is shown) is the same batch: a double click makes nothing twice.

    Args:
        choices: arguments of ``plan_shots`` but for the scale, which is each product's own.

    Raises:
        InvalidInput: ``studio.no_products``, ``studio.too_many_products``, ``studio.too_many_in_batch``, and what
            ``plan_shots`` refuses.
        NotFound: one of the products is not here.
    """
    wanted = list(dict.fromkeys(product_ids))
    if not wanted:
        raise InvalidInput("studio.no_products")
    if len(wanted) > MOST_PRODUCTS:
        raise InvalidInput("studio.too_many_products", count=len(wanted), most=MOST_PRODUCTS)
    count = len(plan_shots(**choices)) * len(wanted)
    if count > MOST_SHOTS:
        raise InvalidInput("studio.too_many_in_batch", count=count, most=MOST_SHOTS)
    products = list(Product.objects.filter(workspace=workspace, pk__in=wanted, archived_at=None))
    if len(products) != len(wanted):
        raise NotFound("not_found")
    Workspace.objects.select_for_update(of=("self",)).get(pk=workspace.pk)  # two posts of one click take turns
    known = Shoot.objects.filter(workspace=workspace, choices__batch_token=token).select_related("batch").first()
    if known is not None and known.batch is not None:
        return known.batch
    batch = queue.create_batch(workspace, kind="studio.shot", label=label, created_by=by)
    written = {**choices, "batch_token": token, "interactive": count <= INTERACTIVE_SHOTS}
    Shoot.objects.bulk_create(
        [
            Shoot(workspace=workspace, product=product, batch=batch, choices=written, created_by=by)
            for product in products
        ]
    )
    call_starter(batch, what="batch")
    return batch


def waiting_shoots(*, batch_id: uuid.UUID | None = None, product_id: uuid.UUID | None = None) -> QuerySet[Shoot]:
    """Empty shoots of a batch or of a product whose product can be shot now."""
    asked = {"batch": batch_id} if batch_id else {"product": product_id}
    found = Shoot.objects.select_related("product__workspace")
    return found.filter(shots=None, product__cutout_state__in=CutoutState.usable(), **asked).order_by("id")


@transaction.atomic
def start_shoots(*, batch_id: uuid.UUID | None = None, product_id: uuid.UUID | None = None) -> int:
    """Fill some waiting shoots and leave the rest to the next job; returns how many were filled.

    Two starters of one shoot take turns at its row, and the second one finds it filled.
    """
    found = list(waiting_shoots(batch_id=batch_id, product_id=product_id)[: STARTED_AT_ONCE + 1])
    for shoot in found[:STARTED_AT_ONCE]:
        _start(shoot.pk)
    if len(found) > STARTED_AT_ONCE:
        if batch_id:
            call_starter(Batch.objects.select_related("workspace").get(pk=batch_id), what="batch")
        else:
            call_starter_for(found[0].product)
    return min(len(found), STARTED_AT_ONCE)


def _start(shoot_id: uuid.UUID) -> None:
    rows = Shoot.objects.select_for_update(of=("self",)).select_related("workspace", "product__workspace", "batch")
    shoot = rows.filter(pk=shoot_id).first()
    if shoot is None or Shot.everything.filter(shoot=shoot).exists():
        return
    choices = dict(shoot.choices)
    few = choices.pop("interactive", False)
    choices.pop("batch_token", None)
    specs = plan_shots(**choices, scale=scale_of(shoot.product))
    queue_shots(shoot, specs, interactive=INTERACTIVE_SHOTS if few else 0)


def retry_batch(batch: Batch, *, by: User | None) -> int:
    """Make again what failed: shots, and cutouts that shoots wait for. Returns how many of both.

    Shots that only have to begin do so, too.
    """
    count = queue.retry_batch(batch)
    with transaction.atomic():
        failed = Product.objects.filter(
            cutout_state=CutoutState.FAILED, shoots__in=Shoot.objects.filter(batch=batch, shots=None)
        )
        for product in failed.select_related("workspace", "photo__blob").distinct():
            request_cutout(product, box=None, by=by)
            count += 1
        call_starter(batch, what="batch")
    return count


@transaction.atomic
def accept_guesses(batch: Batch) -> int:
    """Somebody looked at the guessed cutouts that shoots of the batch wait for, and they are good: the shots begin.

    Returns how many; a product without any cutout goes on waiting for a box.
    """
    guessed = Product.objects.filter(
        cutout_state=CutoutState.NEEDS_BOX,
        cutout__isnull=False,
        shoots__in=Shoot.objects.filter(batch=batch, shots=None),
    )
    found = list(guessed.distinct().order_by("id"))
    for product in found:
        accept_cutout(product)
    return len(found)


def cancel_batch(batch: Batch, *, by: User | None) -> None:
    """Stop what is queued and forget what waits for cutouts."""
    with transaction.atomic():
        forget_waiting(batch.pk)
    queue.cancel_batch(batch, by=by)


def forget_waiting(batch_id: uuid.UUID) -> None:
    """A batch's shoots that have not begun are not wanted any more."""
    Shoot.objects.filter(batch=batch_id, shots=None).delete()
