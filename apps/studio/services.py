"""Everything that changes in Studio. Subjects come first, ``by`` is the person who asked."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.assets.models import Asset, AssetKind
from apps.core.errors import Conflict, InvalidInput
from apps.core.ids import uuid7
from apps.jobs import services as queue
from apps.jobs.models import Job, Priority
from apps.studio import catalogue, offers
from apps.studio.models import CutoutState, Product, Shoot, Shot
from apps.studio.naming import name_and_sku

INTERACTIVE_SHOTS = 24  # a shoot up to this size is somebody waiting; a larger one is a batch
REJECT_REASONS = ("cutout", "placement", "scene", "colour", "other")


@transaction.atomic
def create_products(workspace: Workspace, *, photos: Sequence[Asset], by: User | None) -> list[Product]:
    """One product for each photo; a photo that already has a product gives that product again."""
    in_order = Asset.objects.filter(workspace=workspace, pk__in=[photo.id for photo in photos]).order_by("pk")
    list(in_order.select_for_update())  # two drops of the same photo take turns
    known = {
        product.photo_id: product
        for product in Product.objects.filter(workspace=workspace, photo__in=photos, archived_at=None)
    }
    for photo in photos:
        if photo.id not in known:
            known[photo.id] = _create_product(workspace, photo, by)
    return [known[photo.id] for photo in photos]


def _create_product(workspace: Workspace, photo: Asset, by: User | None) -> Product:
    if photo.kind != AssetKind.PHOTO:
        raise InvalidInput("studio.not_a_photo")
    name, sku = name_and_sku(photo.name)
    product = Product.objects.create(workspace=workspace, name=name, sku=sku, photo=photo, created_by=by)
    request_cutout(product, box=None, by=by)
    return product


@transaction.atomic
def request_cutout(product: Product, *, box: Sequence[int] | None, by: User | None) -> Job:
    """Cut the product out, inside ``box`` (x, y, width, height in pixels of the photo) when one is given."""
    checked = _checked_box(product, box) if box is not None else None
    earlier = Job.objects.filter(pk__in=Product.objects.filter(pk=product.pk).values("cutout_job")).first()
    if earlier is not None and not earlier.is_ended:
        queue.cancel(earlier)  # before the product is locked: a finishing job locks itself, then the product
    product = Product.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=product.pk)
    product.cutout_job = queue.submit(
        product.workspace,
        kind="studio.cutout",
        params={"product": str(product.id), "box": checked, "before": _settled_state(product)},
        priority=Priority.INTERACTIVE,
        created_by=by,
        label=product.name,
        subject=f"product:{product.id}",
    )
    product.cutout_state = CutoutState.PENDING
    product.cutout_box = checked
    product.save(update_fields=["cutout_job", "cutout_state", "cutout_box"])
    return product.cutout_job


def _settled_state(product: Product) -> str:
    """What the product goes back to when the new cutout does not work out."""
    if product.cutout_state != CutoutState.PENDING:
        return product.cutout_state
    earlier = product.cutout_job.params.get("before") if product.cutout_job else None
    return earlier or CutoutState.FAILED


def _checked_box(product: Product, box: Sequence[int]) -> list[int]:
    blob = product.photo.blob
    if len(box) != 4:
        raise InvalidInput("studio.box_unreadable")
    x, y, width, height = (int(value) for value in box)
    left, top = max(0, x), max(0, y)
    right, bottom = min(blob.width, x + width), min(blob.height, y + height)
    if right - left < 8 or bottom - top < 8:
        raise InvalidInput("cutout.box_outside", width=blob.width, height=blob.height)
    return [left, top, right - left, bottom - top]


@transaction.atomic
def accept_cutout(product: Product) -> Product:
    """A person says that the cutout is good. Accepting twice is the same as once."""
    product = Product.objects.select_for_update().get(pk=product.pk)
    if product.cutout_id is None or product.cutout_state in (CutoutState.PENDING, CutoutState.FAILED):
        raise Conflict("studio.no_cutout_yet")
    product.cutout_state = CutoutState.ACCEPTED
    product.save(update_fields=["cutout_state"])
    return product


@transaction.atomic
def rename_product(product: Product, *, name: str, sku: str) -> Product:
    product.name = name.strip()[:120]
    product.sku = sku.strip()[:64]
    if not product.name:
        raise InvalidInput("studio.name_missing")
    product.save(update_fields=["name", "sku"])
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


@transaction.atomic
def request_shoot(
    product: Product,
    *,
    sets: Sequence[str],
    palettes: Sequence[str],
    formats: Sequence[str],
    variations: int = 1,
    by: User | None,
    token: str = "",
) -> Shoot:
    """Make one shot for every set x palette x format x variation.

    The same choices with the same ``token`` (one for each time the page is shown) are the same shoot: a double click
    or a repeated post makes nothing twice.

    Raises:
        Conflict: ``studio.no_cutout_yet``.
        InvalidInput: nothing chosen, something unknown chosen, or more than ``MAX_SHOTS_PER_SHOOT`` shots.
    """
    if product.cutout_id is None or product.cutout_state not in (CutoutState.READY, CutoutState.ACCEPTED):
        raise Conflict("studio.no_cutout_yet")
    specs = plan_shots(sets=sets, palettes=palettes, formats=formats, variations=variations)
    workspace = product.workspace
    choices = {"sets": list(sets), "palettes": list(palettes), "formats": list(formats), "variations": variations}
    Product.objects.select_for_update().get(pk=product.pk)  # two posts of one click take turns
    shoot_id = _shoot_id(product, token, choices)
    if token and (known := Shoot.objects.filter(pk=shoot_id).first()) is not None:
        return known
    batch = queue.create_batch(workspace, kind="studio.shot", label=product.name, created_by=by)
    shoot = Shoot.objects.create(
        pk=shoot_id, workspace=workspace, product=product, batch=batch, choices=choices, created_by=by
    )
    priority = Priority.INTERACTIVE if len(specs) <= INTERACTIVE_SHOTS else Priority.BATCH
    shots = [
        Shot(workspace=workspace, shoot=shoot, product=product, position=position, spec=spec)
        for position, spec in enumerate(specs)
    ]
    for shot in shots:
        shot.job = queue.submit(
            workspace,
            kind="studio.shot",
            params={"shot": str(shot.id), "cutout": str(product.cutout_id)},
            priority=priority,
            created_by=by,
            label=product.name,
            batch=batch,
            subject=f"shot:{shot.id}",
        )
    Shot.objects.bulk_create(shots)
    if product.cutout_state == CutoutState.READY:
        accept_cutout(product)
    return shoot


def _shoot_id(product: Product, token: str, choices: dict[str, Any]) -> uuid.UUID:
    if not token:
        return uuid7()
    return uuid.uuid5(product.id, f"{product.cutout_id} {token} {json.dumps(choices, sort_keys=True)}")


def plan_shots(
    *, sets: Sequence[str], palettes: Sequence[str], formats: Sequence[str], variations: int
) -> list[dict[str, Any]]:
    """The specs of a shoot, variations first so that the first pictures already show every set."""
    names = [catalogue.get_set(name).name for name in dict.fromkeys(sets)]
    colours = [offers.parse_palette(text) for text in dict.fromkeys(palettes)]
    sizes = offers.parse_formats(formats)
    if not (names and colours and sizes) or not 1 <= variations <= offers.MAX_VARIATIONS:
        raise InvalidInput("studio.nothing_chosen")
    count = len(names) * len(colours) * len(sizes) * variations
    if count > offers.MAX_SHOTS_PER_SHOOT:
        raise InvalidInput("studio.too_many_shots", count=count, most=offers.MAX_SHOTS_PER_SHOOT)
    return [
        {
            "set": name,
            "palette": list(palette),
            "format": size.key,
            "width": size.width,
            "height": size.height,
            "seed": seed,
        }
        for seed in range(variations)
        for size in sizes
        for palette in colours
        for name in names
    ]


@transaction.atomic
def set_verdict(shot: Shot, *, verdict: str, reason: str = "") -> Shot:
    """``star``, ``reject`` (with a reason) or ``clear``. Only a finished shot can be judged."""
    if shot.asset_id is None:
        raise Conflict("studio.shot_not_ready")
    if verdict not in ("star", "reject", "clear"):
        raise InvalidInput("studio.verdict_unknown")
    if reason and reason not in REJECT_REASONS:
        raise InvalidInput("studio.verdict_unknown")
    shot.starred = verdict == "star"
    shot.rejected_at = timezone.now() if verdict == "reject" else None
    shot.reject_reason = reason if verdict == "reject" else ""
    shot.save(update_fields=["starred", "rejected_at", "reject_reason"])
    return shot


def retry_shot(shot: Shot) -> Shot:
    """Queue a failed or cancelled shot again."""
    if shot.job is None:
        raise Conflict("studio.shot_not_retryable")
    queue.retry(shot.job)
    return shot


def cancel_shoot(shoot: Shoot) -> None:
    if shoot.batch is not None:
        queue.cancel_batch(shoot.batch)


def parse_ids(values: Sequence[str]) -> list[uuid.UUID]:
    """Raises InvalidInput ``studio.id_unreadable``."""
    try:
        return [uuid.UUID(value) for value in values]
    except ValueError as error:
        raise InvalidInput("studio.id_unreadable") from error
