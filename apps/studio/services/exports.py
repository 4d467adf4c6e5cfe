"""Ask for files for marketplaces. The wish is written down whole before the first job runs; of many files the first few
hundred with it, the others by jobs, some in each transaction.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.core.errors import Conflict, InvalidInput
from apps.core.ids import uuid7
from apps.jobs import services as queue
from apps.jobs.models import Priority
from apps.studio.exports import names
from apps.studio.exports.profiles import Profile, get_profile
from apps.studio.exports.profiles import profiles as all_profiles
from apps.studio.models import Export, ExportFile, Product, Shot, Unbegun
from apps.studio.services.export_plans import PlannedFile, file_paths, plan_each
from apps.studio.services.starters import call_starter

KIND = "studio.export"
MOST_FILES = 50_000
"""Of one export: half a day of work for two cores, and what a person can still take home as one ZIP."""
INTERACTIVE_FILES = 24
FILES_IN_REQUEST = 500
FILES_A_STARTER = 2500
ROWS_AT_ONCE = 500
Row = TypeVar("Row", Shot, Product)


@dataclass(frozen=True)
class Wishes:
    """What a person chose besides the profiles.

    Attributes:
        template: file names for all profiles; empty = each profile's own.
        shadow: a soft contact shadow on white main images.
        enlarge: reach a profile's size even where the photo is too small for it.
    """

    template: str = ""
    shadow: bool = False
    enlarge: bool = False


@transaction.atomic
def request_export(
    workspace: Workspace,
    *,
    shots: Sequence[Shot],
    products: Sequence[Product],
    profiles: Sequence[str],
    wishes: Wishes,
    by: User | None,
    token: str = "",
) -> Export:
    """Queue one file for every profile and shot, or product where the profile shows the product on white.

    The same choices with the same ``token`` are the same export: a double click makes nothing twice.

    Args:
        shots: finished ones; their products need not be among ``products``.

    Raises:
        InvalidInput: ``export.no_profile``, ``export.profile_unknown``, ``export.too_many_files``, or a template that
            can not be used.
        Conflict: ``export.nothing_to_export``: no chosen profile fits what was chosen.
    """
    chosen = [get_profile(key) for key in dict.fromkeys(profiles)]
    if not chosen:
        raise InvalidInput("export.no_profile")
    template = names.checked_template(wishes.template) if wishes.template.strip() else ""
    planned = plan_files(shots=shots, products=products, profiles=chosen)
    choices = _choices(planned, chosen, wishes, template)
    digest = hashlib.sha256(json.dumps(choices, sort_keys=True).encode()).hexdigest()
    export_id = uuid.uuid5(workspace.id, f"{token} {digest}") if token else uuid7()
    # Two posts of one click take turns; other work of the workspace, which only refers to the row, does not wait.
    Workspace.objects.select_for_update(of=("self",), no_key=True).get(pk=workspace.pk)
    if token and (known := Export.objects.filter(pk=export_id).first()) is not None:
        return known
    label = ", ".join(dict.fromkeys(item.product.name for item in planned))[:200]
    batch = queue.create_batch(workspace, kind=KIND, label=label, created_by=by)
    export = Export.objects.create(
        pk=export_id, workspace=workspace, label=label, batch=batch, choices=choices, created_by=by
    )
    _begin(export, planned, at_most=FILES_IN_REQUEST)
    return export


def plan_files(*, shots: Sequence[Shot], products: Sequence[Product], profiles: Sequence[Profile]) -> list[PlannedFile]:
    """What each profile makes of the choice, profile by profile. Raises as ``request_export``."""
    each = plan_each(shots=shots, products=products, profiles=profiles)
    planned = [item for items in each.values() for item in items]
    if not planned:
        raise Conflict("export.nothing_to_export")
    if len(planned) > MOST_FILES:
        raise InvalidInput("export.too_many_files", count=len(planned), most=MOST_FILES)
    return planned


@transaction.atomic
def fill_export(batch_id: uuid.UUID) -> int:
    """Write down and queue some of the files that an export still lacks, the next ones are the next job's.

    Returns how many. Starters of one export take turns at its row. A shot or a product that was deleted meanwhile makes
    no file.
    """
    found = Export.objects.select_for_update(of=("self",)).select_related("workspace", "batch", "created_by")
    export = found.filter(batch_id=batch_id).first()
    if export is None or export.choices.get("unbegun") != Unbegun.OPEN:
        return 0
    return _begin(export, _lacking(export), at_most=FILES_A_STARTER)


@transaction.atomic
def leave_unbegun(batch_id: uuid.UUID, become: Unbegun) -> None:
    """What an export still lacks is cancelled, or could not be begun, or, asked for again, waits once more."""
    export = Export.objects.select_for_update(of=("self",)).filter(batch_id=batch_id).first()
    if export is not None and "unbegun" in export.choices:
        export.choices = {**export.choices, "unbegun": become}
        export.save(update_fields=["choices"])


def _choices(
    planned: Sequence[PlannedFile], chosen: Sequence[Profile], wishes: Wishes, template: str
) -> dict[str, Any]:
    """What was wished for; with everything in its order, so that it can be planned again."""
    return {
        "profiles": [profile.label for profile in chosen],
        "shots": list(dict.fromkeys(str(item.shot.id) for item in planned if item.shot)),
        "products": list(dict.fromkeys(str(item.product.id) for item in planned)),
        "template": template,
        "shadow": wishes.shadow,
        "enlarge": wishes.enlarge,
        "files": len(planned),
    }


def _lacking(export: Export) -> list[PlannedFile]:
    """What was asked for and has no row yet, in its order."""
    wish = export.choices
    keys = [label.partition(" ")[0] for label in wish["profiles"]]
    chosen = [all_profiles()[key] for key in keys if key in all_profiles()]
    shots = Shot.objects.filter(workspace=export.workspace_id).select_related("product").in_bulk(wish["shots"])
    products = Product.objects.filter(workspace=export.workspace_id).in_bulk(wish["products"])
    each = plan_each(
        shots=_ordered(shots, wish["shots"]), products=_ordered(products, wish["products"]), profiles=chosen
    )
    there = set(ExportFile.objects.filter(export=export).values_list("profile", "product_id", "shot_id"))
    return [item for items in each.values() for item in items if item.identity not in there]


def _ordered(rows: Mapping[uuid.UUID, Row], ids: Sequence[str]) -> list[Row]:
    return [rows[key] for key in map(uuid.UUID, ids) if key in rows]


def _begin(export: Export, lacking: Sequence[PlannedFile], *, at_most: int) -> int:
    """Write down the first of what an export lacks and have the rest begun by a job; returns how many were written."""
    now, later = lacking[:at_most], len(lacking) - at_most
    _write(export, now)
    choices = {**export.choices, "unbegun": Unbegun.OPEN} if later > 0 else dict(export.choices)
    if later <= 0 and choices.pop("unbegun", None):
        choices["files"] = ExportFile.objects.filter(export=export).count()
    if choices != export.choices:
        export.choices = choices
        export.save(update_fields=["choices"])
    if later > 0:
        assert export.batch is not None
        call_starter(export.batch, what="export")
    return len(now)


def _write(export: Export, planned: Sequence[PlannedFile]) -> None:
    is_small = export.choices["files"] <= INTERACTIVE_FILES
    taken = list(ExportFile.objects.filter(export=export).values_list("name", flat=True))
    day = timezone.localdate(export.created_at)
    paths = file_paths(planned, export.choices["template"], day=day, taken=taken)
    files = [
        ExportFile(
            workspace_id=export.workspace_id,
            export=export,
            product=item.product,
            shot=item.shot,
            position=len(taken) + position,
            profile=item.profile.key,
            profile_version=item.profile.version,
            name=path,
        )
        for position, (item, path) in enumerate(zip(planned, paths, strict=True))
    ]
    assert export.batch is not None
    jobs = queue.submit_many(
        export.workspace,
        [(file.name, {"file": str(file.id)}) for file in files],
        kind=KIND,
        priority=Priority.INTERACTIVE if is_small else Priority.BATCH,
        created_by=export.created_by,
        batch=export.batch,
        subject=f"export:{export.id}",
    )
    for file, job in zip(files, jobs, strict=True):
        file.job = job
    ExportFile.objects.bulk_create(files, batch_size=ROWS_AT_ONCE)
