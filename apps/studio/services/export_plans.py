"""Which files a choice of shots, products and profiles makes, and what they are called."""

from __future__ import annotations

import datetime
import json
import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.studio.exports import names
from apps.studio.exports.profiles import Profile
from apps.studio.models import CutoutState, Product, Shot


@dataclass(frozen=True)
class PlannedFile:
    """A file before it has a name that is free."""

    profile: Profile
    product: Product
    shot: Shot | None
    number: int

    @property
    def identity(self) -> tuple[str, uuid.UUID, uuid.UUID | None]:
        """What no other file of the same export has."""
        return self.profile.key, self.product.id, self.shot.id if self.shot else None


def plan_each(
    *, shots: Sequence[Shot], products: Sequence[Product], profiles: Sequence[Profile]
) -> dict[str, list[PlannedFile]]:
    """What each profile makes of the choice, by the profile's key, however much that is."""
    finished, cut_out = _usable(shots, products)
    looks = {shot.id: _look_of(shot) for shot in finished}
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


def count_each(*, shots: Sequence[Shot], products: Sequence[Product], profiles: Sequence[Profile]) -> dict[str, int]:
    """How many files each profile makes of the choice, by the profile's key."""
    finished, cut_out = _usable(shots, products)
    looks = len({_look_of(shot) for shot in finished})

    def count(profile: Profile) -> int:
        if profile.is_white:
            return len(cut_out)
        return looks if _has_fixed_ratio(profile) else len(finished)

    return {profile.key: count(profile) for profile in profiles}


def _usable(shots: Sequence[Shot], products: Sequence[Product]) -> tuple[list[Shot], list[Product]]:
    """Shots that are finished, and all products that have a cutout."""
    finished = [shot for shot in shots if shot.asset_id is not None]
    subjects = {item.id: item for item in (*products, *(shot.product for shot in finished))}
    return finished, [item for item in subjects.values() if _has_cutout(item)]


def _has_fixed_ratio(profile: Profile) -> bool:
    return bool(profile.target.get("width") and profile.target.get("height"))


def _look_of(shot: Shot) -> str:
    """Equal for shots that differ in nothing but their size."""
    look = {key: value for key, value in shot.spec.items() if key not in ("format", "width", "height")}
    return f"{shot.product_id} {json.dumps(look, sort_keys=True)}"


def _distinct(shots: Sequence[Shot], profile: Profile, looks: Mapping[uuid.UUID, str]) -> list[Shot]:
    """Where a profile fixes the ratio, shots that differ in nothing else give one file, from the nearest of them.

    ``looks``: ``_look_of`` every shot, by id.
    """
    if not _has_fixed_ratio(profile):
        return list(shots)
    width, height = profile.target["width"], profile.target["height"]
    best: dict[str, tuple[float, Shot]] = {}
    for shot in shots:
        key = looks[shot.id]
        far = abs(math.log(shot.spec["width"] / shot.spec["height"] * height / width))
        if key not in best or far < best[key][0]:
            best[key] = (far, shot)
    chosen = {shot.id for _, shot in best.values()}
    return [shot for shot in shots if shot.id in chosen]


def name_values(item: PlannedFile, day: datetime.date) -> Mapping[str, str]:
    """A text for every token of a file name; ``day`` is that of the export."""
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
        "date": f"{day:%Y-%m-%d}",
    }


def _white_size(profile: Profile) -> str:
    return f"{profile.target.get('width', 0)}x{profile.target.get('height', 0)}"


def _has_cutout(product: Product) -> bool:
    return product.cutout_id is not None and product.cutout_state in CutoutState.usable()


def file_paths(
    planned: Sequence[PlannedFile], template: str, *, day: datetime.date, taken: Iterable[str] = ()
) -> list[str]:
    """Where each file lies in the archive; none is one of those ``taken``.

    A person's own template says nothing of folders, so each marketplace still gets its own.
    """
    own = template if "/" in template else "{profile}/" + template
    paths = (
        names.file_path(
            own if template else item.profile.template,
            name_values(item, day),
            suffix=item.profile.suffix,
            unicode=item.profile.unicode,
            max_length=item.profile.max_length,
        )
        for item in planned
    )
    return names.numbered(paths, taken=taken)
