"""Editing a shot: every save is a new version, and every version can be shown again."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from apps.accounts.models import User
from apps.assets.models import Lineage
from apps.core.errors import Conflict, NotFound
from apps.jobs import services as queue
from apps.jobs.models import JobState, Priority
from apps.studio import scenes
from apps.studio.models import CutoutState, Product, Shot, ShotVersion
from apps.studio.services.shoots import INTERACTIVE_SHOTS

MOST_VERSIONS = 200
MOST_RENEWED = 200


@transaction.atomic
def edit_shot(shot: Shot, *, spec: dict[str, Any], by: User | None) -> ShotVersion:
    """Make a new version of a shot, and show it as soon as it is finished.

    A spec that one of the shot's versions has already is that version: it is shown again, and nothing is made twice.

    Args:
        spec: from ``specs.read_wish``.

    Raises:
        Conflict: ``studio.shot_not_ready``, ``studio.no_cutout_yet``, ``studio.too_many_versions``, ``scene.set_only``.
    """
    shot = Shot.objects.select_for_update(of=("self",)).select_related("workspace", "product").get(pk=shot.pk)
    scenes.require_set(shot)
    if shot.asset_id is None:
        raise Conflict("studio.shot_not_ready")
    if shot.product.cutout_id is None:
        raise Conflict("studio.no_cutout_yet")
    current = current_version(shot)
    known = shot.versions.filter(spec=spec, asset__isnull=False).order_by("-number").first()
    if known is not None:
        return show_version(shot, number=known.number)
    newest = shot.versions.order_by("-number").values_list("number", flat=True)[0]
    if newest >= MOST_VERSIONS:
        raise Conflict("studio.too_many_versions", most=MOST_VERSIONS)
    return _queue_version(shot, newest + 1, parent=current, spec=spec, by=by)


def _queue_version(
    shot: Shot,
    number: int,
    *,
    parent: ShotVersion,
    spec: dict[str, Any],
    by: User | None,
    priority: Priority = Priority.INTERACTIVE,
) -> ShotVersion:
    """Write a version down and have it made from the product's cutout of now."""
    version = ShotVersion(workspace=shot.workspace, shot=shot, number=number, parent=parent, spec=spec, created_by=by)
    version.job = queue.submit(
        shot.workspace,
        kind="studio.shot",
        params={"shot": str(shot.id), "cutout": str(shot.product.cutout_id), "version": str(version.id)},
        priority=priority,
        created_by=by,
        label=shot.product.name,
        subject=f"shot:{shot.id}",
    )
    version.save(force_insert=True)
    return version


def with_earlier_cutout(product: Product) -> QuerySet[Shot]:
    """Finished shots of sets that show another cutout of the product than its own of now, and are not being edited.

    Accepted ones are left out: somebody said that this very picture is good.
    """
    made_from = Lineage.objects.filter(child=OuterRef("asset"), role="cutout")
    under_way = ShotVersion.objects.filter(shot=OuterRef("pk"), asset=None, job__state__in=JobState.open())
    shots = Shot.objects.filter(product=product, asset__isnull=False, starred=False)
    found = shots.exclude(spec__has_key="generated").exclude(version__gte=MOST_VERSIONS)
    found = found.filter(Exists(made_from), ~Exists(made_from.filter(parent=product.cutout_id)), ~Exists(under_way))
    return found.order_by("-shoot__created_at", "position")


@transaction.atomic
def renew_shots(product: Product, *, by: User | None) -> int:
    """Make shots that show an earlier cutout again with the one of now, each as a new version; returns how many.

    At most ``MOST_RENEWED``, the newest shoot's first. A verdict on the earlier picture goes with it.

    Raises Conflict ``studio.no_cutout_yet``.
    """
    if product.cutout_id is None or product.cutout_state not in CutoutState.usable():
        raise Conflict("studio.no_cutout_yet")
    found = list(with_earlier_cutout(product).values_list("pk", flat=True)[:MOST_RENEWED])
    rows = Shot.objects.select_for_update(of=("self",)).select_related("workspace", "product")
    for at, shot in enumerate(rows.filter(pk__in=found).order_by("-shoot__created_at", "position")):
        current = current_version(shot)
        newest = shot.versions.order_by("-number").values_list("number", flat=True)[0]
        priority = Priority.INTERACTIVE if at < INTERACTIVE_SHOTS else Priority.BATCH
        _queue_version(shot, newest + 1, parent=current, spec=shot.spec, by=by, priority=priority)
    return len(found)


def current_version(shot: Shot) -> ShotVersion:
    """The version that the shot shows; the first edit writes down what the shoot made."""
    found = shot.versions.filter(number=shot.version).first()
    if found is not None:
        return found
    return ShotVersion.objects.create(
        workspace=shot.workspace,
        shot=shot,
        number=shot.version,
        spec=shot.spec,
        job=shot.job,
        asset=shot.asset,
        gate=shot.gate,
    )


@transaction.atomic
def show_version(shot: Shot, *, number: int) -> ShotVersion:
    """Let the shot show one of its versions. A verdict belongs to the picture that was judged, so another one has none.

    Raises:
        NotFound: there is no such version.
        Conflict: ``studio.shot_not_ready`` when it has no picture yet.
    """
    shot = Shot.objects.select_for_update().get(pk=shot.pk)
    version = ShotVersion.objects.filter(shot=shot, number=number).first()
    if version is None:
        raise NotFound("not_found")
    if version.asset_id is None:
        raise Conflict("studio.shot_not_ready")
    put_on_show(shot, version)
    return version


def put_on_show(shot: Shot, version: ShotVersion) -> None:
    """Write a finished version into its shot, which the caller has locked."""
    if shot.asset_id != version.asset_id:
        shot.starred, shot.rejected_at, shot.reject_reason = False, None, ""
    shot.version, shot.spec = version.number, version.spec
    shot.asset_id, shot.gate = version.asset_id, version.gate
    shot.save(update_fields=["version", "spec", "asset", "gate", "starred", "rejected_at", "reject_reason"])
