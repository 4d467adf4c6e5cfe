"""Editing a shot: every save is a new version, and every version can be shown again."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.core.errors import Conflict, NotFound
from apps.jobs import services as queue
from apps.studio import scenes
from apps.studio.models import Shot, ShotVersion

MOST_VERSIONS = 200


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
    version = ShotVersion(
        workspace=shot.workspace, shot=shot, number=newest + 1, parent=current, spec=spec, created_by=by
    )
    version.job = queue.submit(
        shot.workspace,
        kind="studio.shot",
        params={"shot": str(shot.id), "cutout": str(shot.product.cutout_id), "version": str(version.id)},
        created_by=by,
        label=shot.product.name,
        subject=f"shot:{shot.id}",
    )
    version.save(force_insert=True)
    return version


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
