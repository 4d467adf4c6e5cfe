"""The product in a box: colour and texture models of both sides, refined in turns with a smooth cut.

The scheme is GrabCut's (Rother, Kolmogorov, Blake, SIGGRAPH 2004) with four changes that were measured to help: texture
beside colour; a background model that knows where in the picture each colour lives (a horizon left and right of the
box is background in the box, too); shadowed copies of the background; barrier distance and box position as priors.
A last pass near the outline uses models that are local to it and forgets texture, which is blurred across the edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from inference.engines.classical.cleaning import cleaned
from inference.engines.classical.scene import Scene, shadowed
from inference.ops.matte import dilated, eroded
from inference.ops.mixture import Mixture, fit_mixture
from inference.ops.potts import edge_price, potts_cut
from inference.ops.scaling import resized_plane
from inference.types import F32, Mask

_SAMPLES = 3000
_OUTSIDE_COST = np.float32(20)
_EVIDENCE_LIMIT = 4.0
_BAND_PX = 7
_FINE_TEXTURE = 0.2
_LEAST_TRUST = 0.3
_DEEP_PX = 5
_SHADOW_SHARE = 0.36
_OPINION_AT_FIRST, _OPINION_IN_TURNS, _OPINION_ALONG_OUTLINE = 0.3, 1.0, 0.5


@dataclass(frozen=True)
class Found:
    """A segmentation at view size with what it was decided on.

    ``labels`` are relaxed, 0..1. ``evidence`` is log p(product) - log p(background) per pixel; ``background`` the log
    density of the background.
    """

    labels: F32
    evidence: F32
    background: F32

    @property
    def mask(self) -> Mask:
        return self.labels > 0.5


def segment(scene: Scene, half: Scene) -> Found:
    """Find the product in ``scene.inside``. The mask may be empty."""
    coarse = segment_coarsely(half)
    size = (scene.shape[1], scene.shape[0])
    start = resized_plane(coarse.labels, size)
    local = resized_plane(coarse.background, size)
    last = Found(start, resized_plane(coarse.evidence, size), local)
    found = _turn(scene, scene.rows(texture=_FINE_TEXTURE), last, rounds=50)
    mask = cleaned(found.mask, scene, evidence=found.evidence, background=found.background)
    if mask.any():
        followed = _follow_outline(scene, mask)
        mask = cleaned(followed, scene, evidence=found.evidence, background=found.background)
    return Found(mask.astype(np.float32), found.evidence, found.background)


def segment_coarsely(half: Scene, *, turns: int = 4) -> Found:
    """The first turns, at half size. ``background`` is the position-aware density, for the next size."""
    outside = (~half.inside).astype(np.float32)
    local = local_background(half, outside)
    labels = _first_guess(half, around_here(half, outside))
    found = Found(labels, np.full(half.shape, 2, np.float32), local)
    for _ in range(turns):
        if labels[half.inside].sum() < 20:
            break
        found = _turn(half, half.rows(), Found(labels, found.evidence, local), rounds=60)
        labels = found.labels
        local = local_background(half, _background_weights(half, labels))
    return Found(found.labels, found.evidence, local)


def _first_guess(scene: Scene, background: F32) -> F32:
    usual = np.percentile(-background[~scene.inside], 95) if (~scene.inside).any() else 0.0
    novelty = np.clip((-background - usual) / 6, -1, 1.5)
    score = (
        novelty + 1.2 * (scene.barrier - 0.5) + 0.5 * (0.6 - scene.eccentricity**2) + _OPINION_AT_FIRST * scene.opinion
    )
    return np.where(scene.inside, np.clip(0.5 + 0.5 * score, 0, 1), 0).astype(np.float32)


def _turn(scene: Scene, rows: F32, last: Found, *, rounds: int) -> Found:
    """Fit both sides to the last labels, weigh every pixel by ``rows`` (see ``Scene.rows``), cut.

    What the last turn called product against the evidence counts little in the product's model; otherwise a piece of
    background that was caught once would vouch for itself.
    """
    labels, local = last.labels, last.background
    trust = np.clip(0.5 + last.evidence / 4, _LEAST_TRUST, 1)
    product = _fitted(rows, np.where(labels > 0.3, labels * trust, 0) * scene.inside, components=6)
    background = _with_shadows(rows, _background_weights(scene, labels), components=8, share=_SHADOW_SHARE)
    density = np.logaddexp(background.log_density(rows).reshape(scene.shape), local) - np.log(np.float32(2))
    evidence = product.log_density(rows).reshape(scene.shape) - density
    prior = 1.5 * (0.6 - scene.eccentricity**2) + np.clip(scene.barrier - 0.5, -0.5, 0.5)
    prior = prior + _OPINION_IN_TURNS * scene.opinion
    cost = -np.clip(evidence, -_EVIDENCE_LIMIT, _EVIDENCE_LIMIT) - prior
    cost = np.where(scene.inside, cost, _OUTSIDE_COST).astype(np.float32)
    cut = potts_cut(cost, edge_price(scene.likeness, strength=10.0, floor=0.06), start=labels, rounds=rounds)
    return Found(cut, evidence.astype(np.float32), density.astype(np.float32))


def _background_weights(scene: Scene, labels: F32) -> F32:
    return np.where(scene.inside, 0.5 * (1 - labels) * (labels < 0.3), 1).astype(np.float32)


def _fitted(rows: F32, weights: F32, *, components: int) -> Mixture:
    flat = weights.ravel()
    chosen = np.flatnonzero(flat > 0.05)
    if len(chosen) == 0:
        chosen = np.arange(len(flat))
        flat = np.ones(len(flat), np.float32)
    chosen = chosen[:: max(1, len(chosen) // _SAMPLES)]
    return fit_mixture(rows[chosen], flat[chosen].astype(np.float32), components=components)


def _with_shadows(rows: F32, weights: F32, *, components: int, share: float) -> Mixture:
    flat = weights.ravel()
    chosen = np.flatnonzero(flat > 0.05)
    chosen = chosen[:: max(1, len(chosen) // _SAMPLES)]
    copies = shadowed(rows[chosen])
    everything = np.concatenate([flat[chosen], np.full(len(copies), share, np.float32)])
    return fit_mixture(np.vstack([rows[chosen], copies]), everything, components=components)


def local_background(scene: Scene, weights: F32) -> F32:
    """log p(features | place) of the background, float32 (H, W): the better of "at this height" and "around here"."""
    return np.maximum(_at_height(scene, weights), around_here(scene, weights))


def around_here(scene: Scene, weights: F32) -> F32:
    """log p(features | row, column) of the background, float32 (H, W)."""
    places = positions(scene.shape, spread=6.0)
    density, of_places = _density_with(scene, weights, places)
    return density - of_places.log_density(places).reshape(scene.shape)


def _at_height(scene: Scene, weights: F32) -> F32:
    """log p(features | row) of the background, float32 (H, W)."""
    heights = positions(scene.shape, spread=9.0)[:, :1]
    density, of_heights = _density_with(scene, weights, heights)
    return density - of_heights.log_density(heights[:: scene.shape[1]])[:, None]


def _density_with(scene: Scene, weights: F32, places: F32) -> tuple[F32, Mixture]:
    """log p(features, places) of the background, float32 (H, W), and the mixture over the places alone."""
    rows = scene.rows()
    placed = np.hstack([rows, places])
    mixture = _fitted(placed, weights, components=14)
    return mixture.log_density(placed).reshape(scene.shape), mixture.marginal(rows.shape[1])


@lru_cache(maxsize=16)
def positions(shape: tuple[int, int], *, spread: float) -> F32:
    """Row and column of each pixel, ``spread`` units across the longer side, float32 (H * W, 2)."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32) * np.float32(spread / max(shape))
    found = np.stack([rows.ravel(), columns.ravel()], axis=1)
    found.setflags(write=False)  # the next call gets the same
    return found


