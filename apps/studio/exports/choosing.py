"""What a person wants to export, read from an address or a form, and what each profile would make of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import get_language

from apps.accounts.models import Workspace
from apps.core.errors import InvalidInput
from apps.studio import batches, catalogue, selectors, services
from apps.studio.exports import names, words
from apps.studio.exports.profiles import Profile, profiles
from apps.studio.exports.shots import WHICH
from apps.studio.models import Product, Shot
from apps.studio.services.exports import MOST_FILES, PlannedFile, name_values, plan_each

MOST_CHOSEN = 1000
SELECTED = "selected"
SHOWN = 8


@dataclass(frozen=True)
class Choice:
    """``fields`` are the parameters that mean the same choice again.

    ``unjudged``: shots that are left out because others of their shoot or batch were accepted, and they not yet.
    """

    shots: Sequence[Shot]
    products: Sequence[Product]
    fields: Sequence[tuple[str, str]]
    unjudged: int = 0

    @property
    def with_unjudged(self) -> str:
        """The address's parameters that take those, too."""
        return urlencode([(name, "kept" if name == "which" else value) for name, value in self.fields])

    @property
    def shown_shots(self) -> Sequence[Shot]:
        return self.shots[:SHOWN]

    @property
    def more_shots(self) -> int:
        return max(0, len(self.shots) - SHOWN)

    @property
    def all_products(self) -> list[Product]:
        return list({item.id: item for item in (*self.products, *(shot.product for shot in self.shots))}.values())


def read_choice(workspace: Workspace, data: QueryDict) -> Choice:
    """``shoot`` or ``batch`` with ``which`` (selected, starred, kept, all), any ``shot``, any ``product``.

    Raises:
        NotFound: one of them is not in this workspace.
        InvalidInput: ``studio.id_unreadable``, ``studio.download_unknown``, ``export.nothing_chosen``.
    """
    shots: list[Shot] = []
    fields: list[tuple[str, str]] = []
    which, unjudged = data.get("which", SELECTED), 0
    for shoot_id in _ids(data, "shoot"):
        made = list(selectors.shots(selectors.get_shoot(workspace, shoot_id)))
        shots, unjudged = shots + _chosen(made, which), unjudged + _unjudged(made, which)
        fields += [("shoot", str(shoot_id)), ("which", which)]
    for batch_id in _ids(data, "batch"):
        made = list(batches.shots(batches.get_batch_or_look(workspace, batch_id)))
        shots, unjudged = shots + _chosen(made, which), unjudged + _unjudged(made, which)
        fields += [("batch", str(batch_id)), ("which", which)]
    for shot_id in _ids(data, "shot"):
        shots.append(selectors.get_shot(workspace, shot_id))
        fields.append(("shot", str(shot_id)))
    products = [selectors.get_product(workspace, product_id) for product_id in _ids(data, "product")]
    fields += [("product", str(product.id)) for product in products]
    unique = list({shot.id: shot for shot in shots}.values())
    if not fields:
        raise InvalidInput("export.nothing_chosen")
    return Choice(unique, products, fields, unjudged)


def offers(choice: Choice) -> list[dict[str, Any]]:
    """Profiles by marketplace; each says how many files it makes, of what, and what will be checked."""
    groups: dict[str, dict[str, Any]] = {}
    each = plan_each(shots=choice.shots, products=choice.products, profiles=list(profiles().values()))
    for profile in profiles().values():
        title = str(words.MARKETPLACES[profile.marketplace])
        group = groups.setdefault(profile.marketplace, {"key": profile.marketplace, "title": title, "profiles": []})
        group["profiles"].append(_offer(profile, len(each[profile.key])))
    return list(groups.values())


def example_name(choice: Choice, template: str, profile: Profile) -> str:
    """What the first file of a profile would be called. Raises InvalidInput for a template that can not be used."""
    checked = names.checked_template(template) if template.strip() else profile.template
    product = choice.all_products[0]
    shot = None if profile.is_white or not choice.shots else choice.shots[0]
    values = name_values(PlannedFile(profile, product, shot, 1))
    return names.file_path(
        checked, values, suffix=profile.suffix, unicode=profile.unicode, max_length=profile.max_length
    )


def _offer(profile: Profile, count: int) -> dict[str, Any]:
    return {
        "profile": profile,
        "title": words.profile_title(profile, get_language()),
        "size": _size(profile),
        "count": count,
        "is_too_many": count > MOST_FILES,
        "rules": [
            {
                "sentence": words.rule_sentence(item.rule.name, item.rule.value),
                "level": item.rule.level,
                "source": item.source,
                "says": catalogue.title(item.source.says),
                "confidence": words.CONFIDENCE[item.source.confidence],
            }
            for item in profile.rules
        ],
    }


def _size(profile: Profile) -> str:
    target = profile.target
    file_type = target["format"].upper()
    if target.get("width"):
        return f"{target['width']} × {target['height']} px · {file_type}"
    return f"{target['longest']} px · {file_type}" if target.get("longest") else file_type


def _chosen(shots: Sequence[Shot], which: str) -> list[Shot]:
    """``selected``: the accepted shots, or where nothing was accepted yet, all that were not rejected."""
    if which not in (*WHICH, SELECTED):
        raise InvalidInput("studio.download_unknown", name=which[:20])
    finished = [shot for shot in shots if shot.asset is not None]
    starred = [shot for shot in finished if shot.starred]
    if which == "starred" or (which == SELECTED and starred):
        return starred
    return [shot for shot in finished if which == "all" or shot.rejected_at is None]


def _unjudged(shots: Sequence[Shot], which: str) -> int:
    """How many ``_chosen`` leaves out because nobody has judged them yet."""
    if which != SELECTED or not any(shot.starred for shot in shots):
        return 0
    return sum(shot.asset is not None and not shot.starred and shot.rejected_at is None for shot in shots)


def _ids(data: QueryDict, field: str) -> list[uuid.UUID]:
    values = data.getlist(field)
    if len(values) > MOST_CHOSEN:
        raise InvalidInput("studio.id_unreadable")
    return services.parse_ids(values)
