"""The smoothest outline that agrees with per-pixel evidence: a two-label cut, solved as a convex problem.

Minimises  sum(cost * u) + sum(edge * |grad u|)  over u in [0, 1]; thresholding the minimiser gives a global optimum of
the two-label problem (Chan, Esedoglu, Nikolova, SIAM J. Appl. Math. 2006). Solved with the primal-dual method of
Chambolle and Pock (J. Math. Imaging Vision 2011), which has no grid bias, unlike a 4-neighbour graph cut.
"""

from __future__ import annotations

import numba
import numpy as np

from inference.types import F32

_STEP = np.float32(1 / np.sqrt(8))
_ZERO, _ONE, _TINY = np.float32(0), np.float32(1), np.float32(1e-9)


def potts_cut(cost: F32, edge: F32, *, start: F32 | None = None, rounds: int = 120) -> F32:
    """Relaxed labels u, float32 (H, W) in 0..1; the object is ``u > 0.5``.

    Args:
        cost: price of calling a pixel object, minus the price of calling it background.
        edge: price of an outline through a pixel, not negative; low on strong picture edges.
        start: where to begin; a near solution saves rounds.
    """
    labels = np.ascontiguousarray(0.5 - 0.5 * np.sign(cost) if start is None else start, np.float32).copy()
    _descend(labels, (_STEP * cost).astype(np.float32), np.ascontiguousarray(edge, np.float32), rounds)
    return labels


@numba.njit(cache=True, nogil=True)
def _descend(labels: F32, cost: F32, edge: F32, rounds: int) -> None:
    """``rounds`` primal-dual steps on ``labels``, in place."""
    ahead, across, down = labels.copy(), np.zeros_like(labels), np.zeros_like(labels)
    for _ in range(rounds):
        for y in range(len(labels)):
            _flow(ahead[y], ahead[min(y + 1, len(labels) - 1)], across[y], down[y], edge[y])
        for y in range(len(labels)):
            _settle(labels[y], ahead[y], across[y], down[y], down[y - 1], cost[y], y > 0)


@numba.njit(cache=True, nogil=True, error_model="numpy")  # a check for division by zero would stop vectorising
def _flow(here: F32, below: F32, across: F32, down: F32, edge: F32) -> None:
    """Dual step of one row: follow the gradient, no longer than the edge's price."""
    width = len(here)
    for x in range(width - 1):
        across[x] += _STEP * (here[x + 1] - here[x])
    for x in range(width):
        down[x] += _STEP * (below[x] - here[x])
    for x in range(width):
        norm = np.sqrt(across[x] * across[x] + down[x] * down[x])
        shrink = edge[x] / max(norm, max(edge[x], _TINY))
        across[x] *= shrink
        down[x] *= shrink


@numba.njit(cache=True, nogil=True)
def _settle(labels: F32, ahead: F32, across: F32, down: F32, above: F32, cost: F32, has_above: bool) -> None:
    """Primal step of one row, with over-relaxation into ``ahead``."""
    width = len(labels)
    for x in range(width):
        ahead[x] = across[x] + down[x]
    for x in range(1, width):
        ahead[x] -= across[x - 1]
    if has_above:
        for x in range(width):
            ahead[x] -= above[x]
    for x in range(width):
        moved = min(_ONE, max(_ZERO, labels[x] + _STEP * ahead[x] - cost[x]))
        ahead[x] = moved + moved - labels[x]
        labels[x] = moved


def edge_price(alike: F32, *, strength: float, floor: float) -> F32:
    """Contrast-sensitive outline price after Boykov and Jolly (ICCV 2001), float32 (H, W).

    ``strength`` times ``alike`` (see ``likeness``), never below ``floor * strength``.
    """
    return np.asarray(strength * np.maximum(alike, floor), np.float32)


def likeness(features: F32) -> F32:
    """``exp(-d2 / (2 * mean(d2)))`` with d2 the squared feature difference to the right and lower neighbour.

    Args:
        features: float32 (H, W, C), scaled to comparable spread.

    Returns:
        float32 (H, W), 0..1.
    """
    squared = np.zeros(features.shape[:2], np.float32)
    squared[:, :-1] += np.square(features[:, 1:] - features[:, :-1]).sum(axis=2)
    squared[:-1] += np.square(features[1:] - features[:-1]).sum(axis=2)
    mean = float(squared.mean()) + 1e-6
    return np.asarray(np.exp(-squared / (2 * mean)), np.float32)
