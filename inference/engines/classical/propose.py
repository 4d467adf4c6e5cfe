"""Where in a photo is the product? Several guesses, each segmented quickly, the best by measured figures kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from inference.engines.classical.advice import Advice
from inference.engines.classical.cleaning import cleaned
from inference.engines.classical.in_box import local_background, segment_coarsely
from inference.engines.classical.scene import COLOURS, Scene, barrier_inside, eccentricity
from inference.ops.barrier import minimum_barrier
from inference.ops.box_view import intersection_over_union
from inference.ops.matte import bounding_slice
from inference.ops.outline import outline_measures
from inference.types import F32, Mask

_FRAME = 0.05
_MOST_CANDIDATES = 5
_CONSENT_WEIGHT = 1.0


@dataclass(frozen=True)
class Proposal:
    """A quick segmentation of the whole photo.

    ``agreement`` is its mean IoU with the other candidates; ``rivals`` counts candidates elsewhere in the photo that
    score nearly as well; ``calm_border`` is 1 for a frame of one colour and falls with the spread of each of its sides.
    """

    mask: Mask
    score: float
    agreement: float
    rivals: int
    calm_border: float


def propose(half: Scene, told: Advice | None = None) -> Proposal | None:
    """The best candidate, or None when nothing stands out. ``half`` sees the whole photo, ``told`` has its size."""
    half = half if told is None else half.told(told.opinion)
    tried = [(mask, _score(half, mask, evidence) + _consent(mask, told)) for mask, evidence in _segmented(half, told)]
    if not tried:
        return None
    mask, score = max(tried, key=lambda candidate: candidate[1])
    overlaps = [(intersection_over_union(mask, other), value) for other, value in tried if other is not mask]
    agreement = float(np.mean([overlap for overlap, _ in overlaps])) if overlaps else 0.5
    rivals = sum(overlap < 0.02 and value > score - 0.15 for overlap, value in overlaps)
    return Proposal(mask, score, agreement, rivals, calm_border(half.lab))


def calm_border(lab: F32) -> float:
    """exp(-spread / 2), the spread being the mean standard deviation of L*a*b* (in ``lab``'s units) along each side."""
    width = max(1, round(_FRAME * min(lab.shape[:2])))
    sides = (lab[:width], lab[-width:], lab[:, :width], lab[:, -width:])
    spread = np.mean([np.linalg.norm(side.reshape(-1, 3).std(axis=0)) for side in sides])
    return float(np.exp(-spread / 2))


def saliency(half: Scene) -> tuple[F32, F32]:
    """Two maps, each 0..1 by its own 98th percentile: barrier from the frame, novelty against the frame's colours."""
    frame = frame_of(half.shape)
    barrier = minimum_barrier(half.features[..., :COLOURS], frame, rounds=2)
    placed = replace(half, inside=~frame)
    novelty = -local_background(placed, frame.astype(np.float32))
    return _normalised(barrier, frame), _normalised(novelty, frame)


def frame_of(shape: tuple[int, int]) -> Mask:
    """The outer strip of a picture, ``_FRAME`` of its shorter side wide."""
    width = max(1, round(_FRAME * min(shape)))
    frame = np.ones(shape, np.bool_)
    frame[width:-width, width:-width] = False
    return frame


def _normalised(values: F32, frame: Mask) -> F32:
    low, high = float(np.median(values[frame])), float(np.percentile(values, 98))
    return np.asarray(np.clip((values - low) / max(high - low, 1e-6), 0, 1), np.float32)


def _consent(mask: Mask, told: Advice | None) -> float:
    return 0.0 if told is None else _CONSENT_WEIGHT * told.quality * intersection_over_union(mask, told.mask)


def _segmented(half: Scene, told: Advice | None) -> Iterator[tuple[Mask, F32]]:
    for inside in _candidate_boxes(half, told):
        barrier = barrier_inside(half.features, inside)
        scene = replace(half, inside=inside, barrier=barrier, eccentricity=eccentricity(inside))
        found = segment_coarsely(scene, turns=3)
        mask = cleaned(found.mask, scene, evidence=found.evidence, background=found.background)
        if np.count_nonzero(mask) >= 0.002 * mask.size:
            yield mask, found.evidence


def _candidate_boxes(half: Scene, told: Advice | None) -> list[Mask]:
    barrier, novelty = saliency(half)
    rows, columns = np.mgrid[-1 : 1 : half.shape[0] * 1j, -1 : 1 : half.shape[1] * 1j]
    centred = np.exp(-(rows**2 + columns**2) / 0.6).astype(np.float32)
    maps = (np.sqrt(barrier * novelty) * centred, barrier * centred, novelty * centred)
    boxes: list[Mask | None] = [] if told is None or not told.mask.any() else [_box_around(told.mask)]
    boxes += [_box_of(values, level) for values in maps for level in (0.5, 0.3)]
    boxes.append(_middle(half.shape, 0.7))
    kept: list[Mask] = []
    for box in boxes:
        if box is not None and all(intersection_over_union(box, other) < 0.8 for other in kept):
            kept.append(box)
    return kept[:_MOST_CANDIDATES]


def _box_of(values: F32, level: float) -> Mask | None:
    """The box, a little larger, of the heaviest part above ``level`` times the maximum."""
    smooth = cv2.GaussianBlur(values, (0, 0), 0.01 * max(values.shape))
    count, labels, stats, _ = cv2.connectedComponentsWithStats((smooth > level * smooth.max()).astype(np.uint8))
    if count < 2:
        return None
    weights = np.bincount(labels.ravel(), weights=smooth.ravel(), minlength=count)
    weights[0] = 0
    left, top, width, height, _ = (int(value) for value in stats[int(weights.argmax())])
    return _box_mask(values.shape[:2], left, top, width, height, grown=0.08)


def _box_around(mask: Mask) -> Mask:
    top, bottom, left, right = bounding_slice(mask)
    return _box_mask(mask.shape, left, top, right - left, bottom - top, grown=0.04)


def _middle(shape: tuple[int, int], share: float) -> Mask:
    height, width = round(share * shape[0]), round(share * shape[1])
    return _box_mask(shape, (shape[1] - width) // 2, (shape[0] - height) // 2, width, height, grown=0.0)


def _box_mask(shape: tuple[int, ...], left: int, top: int, width: int, height: int, *, grown: float) -> Mask:
    """True in the box, grown by a share of its size, but never on the photo's outermost pixels."""
    across, down = 2 + round(grown * width), 2 + round(grown * height)
    mask = np.zeros(shape[:2], np.bool_)
    mask[max(1, top - down) : top + height + down, max(1, left - across) : left + width + across] = True
    mask[-1], mask[:, -1] = False, False
    return mask


def _score(half: Scene, mask: Mask, evidence: F32) -> float:
    measures = outline_measures(mask, half.lab, evidence)
    rows, columns = np.nonzero(mask)
    away = np.hypot(rows.mean() / mask.shape[0] - 0.5, columns.mean() / mask.shape[1] - 0.5)
    small = max(0.0, 1 - measures["area"] / 0.03)
    return float(
        measures["separation"]
        + measures["edge"]
        + 0.6 * measures["solidity"]
        - 1.0 * away
        - 1.5 * measures["touches"]
        - 0.6 * small
    )
