"""Shots that nobody wants: deleted, brought back within some days, erased after that."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError, Q
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.accounts.selectors import GRACE
from apps.assets import services as assets
from apps.assets.models import Asset, Rendition
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.core.events import notify
from apps.core.tenancy import system_scope, tenant_scope
from apps.jobs.models import Job, JobState
from apps.studio.models import Export, ExportFile, Shot, ShotVersion, Unbegun
from apps.studio.services.shoots import MOST_JUDGED, VERDICT_EVENT

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deletable:
    """Of some shots: those that can be deleted, and how many stay because they are ``exported`` or being ``made``."""

    shots: Sequence[Shot]
    exported: int
    made: int


def deletable(workspace: Workspace, shots: Sequence[Shot]) -> Deletable:
    """A shot stays while an export has or awaits a file of it, and while a job of it, an edit too, waits or runs."""
    ids = [shot.id for shot in shots]
    files = ExportFile.objects.filter(workspace=workspace, shot__in=ids)
    exported = set(files.values_list("shot_id", flat=True).distinct()) | (_awaited(workspace) & set(ids))
    made = _under_way(workspace) | {shot.id for shot in shots if shot.job_id is None and shot.asset_id is None}
    free = [shot for shot in shots if shot.id not in exported | made]
    return Deletable(free, len(exported), sum(shot.id in made - exported for shot in shots))


def _awaited(workspace: Workspace) -> set[uuid.UUID]:
    """The shots of exports that were not written down whole yet."""
    waiting = (Unbegun.OPEN, Unbegun.BROKEN)
    wishes = Export.objects.filter(workspace=workspace, choices__unbegun__in=waiting)
    return {uuid.UUID(name) for names in wishes.values_list("choices__shots", flat=True) for name in names}


@transaction.atomic
def delete_shots(workspace: Workspace, shots: Sequence[Shot], *, by: User) -> int:
    """Take the shots out of sight, with their files still there; returns how many. Those that have to stay, stay.

    Raises:
        Conflict: ``studio.nothing_deletable``.
    """
    rows = Shot.objects.filter(workspace=workspace, pk__in=[shot.id for shot in shots])
    found = deletable(workspace, list(rows.select_for_update(of=("self",)).order_by("id")))
    if not found.shots:
        raise Conflict("studio.nothing_deletable")
    ids = [shot.id for shot in found.shots]
    Shot.objects.filter(pk__in=ids).update(deleted_at=timezone.now(), deleted_by=by)
    notify(workspace.id, VERDICT_EVENT)
    logger.info("%d shots of workspace %s deleted by %s", len(ids), workspace.id, by.pk)
    return len(ids)


@transaction.atomic
def restore_shots(workspace: Workspace, shot_ids: Sequence[uuid.UUID], *, by: User) -> int:
    """Bring deleted shots back as they were; returns how many.

    Raises:
        NotFound: one of them is not among the deleted ones of this workspace, or no more.
        InvalidInput: ``studio.id_unreadable``: none, or too many.
    """
    if not 1 <= len(shot_ids) <= MOST_JUDGED:
        raise InvalidInput("studio.id_unreadable")
    since = timezone.now() - GRACE
    rows = Shot.everything.filter(workspace=workspace, pk__in=shot_ids, deleted_at__gt=since)
    count = rows.update(deleted_at=None, deleted_by=None)
    if count != len(set(shot_ids)):
        raise NotFound("not_found")
    notify(workspace.id, VERDICT_EVENT)
    logger.info("%d shots of workspace %s brought back by %s", count, workspace.id, by.pk)
    return count


def purge_deleted_shots() -> int:
    """Erase pictures and versions of what was deleted long ago; returns of how many shots.

    What something else was made from, or another shot shows as well, is kept for that. Repeating it does no harm.
    """
    edited = Exists(ShotVersion.objects.filter(shot=OuterRef("pk")))
    with system_scope():
        workspaces = list(Workspace.objects.values_list("id", flat=True))
    count = 0
    for workspace_id in workspaces:
        with tenant_scope(workspace_id):
            due = Shot.everything.filter(Q(asset__isnull=False) | edited, deleted_at__lte=timezone.now() - GRACE)
            found = list(due.order_by("id").values_list("id", flat=True))
            for shot_id in found:
                with transaction.atomic():
                    _erase(Shot.everything.select_for_update().get(pk=shot_id))
            count += len(found)
    return count


def _erase(shot: Shot) -> None:
    """The latest picture goes first, for it may have been made from one before. The row stays, for the books."""
    versions = ShotVersion.objects.filter(shot=shot)
    keys = {shot.asset_id, *versions.values_list("asset_id", flat=True)}
    versions.delete()
    shot.asset, shot.gate = None, {}
    shot.save(update_fields=["asset", "gate"])
    for asset in Asset.objects.filter(pk__in=[key for key in keys if key]).order_by("-created_at", "-id"):
        _forget_asset(asset)


def _forget_asset(asset: Asset) -> None:
    renditions = Rendition.objects.filter(asset=asset).select_related("blob")
    blobs = [asset.blob, *(rendition.blob for rendition in renditions)]
    try:
        with transaction.atomic():
            asset.delete()
    except ProtectedError:
        return
    for blob in {blob.pk: blob for blob in blobs}.values():
        assets.forget_blob(blob)


def _under_way(workspace: Workspace) -> set[uuid.UUID]:
    """Shots that a job which has not ended is about."""
    jobs = Job.objects.filter(workspace=workspace, state__in=JobState.open())
    about = Q(subject__startswith="shot:") | Q(subject__startswith="best:")
    return set(_ids(jobs.filter(about).values_list("subject", flat=True)))


def _ids(subjects: Iterable[str]) -> Iterable[uuid.UUID]:
    return (uuid.UUID(subject.partition(":")[2]) for subject in subjects)