def _follow_outline(scene: Scene, mask: Mask) -> Mask:
    """Decide again within ``_BAND_PX`` of the outline, with colour models that are local to it."""
    reach = 4 * _BAND_PX
    core, far = eroded(mask, _BAND_PX // 2), ~dilated(mask, _BAND_PX)
    near = dilated(mask, reach) & ~eroded(mask, reach)
    ours, theirs = _surely_ours(mask) & near, ~dilated(mask, 2) & near
    if min(np.count_nonzero(ours), np.count_nonzero(theirs)) < 100:
        return mask
    rows = np.hstack([scene.lab.reshape(-1, 3), positions(scene.shape, spread=12.0)])
    product = _fitted(rows, ours.astype(np.float32), components=16)
    background = _with_shadows(rows, theirs.astype(np.float32), components=20, share=0.2)
    band = ~core & ~far & scene.inside
    candidates = rows[band.ravel()]
    evidence = np.zeros(scene.shape, np.float32)
    evidence[band] = product.log_density(candidates) - background.log_density(candidates)
    cost = -np.clip(evidence, -_EVIDENCE_LIMIT, _EVIDENCE_LIMIT) - _OPINION_ALONG_OUTLINE * scene.opinion
    cost[core], cost[far | ~scene.inside] = -_OUTSIDE_COST, _OUTSIDE_COST
    start = mask.astype(np.float32)
    return potts_cut(cost, edge_price(scene.likeness, strength=8.0, floor=0.06), start=start, rounds=60) > 0.5


def _surely_ours(mask: Mask) -> Mask:
    """Well inside, where a halo that was caught does not reach, and the middle of what is too thin for that."""
    deep = eroded(mask, _DEEP_PX)
    thin = mask & ~dilated(deep, _DEEP_PX + 1)
    return deep | (thin & eroded(mask, 1))
