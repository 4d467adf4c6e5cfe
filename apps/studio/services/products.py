"""Products: made from photos, named, put away and brought back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.assets.models import Asset, AssetKind
from apps.core.errors import InvalidInput
from apps.studio.kinds import LARGEST_SIZE, SMALLEST_SIZE, guess_kind, kinds
from apps.studio.models import Product, Viewpoint
from apps.studio.naming import name_and_sku
from apps.studio.services.cutouts import request_cutout

MOST_NAME, MOST_SKU = 120, 64  # characters


@transaction.atomic
def create_products(
    workspace: Workspace,
    *,
    photos: Sequence[Asset],
    by: User | None,
    box: Sequence[int] | None = None,
    then: Mapping[str, Any] | None = None,
) -> list[Product]:
    """One product for each photo; a photo that already has a product gives that product again.

    ``box`` and ``then`` are for the cutouts of new products, as in ``request_cutout``.
    """
    in_order = Asset.objects.filter(workspace=workspace, pk__in=[photo.id for photo in photos]).order_by("pk")
    list(in_order.select_for_update())  # two drops of the same photo take turns
    known = {
        product.photo_id: product
        for product in Product.objects.filter(workspace=workspace, photo__in=photos, archived_at=None)
    }
    for photo in photos:
        if photo.id not in known:
            known[photo.id] = product = _create_product(workspace, photo, by)
            request_cutout(product, box=box, by=by, then=then)
    return [known[photo.id] for photo in photos]


def _create_product(workspace: Workspace, photo: Asset, by: User | None) -> Product:
    if photo.kind != AssetKind.PHOTO:
        raise InvalidInput("studio.not_a_photo")
    name, sku = name_and_sku(photo.name)
    return Product.objects.create(
        workspace=workspace, name=name, sku=sku, kind=guess_kind(name), photo=photo, created_by=by
    )


@transaction.atomic
def rename_product(product: Product, *, name: str, sku: str) -> Product:
    """Raises InvalidInput ``studio.name_missing`` or ``studio.name_too_long``."""
    name, sku = name.strip(), sku.strip()
    if not name:
        raise InvalidInput("studio.name_missing")
    if len(name) > MOST_NAME or len(sku) > MOST_SKU:
        raise InvalidInput("studio.name_too_long")
    product.name, product.sku = name, sku
    product.save(update_fields=["name", "sku"])
    return product


@transaction.atomic
def describe_product(
    product: Product, *, kind: str | None = None, size: float | None = None, viewpoint: str | None = None
) -> Product:
    """Say what the product is, how large it stands in a picture and where its photo was taken from; None = as it is.

    Raises InvalidInput ``studio.kind_unknown``, ``studio.scale_out_of_range`` or ``studio.viewpoint_unknown``.
    """
    product = Product.objects.select_for_update().get(pk=product.pk)
    if kind is not None:
        if kind and kind not in kinds():
            raise InvalidInput("studio.kind_unknown", name=kind[:20])
        product.kind = kind
    if size is not None:
        if not SMALLEST_SIZE <= size <= LARGEST_SIZE:
            raise InvalidInput("studio.scale_out_of_range", low=SMALLEST_SIZE, high=LARGEST_SIZE)
        product.size = round(size, 2)
    if viewpoint is not None:
        if viewpoint not in Viewpoint.values:
            raise InvalidInput("studio.viewpoint_unknown")
        product.viewpoint, product.is_viewpoint_said = viewpoint, True
    product.save(update_fields=["kind", "size", "viewpoint", "is_viewpoint_said"])
    return product


@transaction.atomic
def archive_product(product: Product) -> Product:
    """Take it out of sight; ``restore_product`` brings it back with everything it has."""
    product.archived_at = timezone.now()
    product.save(update_fields=["archived_at"])
    return product


@transaction.atomic
def restore_product(product: Product) -> Product:
    product.archived_at = None
    product.save(update_fields=["archived_at"])
    return product


def parse_ids(values: Sequence[str]) -> list[uuid.UUID]:
    """Raises InvalidInput ``studio.id_unreadable``."""
    try:
        return [uuid.UUID(value) for value in values]
    except ValueError as error:
        raise InvalidInput("studio.id_unreadable") from error
