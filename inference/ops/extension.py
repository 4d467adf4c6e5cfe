"""Did a generator draw more of the product than there is? Beside its outline (an extension), or once more (a copy).

The finished picture is segmented again, but not blindly: which pixels are the product is known, because they were
pasted. Colour models of the product (inside its mask) and of the scene (further away, and the same in shade) judge the
band around the outline; a smooth cut (Boykov and Jolly 2001, solved as in ``ops.potts``) decides; what hangs together
with the product counts as product. A scene in the product's colours explains itself and is no extension.

A blind cutout engine was not chosen: its own error on a faultless picture (docs/cutout-benchmark.md) is larger than
the 0.02 that is to be found.

For copies the same likelihood is searched with the product's silhouette, at several sizes and mirrored: a place where
the silhouette is filled with the product's colours and its surroundings are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from inference.ops.matte import dilated, eroded
from inference.ops.mixture import Mixture, fit_mixture
from inference.ops.potts import edge_price, likeness, potts_cut
from inference.types import F32, U8, Mask

MIN_IOU = 0.98
_LONGEST_PX = 224
_SEARCH_PX = 112
_REACH = 0.3
_TOLERANCE_PX = 2
_FRONT = 1.0
_LAB_UNIT = np.array([12.0, 8.0, 8.0], np.float32)
_SAMPLES = 3000
_LIMIT, _PRIOR, _COPY_PRIOR = 4.0, 1.4, 0.6
_SHADE = (0.3, 0.97)
_COPY_SCALES = (0.5, 0.7, 1.0, 1.4)
_COPY_FILLED, _COPY_AROUND, _COPY_OVERLAP = 0.72, 0.35, 0.15


@dataclass(frozen=True)
class Extension:
    """``iou`` of the mask and what was found to be product, 0..1; ``count`` of products in the picture, 1 = one."""

    iou: float
    count: int

    @property
    def passed(self) -> bool:
        """Whether the picture shows the product as it is, once."""
        return self.iou >= MIN_IOU and self.count == 1


def find_extension(picture: U8, mask: U8, drawn: U8 | None = None) -> Extension:
    """Segment a finished picture again.

    Args:
        picture: uint8 (H, W, 3), with the product pasted.
        mask: uint8 (H, W), its placed coverage.
        drawn: uint8 (H, W), 255 = drawn anew, where alone there can be more than there was; None = everywhere.
    """
    if not (mask >= 128).any():
        return Extension(1.0, 1)
    whole, window = _small(picture, mask, _SEARCH_PX), _around(mask)
    near = _small(picture[window], mask[window], _LONGEST_PX)
    new = np.full_like(mask, 255) if drawn is None else drawn
    iou = _iou(*near, *whole, _shrunk(new[window], near[1]))
    return Extension(round(iou, 4), 1 + _copies(*whole, _shrunk(new, whole[1])))


def _shrunk(mask: U8, like: Mask) -> Mask:
    """``mask`` at the size of ``like``: what is at least half covered."""
    return np.asarray(cv2.resize(mask, like.shape[::-1], interpolation=cv2.INTER_AREA) >= 128, np.bool_)


def _around(mask: U8) -> tuple[slice, slice]:
    """Rows and columns of the product with its surroundings."""
    rows, columns = (np.flatnonzero((mask >= 128).any(axis=axis)) for axis in (1, 0))
    reach = round(_REACH * 2 * max(len(rows), len(columns)))
    return (
        slice(max(0, rows[0] - reach), rows[-1] + reach + 1),
        slice(max(0, columns[0] - reach), columns[-1] + reach + 1),
    )


def _small(picture: U8, mask: U8, longest_px: int) -> tuple[F32, Mask]:
    """Small: scaled Lab (h, w, 3) and mask."""
    scale = min(1.0, longest_px / max(mask.shape))
    size = (max(8, round(mask.shape[1] * scale)), max(8, round(mask.shape[0] * scale)))
    rgb = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    lab = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB) / _LAB_UNIT, np.float32)
    smooth = np.asarray(cv2.bilateralFilter(lab, 5, 1.0, 2.0), np.float32)
    return smooth, cv2.resize(mask, size, interpolation=cv2.INTER_AREA) >= 128


def _iou(lab: F32, mask: Mask, whole: F32, whole_mask: Mask, drawn: Mask) -> float:
    """Of the mask and the mask with what was found beside it, as far as it was ``drawn``.

    Args:
        lab, mask: the product with its surroundings.
        whole, whole_mask: all of the picture, smaller: colours that the scene has anywhere explain themselves.
    """
    beyond = _beyond(mask)
    scene = np.concatenate([lab[beyond], whole[_beyond(whole_mask)]])
    if len(scene) < 64 or not mask.any():
        return 1.0
    evidence = _evidence(lab, mask, scene)
    cost = _PRIOR - np.clip(evidence, -_LIMIT, _LIMIT)
    cost[eroded(mask, 1)], cost[beyond] = -20.0, 20.0
    labels = potts_cut(cost.astype(np.float32), edge_price(likeness(lab), strength=4.0, floor=0.06), rounds=80)
    found = (labels > 0.5) & ~dilated(mask, _TOLERANCE_PX)
    found = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0
    extra = drawn & _ending_near(_touching(found, dilated(mask, _TOLERANCE_PX + 2)), mask, beyond)
    area = int(mask.sum())
    return area / (area + int(extra.sum()))


def _ending_near(found: Mask, mask: Mask, beyond: Mask) -> Mask:
    """The parts of ``found`` that end near the product.

    What leaves the neighbourhood, or the picture, on a wider front than it has with the product is a surface or a wall
    in the product's colours.
    """
    count, parts = cv2.connectedComponents(found.astype(np.uint8), connectivity=8)
    outside = np.pad(dilated(beyond, 1)[1:-1, 1:-1], 1, constant_values=True)
    beside = dilated(mask, _TOLERANCE_PX + 2)
    kept = np.zeros_like(found)
    for number in range(1, count):
        part = parts == number
        if np.count_nonzero(part & outside) <= _FRONT * np.count_nonzero(part & beside):
            kept |= part
    return kept


def _beyond(mask: Mask) -> Mask:
    """What is too far from the product to be an extension of it; nearer, where that leaves nothing."""
    height, width = (len(np.flatnonzero(mask.any(axis=axis))) for axis in (1, 0))
    reach = max(4, round(_REACH * max(height, width)))
    far = ~dilated(mask, reach)
    return far if np.count_nonzero(far) >= 64 else ~dilated(mask, max(2, reach // 3))


def _touching(found: Mask, mask: Mask) -> Mask:
    """The parts of ``found`` that hang together with ``mask``."""
    _, parts = cv2.connectedComponents((found | mask).astype(np.uint8), connectivity=8)
    return found & np.isin(parts, np.unique(parts[mask]))


def _evidence(lab: F32, ours: Mask, plain: F32) -> F32:
    """log p(product) - log p(scene) of every pixel's colour, float32 (h, w); ``plain`` (n, 3) are the scene's."""
    core = eroded(ours, 1)
    product = _model(lab[core if np.count_nonzero(core) >= 64 else ours], 6)
    some = _few(plain)
    scene = _model(np.concatenate([some, some * _shading(len(some))]), 14)
    rows = np.ascontiguousarray(lab.reshape(-1, 3))
    return (product.log_density(rows) - scene.log_density(rows)).reshape(lab.shape[:2])


def _shading(count: int) -> F32:
    """Factors (count, 3) of Lab in shades of all depths: light falls, colour half as much."""
    low, high = _SHADE
    depth = low + (high - low) * ((np.arange(count, dtype=np.float32) * np.float32(0.61803399)) % 1)
    return np.stack([depth, 0.5 + 0.5 * depth, 0.5 + 0.5 * depth], axis=1).astype(np.float32)


def _model(samples: F32, components: int) -> Mixture:
    few = _few(samples)
    # Colours closer than a step are one colour: without this a flat drawing has no width, and nothing else is likely.
    spread = np.concatenate([few, few + np.float32(0.25), few - np.float32(0.25)])
    return fit_mixture(spread, np.ones(len(spread), np.float32), components=components)


def _few(samples: F32) -> F32:
    return np.ascontiguousarray(samples[:: max(1, len(samples) // _SAMPLES)])


def _copies(lab: F32, mask: Mask, drawn: Mask) -> int:
    """How often the product's silhouette is found again, mostly where something was ``drawn``."""
    far = ~dilated(mask, 3)
    if np.count_nonzero(far) < 64 or np.count_nonzero(mask) < 24:
        return 0
    likely = 1 / (1 + np.exp(-np.clip(_evidence(lab, mask, lab[far]) - _COPY_PRIOR, -8, 8)))
    likely = likely.astype(np.float32)
    likely[dilated(mask, 1)] = 0.0
    taken = np.zeros(mask.shape, np.bool_)
    found = 0
    for score, place in sorted(_matches(likely, mask), key=lambda match: -match[0]):
        is_new = 2 * np.count_nonzero(place & drawn) > np.count_nonzero(place)
        if score > 0 and is_new and not (taken & place).any():
            taken |= place
            found += 1
    return found


