"""The report of a ZIP for people: one page that needs nothing else, or for many files a page for every few hundred.

A browser does not open a table of fifty thousand files. ``report.html`` then counts, shows what was not accepted first,
and leads to the pages, which come in the ZIP between the files that they speak of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import override

from apps.studio.exports.archive import ZipItem
from apps.studio.exports.report import Listed, row_of
from apps.studio.exports.zip_format import Deflated
from apps.studio.models import Export

ROWS_A_PAGE = 250
MOST_TROUBLE = 100
"""Files that were not accepted and are shown at once; the pages have them all."""
TEMPLATE, WHOLE = "studio/export_report.html", "report.html"


class ReportPages:
    """Takes files one by one and gives a page as soon as there are too many for one."""

    def __init__(self, export: Export, language: str | None) -> None:
        self._context = {"export": export, "language": language or "en"}
        self._language = language
        self._rows: list[dict[str, Any]] = []
        self._trouble: list[dict[str, Any]] = []
        self._pages: list[dict[str, Any]] = []
        self._count = 0

    def add(self, listed: Listed) -> Iterator[ZipItem]:
        if len(self._rows) == ROWS_A_PAGE:
            yield self._page()
        with override(self._language):
            row = row_of(listed)
        self._rows.append(row)
        self._count += 1
        if row["state"] != "passed" and len(self._trouble) < MOST_TROUBLE:
            self._trouble.append(row)

    def end(self) -> Iterator[ZipItem]:
        """``report.html``, and before it the last page where there are pages."""
        if not self._pages:
            yield ZipItem(WHOLE, self._rendered(rows=self._rows))
            return
        yield self._page()
        passed = sum(page["passed"] for page in self._pages)
        figures = {"pages": self._pages, "passed": passed, "total": self._count, "shown": len(self._trouble)}
        yield ZipItem(WHOLE, self._rendered(rows=self._trouble, **figures))

    def _page(self) -> ZipItem:
        rows, self._rows = self._rows, []
        name = f"report/{len(self._pages) + 1:04d}.html"
        first = self._count - len(rows) + 1
        passed = sum(row["state"] == "passed" for row in rows)
        self._pages.append(
            {
                "href": name,
                "first": first,
                "last": self._count,
                "passed": passed,
                "others": len(rows) - passed,
                "tone": "" if passed == len(rows) else "failed",
                "from_name": rows[0]["file"].name,
            }
        )
        return ZipItem(name, self._rendered(rows=rows, is_part=True, whole_href=f"../{WHOLE}"))

    def _rendered(self, **context: Any) -> Deflated:
        with override(self._language):
            page = render_to_string(TEMPLATE, {**self._context, **context})
        text = Deflated()
        text.write(page)
        return text.end()
