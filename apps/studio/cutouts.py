"""What the cutout editor reads: the cutouts that a product had, and the size at which it works on a photo."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q, QuerySet

from apps.assets.models import Asset, AssetKind, Blob, Lineage
from apps.core.errors import NotFound
from apps.studio.models import Product

PREVIEW_AREA_PX = 2048 * 1536  # the editor's canvas; strokes are in pixels of the photo and are applied to all of it
PREVIEW_SIDE_PX = 4096
PREVIEW_RENDITION = "webp-2048"
BASE_ROLE = "cutout"
MOST_SHOWN = 24


def preview_size(photo: Blob) -> tuple[int, int]:
    """Width and height of the editor's canvas: the photo's, or as much as area and side may have."""
    area = photo.width * photo.height
    scale = min(1.0, (PREVIEW_AREA_PX / area) ** 0.5, PREVIEW_SIDE_PX / max(photo.width, photo.height))
    return max(1, round(photo.width * scale)), max(1, round(photo.height * scale))


def history(product: Product) -> list[Asset]:
    """The cutouts of the product's photo, the newest first."""
    return list(_cutouts(product).select_related("blob", "created_by").order_by("-created_at")[:MOST_SHOWN])


def get_cutout(product: Product, cutout_id: uuid.UUID) -> Asset:
    """One of the product's cutouts. Raises NotFound for others, which looks the same from outside."""
    cutout = _cutouts(product).filter(pk=cutout_id).select_related("blob").first()
    if cutout is None:
        raise NotFound("not_found")
    return cutout


def _cutouts(product: Product) -> QuerySet[Asset]:
    made_from = Lineage.objects.filter(parent=product.photo_id, role="photo").values("child")
    found = Asset.objects.filter(workspace=product.workspace_id, kind=AssetKind.CUTOUT)
    return found.filter(Q(pk__in=made_from) | Q(pk=product.cutout_id))


def window_in_photo(product: Product, cutout: Asset) -> list[int]:
    """Left, top, width, height of a cutout in pixels of the photo."""
    blob = product.photo.blob
    window: list[int] = cutout.recipe.get("window") or [0, 0, blob.width, blob.height]
    return window


def edit_count(recipe: dict[str, Any]) -> int:
    """How many strokes a person painted on the automatic cutout; 0 for one that nobody touched."""
    return len(recipe.get("strokes", ()))
