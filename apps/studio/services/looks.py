"""One edited shot's look for many products."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.db import transaction

from apps.accounts.models import User
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.jobs import services as queue
from apps.jobs.models import Batch, Priority
from apps.studio import looks, scenes
from apps.studio.kinds import scale_of
from apps.studio.models import CutoutState, Product, Shoot, Shot
from apps.studio.services.shoots import INTERACTIVE_SHOTS


@transaction.atomic
def apply_look(
    shot: Shot, *, scales: Mapping[uuid.UUID, float], by: User | None, label: str = "", token: str = ""
) -> Batch:
    """Make one shot in this look of every product: one batch, one shoot a product.

    The same products with the same ``token`` are the same batch: a double click makes nothing twice.

    Args:
        scales: the products, and how many times its usual size each one gets.

    Raises:
        Conflict: ``studio.shot_not_ready``, ``studio.no_cutout_yet``, ``scene.set_only``.
        InvalidInput: ``studio.no_products``, ``studio.too_many_products``, ``studio.scale_out_of_range``.
        NotFound: one of the products is not here.
    """
    scenes.require_set(shot)
    if shot.asset_id is None:
        raise Conflict("studio.shot_not_ready")
    products = _products(shot, scales)
    known = Shoot.objects.filter(workspace=shot.workspace, choices__look_token=token).first() if token else None
    if known is not None and known.batch is not None:
        return known.batch
    batch = queue.create_batch(shot.workspace, kind="studio.shot", label=label or shot.product.name, created_by=by)
    priority = Priority.INTERACTIVE if len(products) <= INTERACTIVE_SHOTS else Priority.BATCH
    choices = {"look": str(shot.id), "look_version": shot.version, "look_token": token}
    for product in products:
        shoot = Shoot.objects.create(
            workspace=shot.workspace, product=product, batch=batch, choices=choices, created_by=by
        )
        made = Shot(workspace=shot.workspace, shoot=shoot, product=product, position=0)
        made.spec = looks.look_of(shot, scale=scales[product.id], usual=scale_of(product))
        made.job = queue.submit(
            shot.workspace,
            kind="studio.shot",
            params={"shot": str(made.id), "cutout": str(product.cutout_id)},
            priority=priority,
            created_by=by,
            label=product.name,
            batch=batch,
            subject=f"shot:{made.id}",
        )
        made.save(force_insert=True)
    return batch


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
