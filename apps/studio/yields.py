"""Yield: of the shots that were made, how many people accepted, and what one accepted image cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from django.db import connection
from django.db.models import Count, F, Q
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.core.errors import InvalidInput
from apps.studio import catalogue, scenes
from apps.studio.models import Product, Shot

ROWS_A_PAGE = 50

# Every job says in its subject what it was for: "shot:<id>" a shot or an edit of it, "best:<id>" its variations;
# "product:<id>" a cutout, "preview:<id>" and "refine:<id>" what somebody was shown before.
SPENT = """
    WITH charged AS (
        SELECT job_id, sum(price_micros) AS price FROM billing_ledgerentry WHERE workspace_id = %(workspace)s GROUP BY 1
    ), work AS (
        SELECT split_part(subject, ':', 1) AS about, split_part(subject, ':', 2) AS about_id,
            params #>> '{spec,set}' AS drawn_set, cpu_ms, coalesce(price, 0) AS price
        FROM jobs_job LEFT JOIN charged ON charged.job_id = jobs_job.id
        WHERE workspace_id = %(workspace)s AND (cpu_ms > 0 OR price > 0)
    ), each AS (
        SELECT shot.product_id::text AS product, shot.spec ->> 'set' AS set_name, work.cpu_ms, work.price
        FROM work JOIN studio_shot AS shot ON shot.id::text = work.about_id
        WHERE work.about IN ('shot', 'best') AND shot.workspace_id = %(workspace)s
        UNION ALL
        SELECT about_id, CASE about WHEN 'preview' THEN coalesce(drawn_set, '') ELSE '' END, cpu_ms, price
        FROM work WHERE about IN ('product', 'preview', 'refine')
    )
    SELECT product, set_name, sum(cpu_ms)::bigint, sum(price)::bigint FROM each GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Yield:
    """``made``, ``accepted`` and ``rejected`` count shots with a picture.

    ``cpu_ms`` and ``price_micros`` are of all work for them: shots, edits, variations, previews, cutouts, also where it
    failed or was cancelled.
    """

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
    def spent(self) -> str:
        """Of all work, in seconds of one core."""
        return _seconds(self.cpu_ms / 1000)

    @property
    def cost(self) -> str:
        """Money where the operator set prices, else seconds of one core; of one accepted image."""
        if not self.accepted:
            return "–"
        if self.price_micros:
            return str(number_format(round(self.price_micros / 1e6 / self.accepted, 4), decimal_pos=4))
        return _seconds(self.cpu_ms / 1000 / self.accepted)


@dataclass(frozen=True)
class Yields:
    """Every set with a row for the cutouts; a page of the products; and the sum of either.

    ``page`` counts from 1. A product or a set whose every try failed has a row as well.
    """

    by_set: list[Yield]
    by_product: list[Yield]
    total: Yield
    page: int
    pages: int

    @property
    def previous_page(self) -> int:
        """0 where this is the first one."""
        return self.page - 1

    @property
    def next_page(self) -> int:
        """0 where this is the last one."""
        return self.page + 1 if self.page < self.pages else 0


def yields(workspace: Workspace, *, page: int = 1) -> Yields:
    """Yield and cost of the workspace; ``page`` of the products, the nearest one where there is no such page."""
    spent = _spent(workspace)
    sets = _rows(_counts(workspace, "spec__set"), _summed(spent, by=1), _set_title)
    names = Product.objects.filter(workspace=workspace).values_list("id", "name")
    titles = {str(key): name for key, name in names}
    products = _rows(_counts(workspace, "product_id"), _summed(spent, by=0), lambda key: titles.get(key, key))
    pages = max(1, -(-len(products) // ROWS_A_PAGE))
    page = min(max(page, 1), pages)
    shown = products[(page - 1) * ROWS_A_PAGE : page * ROWS_A_PAGE]
    return Yields(sets, shown, total(sets), page, pages)


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


def _counts(workspace: Workspace, key: str) -> dict[str, dict[str, int]]:
    """Shots with a picture and verdicts on them, by group."""
    counts = (
        Shot.objects.filter(workspace=workspace, asset__isnull=False)
        .values(group=F(key))
        .annotate(
            made=Count("id"),
            accepted=Count("id", filter=Q(starred=True)),
            rejected=Count("id", filter=~Q(rejected_at=None)),
        )
        .values_list("group", "made", "accepted", "rejected")
    )
    return {str(group): {"made": made, "accepted": good, "rejected": bad} for group, made, good, bad in counts}


def _spent(workspace: Workspace) -> list[tuple[str, str, int, int]]:
    """Product, set (empty for what serves all), processor milliseconds and price of all work."""
    with connection.cursor() as cursor:
        cursor.execute(SPENT, {"workspace": workspace.id})
        return [(product, set_name or "", cpu_ms, price) for product, set_name, cpu_ms, price in cursor.fetchall()]


def _summed(spent: Iterable[tuple[str, str, int, int]], *, by: int) -> dict[str, tuple[int, int]]:
    """Milliseconds and price by column ``by`` of ``spent``."""
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in spent:
        key, (cpu_ms, price) = str(row[by]), found[str(row[by])]
        found[key] = (cpu_ms + row[2], price + row[3])
    return dict(found)


def _rows(
    counts: dict[str, dict[str, int]], spent: dict[str, tuple[int, int]], title: Callable[[str], str]
) -> list[Yield]:
    """What has the most shots first."""
    rows = []
    for key in dict.fromkeys([*counts, *spent]):
        cpu_ms, price_micros = spent.get(key, (0, 0))
        rows.append(Yield(title(key), **counts.get(key, {}), cpu_ms=cpu_ms, price_micros=price_micros))
    return sorted(rows, key=lambda row: (-row.made, -row.cpu_ms, row.title))


def _seconds(seconds: float) -> str:
    return _("%(seconds)s CPU s") % {"seconds": number_format(round(seconds, 2), decimal_pos=2)}


def _set_title(name: str) -> str:
    if not name:
        return _("Cutouts, for all sets")
    if name == scenes.GENERATED:
        return _("Generated scene")
    try:
        return catalogue.title(catalogue.get_set(name).titles)
    except InvalidInput:
        return name
