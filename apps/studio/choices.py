"""What a product's page offers, in the reader's language."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.jobs.models import Priority
from apps.jobs.selectors import seconds_ahead
from apps.studio import catalogue, kinds, offers, selectors
from apps.studio.models import CutoutState, Product, Viewpoint
from apps.studio.services.batches import MOST_SHOTS
from apps.studio.services.shoots import INTERACTIVE_SHOTS
from inference.pipelines.catalogue import Choice, SetInfo

REJECT_REASON_TITLES: dict[str, str | Promise] = {
    "cutout": _("Cutout is not clean"),
    "placement": _("Size or position is off"),
    "scene": _("Scene does not fit"),
    "colour": _("Colours do not fit"),
    "other": _("Something else"),
}


def reject_reasons() -> list[dict[str, Any]]:
    return [{"key": key, "title": title} for key, title in REJECT_REASON_TITLES.items()]


def scores() -> dict[str, str | Promise]:
    """What shots can be narrowed by, as ``finished.SCORES`` understands it."""
    return {
        "high": _("Score 75 and more"),
        "middle": _("Score 50 to 74"),
        "low": _("Score below 50"),
        "none": _("Without a score"),
    }


def families(viewpoint: str = "") -> list[dict[str, Any]]:
    """Sets by family, in the order in which they are offered: for a photo from above flat lays first.

    ``fits``: whether the sets are made for photos from where this one was taken.
    """
    found = [
        {
            "title": family.title,
            "hint": family.hint,
            "sets": [_set(info) for info in members],
            "fits": all(catalogue.fits(viewpoint or Viewpoint.SIDE, info) for info in members),
        }
        for family, members in catalogue.by_family()
    ]
    return sorted(found, key=lambda family: not family["fits"])


def facts(product: Product) -> dict[str, Any]:
    """What the product's page asks about the product itself."""
    return {
        "kinds": kinds.offered(),
        "viewpoints": Viewpoint.choices,
        "smallest": kinds.SMALLEST_SIZE,
        "largest": kinds.LARGEST_SIZE,
        "has_flat_lays": any(info.top_down for info in catalogue.sets().values()),
    }


def _set(info: SetInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "title": catalogue.title(info.titles),
        "family": info.family,
        "viewpoints": [viewpoint for viewpoint in Viewpoint.values if catalogue.fits(viewpoint, info)],
        "materials": [
            {"name": m.name, "title": catalogue.title(m.titles), "hex": m.default_hex} for m in info.surfaces
        ],
    }


def cameras() -> list[dict[str, str]]:
    """Every camera that some set has, by the words of the first set that has it."""
    return _named(choice for info in catalogue.sets().values() for choice in info.cameras)


def moods() -> list[dict[str, str]]:
    return _named(choice for info in catalogue.sets().values() for choice in info.moods)


def _named(choices: Iterable[Choice]) -> list[dict[str, str]]:
    titles: dict[str, str] = {}
    for choice in choices:
        titles.setdefault(choice.name, catalogue.title(choice.titles))
    return [{"name": name, "title": words} for name, words in titles.items()]


def for_product(product: Product) -> dict[str, Any]:
    can_shoot = product.cutout_state in CutoutState.usable()
    return {**_offered(product.workspace, product.viewpoint), "can_shoot": can_shoot}


def for_batch(workspace: Workspace) -> dict[str, Any]:
    """The same for many products, in the order for photos from the side, as nearly all are; the page names others."""
    return {**_offered(workspace, ""), "max_shots": MOST_SHOTS, "can_shoot": True}


def _offered(workspace: Workspace, viewpoint: str) -> dict[str, Any]:
    return {
        "token": uuid.uuid4().hex,
        "families": families(viewpoint),
        "cameras": cameras(),
        "moods": moods(),
        "palettes": list(offers.PALETTES.values()),
        "formats": list(offers.FORMATS.values()),
        "seconds_per_shot": round(selectors.seconds_per_shot(workspace), 2),
        "workers": settings.WORKER_CONCURRENCY,
        "seconds_ahead": round(seconds_ahead(workspace, priority=Priority.INTERACTIVE), 1),
        "seconds_ahead_of_many": round(seconds_ahead(workspace, priority=Priority.BATCH), 1),
        "few_shots": INTERACTIVE_SHOTS,
        "max_shots": offers.MAX_SHOTS_PER_SHOOT,
        "max_variations": offers.MAX_VARIATIONS,
    }
