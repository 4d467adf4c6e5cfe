"""Rows of trials as tables: means with 95 % intervals, and how far each condition is from the first, pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.training.small_sefi.trials import Row
from inference.types import F64

_RESAMPLES = 2000
_SEED = 7


@dataclass(frozen=True)
class Estimate:
    """A mean and its 95 % interval (percentile bootstrap over pictures)."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.2f} [{self.low:.2f}, {self.high:.2f}]"


def estimate(values: Sequence[float] | F64) -> Estimate:
    """Of one or more values."""
    found = np.asarray(values, np.float64)
    places = np.random.default_rng(_SEED).integers(0, len(found), (_RESAMPLES, len(found)))
    low, high = np.quantile(found[places].mean(axis=1), (0.025, 0.975))
    return Estimate(float(found.mean()), float(low), float(high))


def conditions(rows: Sequence[Row]) -> list[str]:
    """In the order of their first row."""
    return list(dict.fromkeys(row.condition for row in rows))


def values(rows: Sequence[Row], condition: str, figure: str) -> F64:
    """By key."""
    found = {row.key: row.figures[figure] for row in rows if row.condition == condition}
    return np.array([found[key] for key in sorted(found)], np.float64)


def table(rows: Sequence[Row]) -> str:
    """Markdown: a line a condition; below each mean, where it is not the first condition, the difference to that.

    Rows without figures are for the sheet alone.
    """
    measured = [row for row in rows if row.figures]
    figures = list(measured[0].figures)
    first, *others = conditions(measured)
    lines = ["| | " + " | ".join(figures) + " |", "| --- |" + " --- |" * len(figures)]
    lines.append(f"| {first} | " + " | ".join(str(estimate(values(rows, first, figure))) for figure in figures) + " |")
    for condition in others:
        cells = []
        for figure in figures:
            ours, base = values(rows, condition, figure), values(rows, first, figure)
            apart = estimate(ours - base)
            cells.append(f"{ours.mean():.2f} ({apart.mean:+.2f} [{apart.low:+.2f}, {apart.high:+.2f}])")
        lines.append(f"| {condition} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
