"""The best of several variations, by what can be measured."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.models import User
from apps.core.errors import Conflict, InvalidInput
from apps.jobs import services as queue
from apps.jobs.models import Job
from apps.studio import scenes
from apps.studio.models import Shot

MOST_CANDIDATES = 16


@transaction.atomic
def request_best(shot: Shot, *, count: int, by: User | None) -> Job:
    """Compare ``count`` variations of a shot as it is now; the best one becomes a new version.

    Raises:
        Conflict: ``studio.shot_not_ready``, ``studio.no_cutout_yet``, ``scene.set_only``.
        InvalidInput: ``studio.best_count``.
    """
    scenes.require_set(shot)
    if shot.asset_id is None:
        raise Conflict("studio.shot_not_ready")
    if shot.product.cutout_id is None:
        raise Conflict("studio.no_cutout_yet")
    if not 2 <= count <= MOST_CANDIDATES:
        raise InvalidInput("studio.best_count", most=MOST_CANDIDATES)
    first = shot.spec["seed"]
    return queue.submit(
        shot.workspace,
        kind="studio.best",
        params={
            "shot": str(shot.id),
            "cutout": str(shot.product.cutout_id),
            "spec": shot.spec,
            "seeds": [first + number for number in range(count)],
        },
        created_by=by,
        label=shot.product.name,
        subject=f"best:{shot.id}",
    )
