"""The smoothest outline that agrees with per-pixel evidence: a two-label cut, solved as a convex problem.

Minimises  sum(cost * u) + sum(edge * |grad u|)  over u in [0, 1]; thresholding the minimiser gives a global optimum of
the two-label problem (Chan, Esedoglu, Nikolova, SIAM J. Appl. Math. 2006). Solved with the primal-dual method of
Chambolle and Pock (J. Math. Imaging Vision 2011), which is plain array arithmetic and has no grid bias, unlike a
4-neighbour graph cut.
"""

from __future__ import annotations

import numpy as np

from inference.types import F32

_STEP = np.float32(1 / np.sqrt(8))


def potts_cut(cost: F32, edge: F32, *, start: F32 | None = None, rounds: int = 120) -> F32:
    """Relaxed labels u, float32 (H, W) in 0..1; the object is ``u > 0.5``.

    Args:
        cost: price of calling a pixel object, minus the price of calling it background.
        edge: price of an outline through a pixel, not negative; low on strong picture edges.
        start: where to begin; a near solution saves rounds.
    """
    u = np.asarray(0.5 - 0.5 * np.sign(cost) if start is None else start, np.float32).copy()
    ahead = u.copy()
    flow_x, flow_y = np.zeros_like(u), np.zeros_like(u)
    scaled_cost = _STEP * cost
    for _ in range(rounds):
        flow_x[:, :-1] += _STEP * (ahead[:, 1:] - ahead[:, :-1])
        flow_y[:-1] += _STEP * (ahead[1:] - ahead[:-1])
        norm = np.sqrt(flow_x * flow_x + flow_y * flow_y)
        shrink = edge / np.maximum(norm, np.maximum(edge, np.float32(1e-9)))
        flow_x *= shrink
        flow_y *= shrink
        divergence = flow_x + flow_y
        divergence[:, 1:] -= flow_x[:, :-1]
        divergence[1:] -= flow_y[:-1]
        following = np.clip(u + _STEP * divergence - scaled_cost, 0, 1)
        ahead = 2 * following - u
        u = following
    return u


def edge_price(features: F32, *, strength: float, floor: float) -> F32:
    """Contrast-sensitive outline price after Boykov and Jolly (ICCV 2001), float32 (H, W).

    ``strength * exp(-d2 / (2 * mean(d2)))`` with d2 the squared feature difference to the right and lower neighbour;
    never below ``floor * strength``.
    """
    squared = np.zeros(features.shape[:2], np.float32)
    squared[:, :-1] += np.square(features[:, 1:] - features[:, :-1]).sum(axis=2)
    squared[:-1] += np.square(features[1:] - features[:-1]).sum(axis=2)
    mean = float(squared.mean()) + 1e-6
    return np.asarray(strength * np.maximum(np.exp(-squared / (2 * mean)), floor), np.float32)
