"""A second product beside the first in a shot: read from a wish, found in the workspace, loaded for a worker.

A spec's ``companion`` holds ``product`` and ``cutout`` (ids), ``scale``, ``offset``, ``shadow`` and, where it is
turned, ``rotate_deg``, as the library's ``CompanionSpec`` has them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from apps.accounts.models import Workspace
from apps.assets.models import Asset, Blob
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.studio import cutouts
from apps.studio.kinds import scale_of
from apps.studio.models import CutoutState, Product, Shot
from inference.edits import LARGEST_SCALE, SMALLEST_SCALE

FARTHEST = 0.8
FULL_TURN = 360.0
MOST_OFFERED = 200


@dataclass(frozen=True)
class CompanionInputs:
    """What a worker needs of the second product."""

    photo: Blob
    cutout: Asset


def read(raw: Any) -> dict[str, Any] | None:
    """A companion that somebody's browser sent, checked for shape and range. Raises InvalidInput."""
    if raw is None:
        return None
    try:
        offset = [_within(value, -FARTHEST, FARTHEST) for value in raw["offset"]]
        found = {
            "product": str(uuid.UUID(raw["product"])),
            "cutout": str(uuid.UUID(raw["cutout"])) if raw.get("cutout") else "",
            "scale": _within(raw.get("scale", 1.0), SMALLEST_SCALE, LARGEST_SCALE),
            "offset": offset,
            "shadow": _within(raw.get("shadow", 1.0), 0.0, 1.0),
        }
        if turn := _within(raw.get("rotate_deg", 0.0), -FULL_TURN / 2, FULL_TURN / 2):
            found["rotate_deg"] = turn
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise InvalidInput("studio.edit_unreadable") from error
    if len(offset) != 2:
        raise InvalidInput("studio.edit_unreadable")
    return found


def _within(value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(value)
    return round(float(value), 4) + 0.0


def resolved(workspace: Workspace, spec: dict[str, Any]) -> dict[str, Any]:
    """The spec with its companion's cutout: the one that it names, else the product's of today.

    Raises:
        NotFound: the companion, or its cutout, is not in this workspace.
        Conflict: ``studio.no_cutout_yet``.
    """
    wish = spec.get("companion")
    if not wish:
        return spec
    product = Product.objects.filter(workspace=workspace, pk=wish["product"]).select_related("photo", "cutout").first()
    if product is None:
        raise NotFound("not_found")
    if product.cutout is None:
        raise Conflict("studio.no_cutout_yet")
    cutout = cutouts.get_cutout(product, uuid.UUID(wish["cutout"])) if wish["cutout"] else product.cutout
    return {**spec, "companion": {**wish, "cutout": str(cutout.id)}}


def inputs_of(spec: Mapping[str, Any]) -> CompanionInputs | None:
    """What a stored spec names, read in the tenant's scope."""
    wish = spec.get("companion")
    if not wish:
        return None
    product = Product.objects.select_related("photo__blob").get(pk=wish["product"])
    return CompanionInputs(product.photo.blob, Asset.objects.select_related("blob").get(pk=wish["cutout"]))


def parents(spec: Mapping[str, Any]) -> list[tuple[Asset, str]]:
    """What a shot with a companion was made from besides its own product, with the roles."""
    wish = spec.get("companion")
    if not wish:
        return []
    product = Product.objects.select_related("photo").get(pk=wish["product"])
    return [(Asset.objects.get(pk=wish["cutout"]), "companion"), (product.photo, "companion_photo")]


@dataclass(frozen=True)
class Other:
    """A product that may stand beside another one, at ``usual_scale``."""

    id: uuid.UUID
    name: str
    cutout: Asset
    usual_scale: float


def offered(shot: Shot) -> list[Other]:
    """Products that may stand beside this shot's: the one that does, and others that are cut out, by name."""
    ready = Q(cutout_state__in=CutoutState.usable(), archived_at=None, cutout__isnull=False)
    current = shot.spec.get("companion", {}).get("product")
    found = Product.objects.filter(ready | Q(pk=current) if current else ready, workspace=shot.workspace)
    found = found.exclude(pk=shot.product_id).select_related("cutout__blob").order_by("name", "id")
    others = sorted(found[:MOST_OFFERED], key=lambda product: str(product.id) != current)
    return [Other(product.id, product.name, product.cutout, scale_of(product)) for product in others if product.cutout]
