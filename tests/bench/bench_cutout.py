"""Cutout figures: seconds of one warm cutout on one core, and quality on drawn photos whose alpha is known.

All seconds are medians of CPU seconds of this process: a busy machine does not count. ``cutout.refine_12mp_s`` is one
stroke of the refine brush along the outline. ``cutout.box_iou_sad`` is the mean absolute error of alpha, summed over
the photo and divided by the length of the outline in pixels.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from statistics import median
from typing import Any

import cv2
import numpy as np

from inference.errors import InputRejected
from inference.ops.confidence import LOW_CONFIDENCE
from inference.ops.strokes import parse_strokes
from inference.pipelines.cutout import cut_out, refine_cutout
from inference.ports import CutoutOptions
from inference.registry import cutout_engine
from inference.types import Box, Cutout
from tests.bench.drawn_photos import PRODUCTS, SURROUNDINGS, DrawnPhoto, draw

RIGHT_IOU = 0.9


def run(only: str | None) -> Iterable[dict[str, Any]]:
    """Yield one dict a figure; ``only`` is a prefix of its name."""
    prefix = only or ""
    for group, measure in GROUPS.items():
        if group.startswith(prefix) or prefix.startswith(group):
            cutout_engine("classical", CutoutOptions()).warm()
            yield from measure()


def _intersection_over_union(result: Cutout | None, photo: DrawnPhoto) -> float:
    if result is None:
        return 0.0
    ours, truth = result.alpha > 127, photo.alpha > 127
    return float(np.count_nonzero(ours & truth) / np.count_nonzero(ours | truth))


def _photos() -> Iterator[DrawnPhoto]:
    for product in PRODUCTS:
        for surroundings in SURROUNDINGS:
            yield draw(product, surroundings)


def _attempt(photo: DrawnPhoto, box: Box | None) -> Cutout | None:
    try:
        return cut_out(photo.rgb, box=box, engine="classical")
    except InputRejected:
        return None


def _quality(name: str, results: list[tuple[Cutout | None, DrawnPhoto]]) -> Iterator[dict[str, Any]]:
    overlaps = [_intersection_over_union(result, photo) for result, photo in results]
    count = len(results)
    yield {"name": f"{name}_iou_mean", "value": round(float(np.mean(overlaps)), 4), "unit": "IoU", "photos": count}
    yield {"name": f"{name}_iou_min", "value": round(min(overlaps), 4), "unit": "IoU", "photos": count}


def _boxed() -> Iterator[dict[str, Any]]:
    results = [(_attempt(photo, Box(*photo.box())), photo) for photo in _photos()]
    yield from _quality("cutout.box", results)
    errors = [_alpha_error(result, photo) for result, photo in results]
    yield {
        "name": "cutout.box_iou_sad",
        "value": round(float(np.mean(errors)), 4),
        "unit": "px of outline",
        "photos": len(errors),
    }


def _alpha_error(result: Cutout | None, photo: DrawnPhoto) -> float:
    alpha = np.zeros_like(photo.alpha) if result is None else result.alpha
    solid = (photo.alpha > 127).astype(np.uint8)
    outline = np.count_nonzero(solid - cv2.erode(solid, np.ones((3, 3), np.uint8)))
    return float(np.abs(alpha.astype(np.float64) - photo.alpha).sum() / 255 / max(1, outline))


def _automatic() -> Iterator[dict[str, Any]]:
    results = [(_attempt(photo, None), photo) for photo in _photos()]
    yield from _quality("cutout.auto", results)
    wrong_but_sure = sum(
        result is not None
        and result.confidence >= LOW_CONFIDENCE
        and _intersection_over_union(result, photo) < RIGHT_IOU
        for result, photo in results
    )
    yield {"name": "cutout.auto_iou_wrong_but_sure", "value": wrong_but_sure, "unit": "photos", "photos": len(results)}


def _timed(name: str, boxed: bool, side_px: int) -> Iterator[dict[str, Any]]:
    photo = draw("plush", "leaves", side_px=side_px)
    box = Box(*photo.box()) if boxed else None
    spent = []
    for _ in range(3):
        started = time.process_time()
        cut_out(photo.rgb, box=box, engine="classical")
        spent.append(time.process_time() - started)
    yield {"name": name, "value": round(median(spent), 3), "unit": "s", "side_px": side_px}


def _refined() -> Iterator[dict[str, Any]]:
    photo = draw("plush", "leaves", side_px=3464)
    base = cut_out(photo.rgb, box=Box(*photo.box()), engine="classical")
    middle = photo.alpha.shape[0] // 2
    points = [[float(np.flatnonzero(photo.alpha[row] > 127)[0]), float(row)] for row in range(middle, middle + 600, 20)]
    strokes = parse_strokes([{"tool": "refine", "size": 120, "points": points}])
    spent = []
    for _ in range(4):
        started = time.process_time()
        refine_cutout(photo.rgb, base, strokes)
        spent.append(time.process_time() - started)
    yield {"name": "cutout.refine_12mp_s", "value": round(median(spent[1:]), 3), "unit": "s", "side_px": 3464}


GROUPS: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {
    "cutout.box_s": lambda: _timed("cutout.box_s", True, 1200),
    "cutout.box_12mp_s": lambda: _timed("cutout.box_12mp_s", True, 3464),
    "cutout.refine_12mp_s": _refined,
    "cutout.auto_s": lambda: _timed("cutout.auto_s", False, 1200),
    "cutout.box_iou": _boxed,
    "cutout.auto_iou": _automatic,
}
