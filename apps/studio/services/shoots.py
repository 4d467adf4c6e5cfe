"""Shoots and their shots: ask for them, judge them, try again."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.core.errors import Conflict, InvalidInput
from apps.core.events import notify
from apps.core.ids import uuid7
from apps.jobs import services as queue
from apps.jobs.models import JobState, Priority
from apps.studio import catalogue, offers, selectors
from apps.studio.kinds import scale_of
from apps.studio.models import CutoutState, Product, Shoot, Shot
from apps.studio.services.cutouts import accept_cutout
from apps.studio.specs import pick

INTERACTIVE_SHOTS = 24  # what fills the screen of the person who waits; the rest of a large shoot is a batch
MOST_JUDGED = 500
REJECT_REASONS = ("cutout", "placement", "scene", "colour", "other")
VERDICT_EVENT = {"subject": "verdicts", "kind": "studio.verdict", "state": "judged"}
"""Counts of verdicts are out of date. It names no shot, so that hundreds of verdicts in one go are one message."""


@transaction.atomic
def request_shoot(
    product: Product,
    *,
    sets: Sequence[str],
    palettes: Sequence[str],
    formats: Sequence[str],
    variations: int = 1,
    camera: str = "",
    mood: str = "",
    by: User | None,
    token: str = "",
) -> Shoot:
    """Make one shot for every set x palette x format x variation, all by one camera and in one light mood.

    A set that has no such camera or mood is seen in its first one.

    The same choices with the same ``token`` (one for each time the page is shown) are the same shoot: a double click
    or a repeated post makes nothing twice.

    Raises:
        Conflict: ``studio.no_cutout_yet``.
        InvalidInput: nothing chosen, something unknown chosen, or more than ``MAX_SHOTS_PER_SHOOT`` shots.
    """
    if product.cutout_id is None or product.cutout_state not in CutoutState.usable():
        raise Conflict("studio.no_cutout_yet")
    specs = plan_shots(
        sets=sets,
        palettes=palettes,
        formats=formats,
        variations=variations,
        camera=camera,
        mood=mood,
        scale=scale_of(product),
    )
    workspace = product.workspace
    choices = {"sets": list(sets), "palettes": list(palettes), "formats": list(formats), "variations": variations}
    choices |= {key: value for key, value in (("camera", camera), ("mood", mood)) if value}
    Product.objects.select_for_update().get(pk=product.pk)  # two posts of one click take turns
    shoot_id = _shoot_id(product, token, choices)
    if token and (known := Shoot.objects.filter(pk=shoot_id).first()) is not None:
        return known
    batch = queue.create_batch(workspace, kind="studio.shot", label=product.name, created_by=by)
    shoot = Shoot.objects.create(
        pk=shoot_id, workspace=workspace, product=product, batch=batch, choices=choices, created_by=by
    )
    queue_shots(shoot, specs)
    return shoot


def queue_shots(shoot: Shoot, specs: Sequence[dict[str, Any]], *, interactive: int = INTERACTIVE_SHOTS) -> None:
    """Fill a shoot: one shot and one job for each spec. The product has a cutout; it counts as accepted from now on.

    The first ``interactive`` ones overtake bulk work.
    """
    product = shoot.product
    shots = [
        Shot(workspace=shoot.workspace, shoot=shoot, product=product, position=position, spec=spec)
        for position, spec in enumerate(specs)
    ]
    for shot in shots:
        queue_shot(shot, priority=Priority.INTERACTIVE if shot.position < interactive else Priority.BATCH)
    Shot.objects.bulk_create(shots)
    if product.cutout_state == CutoutState.READY:
        accept_cutout(product)


def queue_shot(shot: Shot, *, priority: Priority) -> None:
    """Queue a shot's job and note it in ``shot``, which the caller writes."""
    shoot, product = shot.shoot, shot.product
    shot.job = queue.submit(
        shoot.workspace,
        kind="studio.shot",
        params={"shot": str(shot.id), "cutout": str(product.cutout_id)},
        priority=priority,
        created_by=shoot.created_by,
        label=product.name,
        batch=shoot.batch,
        subject=f"shot:{shot.id}",
    )


def _shoot_id(product: Product, token: str, choices: dict[str, Any]) -> uuid.UUID:
    if not token:
        return uuid7()
    return uuid.uuid5(product.id, f"{product.cutout_id} {token} {json.dumps(choices, sort_keys=True)}")


def plan_shots(
    *,
    sets: Sequence[str],
    palettes: Sequence[str],
    formats: Sequence[str],
    variations: int,
    camera: str = "",
    mood: str = "",
    scale: float = 1.0,
) -> list[dict[str, Any]]:
    """The specs of a shoot, variations first so that the first pictures already show every set.

    ``scale``: the product's size in the picture, times the sets' usual one.
    """
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
            **_view_of(name, camera, mood),
            **({"scale": scale} if scale != 1 else {}),
        }
        for seed in range(variations)
        for size in sizes
        for palette in colours
        for name in names
    ]


def _view_of(name: str, camera: str, mood: str) -> dict[str, str]:
    info = catalogue.get_set(name)
    chosen = {"camera": pick(camera, info.cameras), "mood": pick(mood, info.moods)}
    return {key: value for key, value in chosen.items() if value}


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
    notify(shot.workspace_id, VERDICT_EVENT)
    return shot


@transaction.atomic
def set_verdicts(workspace: Workspace, *, shot_ids: Sequence[uuid.UUID], verdict: str, reason: str = "") -> list[Shot]:
    """``set_verdict`` for many shots: for all of them or, where one can not be judged, for none."""
    if not 1 <= len(shot_ids) <= MOST_JUDGED:
        raise InvalidInput("studio.id_unreadable")
    return [
        set_verdict(shot, verdict=verdict, reason=reason) for shot in selectors.shots_by_id(workspace, list(shot_ids))
    ]


def retry_shot(shot: Shot) -> Shot:
    """Queue a failed or cancelled shot again."""
    if shot.job is None:
        raise Conflict("studio.shot_not_retryable")
    queue.retry(shot.job)
    return shot


def retry_shoot(shoot: Shoot) -> None:
    """Queue every shot again that failed or was cancelled."""
    if shoot.batch is not None:
        queue.retry_batch(shoot.batch, states=JobState.retryable())


def cancel_shoot(shoot: Shoot) -> None:
    if shoot.batch is not None:
        queue.cancel_batch(shoot.batch)
