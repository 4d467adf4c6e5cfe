"""Finished shots as Review and Library show them: in a state, narrowed by what somebody looks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.core.ids import readable_ids
from apps.jobs.models import Batch
from apps.studio.models import Product, Shot

JUDGED = {
    "open": Q(starred=False, rejected_at=None),
    "starred": Q(starred=True),
    "rejected": Q(rejected_at__isnull=False),
    "all": Q(),
}


SCORES = {
    "high": Q(gate__score__gte=0.75),
    "middle": Q(gate__score__gte=0.5, gate__score__lt=0.75),
    "low": Q(gate__score__lt=0.5),
    "none": ~Q(gate__has_key="score"),
}
"""Of shots, by what was measured of them, 0..1; those made before that was kept have none."""


CUT_OFF = "shot.product_cut_off"


def is_cut_off(shot: Shot) -> bool:
    """Whether a product of the finished shot ends beyond the picture."""
    return shot.asset is not None and CUT_OFF in shot.asset.recipe.get("warnings", ())


@dataclass(frozen=True)
class Wish:
    """What shots are narrowed by; what is empty narrows nothing.

    ``days``: only those of shoots of the last so many days. ``query``: in the product's name or SKU. ``score``: a key
    of ``SCORES``. ``reason``: rejected for that reason.
    """

    set_name: str = ""
    product: str = ""
    batch: str = ""
    days: int = 0
    query: str = ""
    score: str = ""
    reason: str = ""


def review(workspace: Workspace, *, state: str, wish: Wish | None = None, after: str = "") -> QuerySet[Shot]:
    """Finished shots in a state (a key of ``JUDGED``; anything else is all), the newest shoot first.

    ``after``: only what comes after the shot with this id. Unlike a page's number it still holds when the shots before
    it were judged and are not in this state any more.
    """
    found = _finished(workspace, wish or Wish()).filter(JUDGED.get(state, Q()))
    found = found.select_related("job", "asset__blob", "product")
    last = Shot.objects.filter(workspace=workspace, pk__in=readable_ids([after])).select_related("shoot").first()
    if last is not None:
        began, place = last.shoot.created_at, {"shoot__created_at": last.shoot.created_at}
        older, later = Q(shoot__created_at__lt=began), Q(**place, position__gt=last.position)
        found = found.filter(older | later | Q(**place, position=last.position, id__gt=last.id))
    return found.order_by("-shoot__created_at", "position", "id")


def review_counts(workspace: Workspace, wish: Wish | None = None) -> dict[str, int]:
    """How many shots ``review`` finds in each state."""
    found = _finished(workspace, wish or Wish())
    counts: dict[str, int] = found.aggregate(**{state: Count("id", filter=rule) for state, rule in JUDGED.items()})
    return counts


def _finished(workspace: Workspace, wish: Wish) -> QuerySet[Shot]:
    found = Shot.objects.filter(workspace=workspace, asset__isnull=False)
    if wish.set_name:
        found = found.filter(spec__set=wish.set_name)
    if wish.product:
        found = found.filter(product__in=readable_ids([wish.product]))
    if wish.batch:
        found = found.filter(shoot__batch__in=readable_ids([wish.batch]))
    if wish.days:
        found = found.filter(shoot__created_at__gte=timezone.now() - timedelta(days=wish.days))
    if wish.query:
        found = found.filter(Q(product__name__icontains=wish.query) | Q(product__sku__icontains=wish.query))
    if wish.reason:
        found = found.filter(rejected_at__isnull=False, reject_reason=wish.reason)
    return found.filter(SCORES.get(wish.score, Q()))


def batch_of(workspace: Workspace, wish: Wish) -> Batch | None:
    """The batch or look that the shots are narrowed to, if there is one."""
    return Batch.objects.filter(workspace=workspace, pk__in=readable_ids([wish.batch])).first() if wish.batch else None


def sets_in_use(workspace: Workspace) -> list[str]:
    names = Shot.objects.filter(workspace=workspace).values_list("spec__set", flat=True).order_by("spec__set")
    return list(names.distinct())


def products_with_shots(workspace: Workspace) -> list[Product]:
    return list(
        Product.objects.filter(workspace=workspace, shots__in=Shot.objects.all()).distinct().order_by("name")[:500]
    )
