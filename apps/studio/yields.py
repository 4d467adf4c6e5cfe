"""Yield: of the shots that were made, how many people accepted, and what one accepted image cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.billing.models import LedgerEntry
from apps.core.errors import InvalidInput
from apps.studio import catalogue, scenes
from apps.studio.models import Shot, ShotVersion

MOST_ROWS = 50


@dataclass(frozen=True)
class Yield:
    """Counts of shots with a picture; ``cpu_ms`` and ``price_micros`` of everything made for them, edits too."""

    title: str
    made: int = 0
    accepted: int = 0
    rejected: int = 0
    cpu_ms: int = 0
    price_micros: int = 0

    @property
    def percent(self) -> str:
        return f"{self.accepted / self.made:.0%}" if self.made else "–"

    @property
    def cost(self) -> str:
        """Money where the operator set prices, else seconds of one core; of one accepted image."""
        if not self.accepted:
            return "–"
        if self.price_micros:
            return str(number_format(round(self.price_micros / 1e6 / self.accepted, 4), decimal_pos=4))
        seconds = number_format(round(self.cpu_ms / 1000 / self.accepted, 2), decimal_pos=2)
        return _("%(seconds)s CPU s") % {"seconds": seconds}


def by_set(workspace: Workspace) -> list[Yield]:
    return _rows(workspace, "spec__set", _set_title)


def by_product(workspace: Workspace) -> list[Yield]:
    """The products with the most shots."""
    names = Shot.objects.filter(workspace=workspace).values_list("product_id", "product__name").distinct()
    titles = {str(key): name for key, name in names}
    return _rows(workspace, "product_id", lambda key: titles.get(key, key))[:MOST_ROWS]


def total(rows: Iterable[Yield]) -> Yield:
    found = Yield("")
    for row in rows:
        found = replace(
            found,
            made=found.made + row.made,
            accepted=found.accepted + row.accepted,
            rejected=found.rejected + row.rejected,
            cpu_ms=found.cpu_ms + row.cpu_ms,
            price_micros=found.price_micros + row.price_micros,
        )
    return found


def _rows(workspace: Workspace, key: str, title: Callable[[str], str]) -> list[Yield]:
    made = Shot.objects.filter(workspace=workspace, asset__isnull=False)
    counts = made.values(group=F(key)).annotate(
        made=Count("id"),
        accepted=Count("id", filter=Q(starred=True)),
        rejected=Count("id", filter=~Q(rejected_at=None)),
    )
    edits = ShotVersion.objects.filter(workspace=workspace, shot__asset__isnull=False).exclude(job=F("shot__job"))
    costs = _costs(made, key)
    for group, cost in _costs(edits, f"shot__{key}").items():
        first = costs.get(group, (0, 0))
        costs[group] = (first[0] + cost[0], first[1] + cost[1])
    rows = []
    for row in counts.order_by("-made"):
        cpu_ms, price_micros = costs.get(str(row["group"]), (0, 0))
        figures = {name: row[name] for name in ("made", "accepted", "rejected")}
        rows.append(Yield(title(str(row["group"])), **figures, cpu_ms=cpu_ms, price_micros=price_micros))
    return rows


def _costs(pictures: QuerySet[Any], key: str) -> dict[str, tuple[int, int]]:
    """What the ledger charged for the pictures' jobs: (CPU milliseconds, price) by group."""

    def charged(column: str) -> Coalesce:
        entries = LedgerEntry.objects.filter(job_id=OuterRef("job_id")).order_by().values("job_id")
        return Coalesce(Subquery(entries.annotate(all=Sum(column)).values("all")), 0)

    rows = pictures.annotate(cpu=charged("cpu_ms"), price=charged("price_micros")).order_by().values(group=F(key))
    return {
        str(row["group"]): (row["cpu_ms"], row["price_micros"])
        for row in rows.annotate(cpu_ms=Sum("cpu"), price_micros=Sum("price"))
    }


def _set_title(name: str) -> str:
    if name == scenes.GENERATED:
        return _("Generated scene")
    try:
        return catalogue.title(catalogue.get_set(name).titles)
    except InvalidInput:
        return name
