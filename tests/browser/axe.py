"""Accessibility rules, checked in the page by axe-core."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

_AXE = (Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js").read_text()
_RUN = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => {
      const why = node.any[0]?.message ?? node.failureSummary;
      return `${id}: ${node.html.slice(0, 160)} (${why})`;
    }));
}"""


def serious_violations(page: Page) -> list[str]:
    """One line for each element that breaks a serious or critical rule."""
    page.evaluate(_AXE)
    found: list[str] = page.evaluate(_RUN)
    return found
