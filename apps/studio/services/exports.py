"""Ask for files for marketplaces. What is asked for is written down whole before the first job runs."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.core.errors import Conflict, InvalidInput
from apps.core.ids import uuid7
from apps.jobs import services as queue
from apps.jobs.models import Batch, Priority
from apps.studio.exports import names
from apps.studio.exports.profiles import Profile, get_profile
from apps.studio.models import CutoutState, Export, ExportFile, Product, Shot

KIND = "studio.export"
MOST_FILES = 10_000
"""Of one export: what a request can write down and the report of a ZIP can list in seconds rather than minutes."""
INTERACTIVE_FILES = 24
ROWS_AT_ONCE = 500


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


@dataclass(frozen=True)
class PlannedFile:
    """A file before it has a name that is free."""

    profile: Profile
    product: Product
    shot: Shot | None
    number: int


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
    export_id = uuid.uuid5(workspace.id, f"{token} {json.dumps(choices, sort_keys=True)}") if token else uuid7()
    Workspace.objects.select_for_update(of=("self",)).get(pk=workspace.pk)  # two posts of one click take turns
    if token and (known := Export.objects.filter(pk=export_id).first()) is not None:
        return known
    label = ", ".join(dict.fromkeys(item.product.name for item in planned))[:200]
    batch = queue.create_batch(workspace, kind=KIND, label=label, created_by=by)
    export = Export.objects.create(
        pk=export_id, workspace=workspace, label=label, batch=batch, choices=choices, created_by=by
    )
    _submit(export, batch, planned, _paths(planned, template), by)
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


def plan_each(
    *, shots: Sequence[Shot], products: Sequence[Product], profiles: Sequence[Profile]
) -> dict[str, list[PlannedFile]]:
    """What each profile makes of the choice, by the profile's key, however much that is."""
    finished = [shot for shot in shots if shot.asset_id is not None]
    looks = {shot.id: _look_of(shot) for shot in finished}
    subjects = {item.id: item for item in (*products, *(shot.product for shot in finished))}
    cut_out = [item for item in subjects.values() if _has_cutout(item)]
    planned: dict[str, list[PlannedFile]] = {}
    for profile in profiles:
        if profile.is_white:
            planned[profile.key] = [PlannedFile(profile, product, None, 1) for product in cut_out]
            continue
        numbers: dict[uuid.UUID, int] = {}
        files = planned[profile.key] = []
        for shot in _distinct(finished, profile, looks):
            numbers[shot.product_id] = numbers.get(shot.product_id, 0) + 1
            files.append(PlannedFile(profile, shot.product, shot, numbers[shot.product_id]))
    return planned


def _look_of(shot: Shot) -> str:
    """Equal for shots that differ in nothing but their size."""
    look = {key: value for key, value in shot.spec.items() if key not in ("format", "width", "height")}
    return f"{shot.product_id} {json.dumps(look, sort_keys=True)}"


def _distinct(shots: Sequence[Shot], profile: Profile, looks: Mapping[uuid.UUID, str]) -> list[Shot]:
    """Where a profile fixes the ratio, shots that differ in nothing else give one file, from the nearest of them.

    ``looks``: ``_look_of`` every shot, by id.
    """
    width, height = profile.target.get("width"), profile.target.get("height")
    if not width or not height:
        return list(shots)
    best: dict[str, tuple[float, Shot]] = {}
    for shot in shots:
        key = looks[shot.id]
        far = abs(math.log(shot.spec["width"] / shot.spec["height"] * height / width))
        if key not in best or far < best[key][0]:
            best[key] = (far, shot)
    chosen = {shot.id for _, shot in best.values()}
    return [shot for shot in shots if shot.id in chosen]


def name_values(item: PlannedFile) -> Mapping[str, str]:
    """A text for every token of a file name."""
    spec: Mapping[str, Any] = item.shot.spec if item.shot else {}
    sku = item.product.sku or item.product.name
    if not item.profile.unicode and len(names.safe(sku, unicode=False)) < 2:
        sku = f"product-{str(item.product.id)[-8:]}"
    return {
        "sku": sku,
        "gtin": names.gtin(sku),
        "name": item.product.name,
        "set": str(spec.get("set", "white")),
        "camera": str(spec.get("camera", "")),
        "n": f"{item.number:02d}",
        "profile": item.profile.key,
        "marketplace": item.profile.marketplace,
        "size": f"{spec['width']}x{spec['height']}" if spec else _white_size(item.profile),
        "date": f"{timezone.localdate():%Y-%m-%d}",
    }


def _white_size(profile: Profile) -> str:
    return f"{profile.target.get('width', 0)}x{profile.target.get('height', 0)}"


def _has_cutout(product: Product) -> bool:
    return product.cutout_id is not None and product.cutout_state in CutoutState.usable()


def _choices(
    planned: Sequence[PlannedFile], chosen: Sequence[Profile], wishes: Wishes, template: str
) -> dict[str, Any]:
    return {
        "profiles": [profile.label for profile in chosen],
        "shots": sorted({str(item.shot.id) for item in planned if item.shot}),
        "products": sorted({str(item.product.id) for item in planned}),
        "template": template,
        "shadow": wishes.shadow,
        "enlarge": wishes.enlarge,
    }


def _paths(planned: Sequence[PlannedFile], template: str) -> list[str]:
    """A person's own template says nothing of folders, so each marketplace still gets its own."""
    own = template if "/" in template else "{profile}/" + template
    return names.numbered(
        names.file_path(
            own if template else item.profile.template,
            name_values(item),
            suffix=item.profile.suffix,
            unicode=item.profile.unicode,
            max_length=item.profile.max_length,
        )
        for item in planned
    )


def _submit(
    export: Export, batch: Batch, planned: Sequence[PlannedFile], paths: Sequence[str], by: User | None
) -> None:
    priority = Priority.INTERACTIVE if len(planned) <= INTERACTIVE_FILES else Priority.BATCH
    files = [
        ExportFile(
            workspace_id=export.workspace_id,
            export=export,
            product=item.product,
            shot=item.shot,
            position=position,
            profile=item.profile.key,
            profile_version=item.profile.version,
            name=path,
        )
        for position, (item, path) in enumerate(zip(planned, paths, strict=True))
    ]
    jobs = queue.submit_many(
        export.workspace,
        [(file.name, {"file": str(file.id)}) for file in files],
        kind=KIND,
        priority=priority,
        created_by=by,
        batch=batch,
        subject=f"export:{export.id}",
    )
    for file, job in zip(files, jobs, strict=True):
        file.job = job
    ExportFile.objects.bulk_create(files, batch_size=ROWS_AT_ONCE)