def _matches(likely: F32, mask: Mask) -> Iterator[tuple[float, Any]]:
    """The best place of each size of the silhouette, mirrored or not: how far it is above the bar, and its pixels."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    shape = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.uint8)
    for scale in _COPY_SCALES:
        size = (round(shape.shape[1] * scale), round(shape.shape[0] * scale))
        if min(size) < 5 or size[0] + 4 >= mask.shape[1] or size[1] + 4 >= mask.shape[0]:
            continue
        for flip in (False, True):
            small = cv2.resize(shape[:, ::-1] if flip else shape, size, interpolation=cv2.INTER_AREA)
            yield from _best_place(likely, mask, np.pad(small, 2))


def _best_place(likely: F32, mask: Mask, silhouette: U8) -> Iterator[tuple[float, Any]]:
    inside = silhouette.astype(np.float32)
    ring = cv2.dilate(silhouette, np.ones((5, 5), np.uint8)).astype(np.float32) - inside
    filled = cv2.matchTemplate(likely, inside / inside.sum(), cv2.TM_CCORR)
    around = cv2.matchTemplate(likely, ring / max(ring.sum(), 1e-6), cv2.TM_CCORR)
    on_product = cv2.matchTemplate(mask.astype(np.float32), inside / inside.sum(), cv2.TM_CCORR)
    above = np.minimum(filled - _COPY_FILLED, _COPY_AROUND - around)
    above[on_product > _COPY_OVERLAP] = -1.0
    y, x = np.unravel_index(int(np.argmax(above)), above.shape)
    place = np.zeros(mask.shape, np.bool_)
    place[y : y + inside.shape[0], x : x + inside.shape[1]] = inside > 0
    yield float(above[y, x]), place
