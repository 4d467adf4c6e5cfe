"""What a person wants to export, read from an address or a form, and what each profile would make of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import get_language

from apps.accounts.models import Workspace
from apps.core.errors import InvalidInput
from apps.studio import batches, catalogue, selectors, services
from apps.studio.exports import names, words
from apps.studio.exports.profiles import Profile, profiles
from apps.studio.exports.shots import WHICH
from apps.studio.models import Product, Shot
from apps.studio.services.export_plans import PlannedFile, count_each, name_values
from apps.studio.services.exports import MOST_FILES

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


def read_choice(workspace: Workspace, data: QueryDict, *, most: int | None = None) -> Choice:
    """``shoot`` or ``batch`` with ``which`` (selected, starred, kept, all), any ``shot``, any ``product``.

    Args:
        most: enough shots of each shoot or batch; None = all.

    Raises:
        NotFound: one of them is not in this workspace.
        InvalidInput: ``studio.id_unreadable``, ``studio.download_unknown``, ``export.nothing_chosen``.
    """
    shots: list[Shot] = []
    fields: list[tuple[str, str]] = []
    which, unjudged = data.get("which", SELECTED), 0
    sources = [selectors.shots(selectors.get_shoot(workspace, shoot_id)) for shoot_id in _ids(data, "shoot")]
    sources += [batches.shots(batches.get_batch_or_look(workspace, batch_id)) for batch_id in _ids(data, "batch")]
    for name in ("shoot", "batch"):
        fields += [pair for one in _ids(data, name) for pair in ((name, str(one)), ("which", which))]
    for made in sources:
        shots += _chosen(made, which)[:most]
        unjudged += _unjudged(made, which)
    named = selectors.shots_by_id(workspace, _ids(data, "shot"))
    fields += [("shot", str(shot.id)) for shot in named]
    products = [selectors.get_product(workspace, product_id) for product_id in _ids(data, "product")]
    fields += [("product", str(product.id)) for product in products]
    unique = list({shot.id: shot for shot in (*shots, *named)}.values())
    if not fields:
        raise InvalidInput("export.nothing_chosen")
    return Choice(unique, products, fields, unjudged)


def offers(choice: Choice) -> list[dict[str, Any]]:
    """Profiles by marketplace; each says how many files it makes, of what, and what will be checked."""
    groups: dict[str, dict[str, Any]] = {}
    counts = count_each(shots=choice.shots, products=choice.products, profiles=list(profiles().values()))
    for profile in profiles().values():
        title = str(words.MARKETPLACES[profile.marketplace])
        group = groups.setdefault(profile.marketplace, {"key": profile.marketplace, "title": title, "profiles": []})
        group["profiles"].append(_offer(profile, counts[profile.key]))
    return list(groups.values())


def example_name(choice: Choice, template: str, profile: Profile) -> str:
    """What the first file of a profile would be called. Raises InvalidInput for a template that can not be used."""
    checked = names.checked_template(template) if template.strip() else profile.template
    product = choice.all_products[0]
    shot = None if profile.is_white or not choice.shots else choice.shots[0]
    values = name_values(PlannedFile(profile, product, shot, 1), timezone.localdate())
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


def _chosen(shots: QuerySet[Shot], which: str) -> QuerySet[Shot]:
    """``selected``: the accepted shots, or where nothing was accepted yet, all that were not rejected.

    Without recipes: there may be ten thousand shots, and each has one of some kilobytes.
    """
    if which not in (*WHICH, SELECTED):
        raise InvalidInput("studio.download_unknown", name=which[:20])
    lean = shots.select_related(None).select_related("product", "asset__blob").defer("asset__recipe")
    finished = lean.filter(asset__isnull=False)
    if which == "starred" or (which == SELECTED and finished.filter(starred=True).exists()):
        return finished.filter(starred=True)
    return finished if which == "all" else finished.filter(rejected_at=None)


def _unjudged(shots: QuerySet[Shot], which: str) -> int:
    """How many ``_chosen`` leaves out because nobody has judged them yet."""
    finished = shots.filter(asset__isnull=False)
    if which != SELECTED or not finished.filter(starred=True).exists():
        return 0
    return finished.filter(starred=False, rejected_at=None).count()


def _ids(data: QueryDict, field: str) -> list[uuid.UUID]:
    values = data.getlist(field)
    if len(values) > MOST_CHOSEN:
        raise InvalidInput("studio.id_unreadable")
    return services.parse_ids(values)
