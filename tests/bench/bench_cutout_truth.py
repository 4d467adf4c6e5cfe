"""Cutout against rendered photos whose alpha is exact: IoU per engine and category, and whether confidence holds.

``cutout.iou_auto`` without a box, ``cutout.iou_box`` with one 2 % larger than the product; a refusal counts as 0.
The photos are in ``cutout_truth`` beside this file; docs/cutout-benchmark.md says how they were made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from inference.errors import InputRejected
from inference.ops.box_view import box_around, intersection_over_union
from inference.ops.confidence import LOW_CONFIDENCE
from inference.pipelines.cutout import cut_out
from inference.ports import CutoutOptions
from inference.registry import cutout_engine, cutout_engine_names
from inference.types import U8, Box, Cutout

TRUTH = Path(__file__).parent / "cutout_truth"
RIGHT_IOU = 0.9
_BOX_SLACK = 0.02
_BINS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0001)


@dataclass(frozen=True)
class Attempt:
    """What came of one photo: ``iou`` at alpha one half, ``error`` the mean absolute difference of alpha, 0..1."""

    name: str
    category: str
    iou: float
    error: float
    confidence: float


def run(only: str | None) -> Iterable[dict[str, Any]]:
    """Yield one dict a figure; ``only`` is a prefix of its name."""
    prefix = only or ""
    for name, boxed in (("cutout.iou_auto", False), ("cutout.iou_box", True)):
        if name.startswith(prefix) or prefix.startswith(name):
            for engine in available_engines():
                attempts = [attempted(photo, engine, boxed=boxed) for photo in photos()]
                yield from summary(name, engine, attempts)
                yield from reliability(name, engine, attempts)


def available_engines() -> list[str]:
    """The names of the engines that can run here."""
    return [name for name in cutout_engine_names() if cutout_engine(name, CutoutOptions()).status().available]


def photos() -> Iterator[dict[str, Any]]:
    """The benchmark's photos: name, category, rgb (uint8), alpha (uint8)."""
    for name, category in sorted(json.loads((TRUTH / "categories.json").read_text(encoding="utf-8")).items()):
        rgb = cv2.cvtColor(cv2.imread(str(TRUTH / f"{name}.jpg")), cv2.COLOR_BGR2RGB)
        alpha = cv2.imread(str(TRUTH / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
        yield {"name": name, "category": category, "rgb": rgb, "alpha": alpha}


def attempted(photo: dict[str, Any], engine: str, *, boxed: bool) -> Attempt:
    """One cutout against its truth."""
    rgb, truth = photo["rgb"], photo["alpha"]
    result = _cut(rgb, _box(truth) if boxed else None, engine)
    alpha = np.zeros_like(truth) if result is None else result.alpha
    overlap = 0.0 if result is None else intersection_over_union(alpha > 127, truth > 127)
    error = float(np.abs(alpha.astype(np.float32) - truth).mean() / 255)
    return Attempt(photo["name"], photo["category"], overlap, error, 0.0 if result is None else result.confidence)


def summary(name: str, engine: str, attempts: list[Attempt]) -> Iterator[dict[str, Any]]:
    """The mean over all photos, then over each category."""
    yield _figure(name, engine, attempts)
    for category in sorted({attempt.category for attempt in attempts}):
        yield _figure(name, engine, [one for one in attempts if one.category == category]) | {"category": category}


def reliability(name: str, engine: str, attempts: list[Attempt]) -> Iterator[dict[str, Any]]:
    """Per bin of confidence: how sure the engine was, how often it was right (IoU above ``RIGHT_IOU``)."""
    for low, high in pairwise(_BINS):
        inside = [one for one in attempts if low <= one.confidence < high]
        if inside:
            right = float(np.mean([one.iou > RIGHT_IOU for one in inside]))
            yield {
                "name": f"{name}_right",
                "engine": engine,
                "value": round(right, 3),
                "unit": "share",
                "confidence": f"{low:.2f}-{min(1.0, high):.2f}",
                "said": round(float(np.mean([one.confidence for one in inside])), 3),
                "photos": len(inside),
            }
    sure = [one for one in attempts if one.confidence >= LOW_CONFIDENCE]
    if sure:
        yield _figure(f"{name}_sure", engine, sure)


def _figure(name: str, engine: str, attempts: list[Attempt]) -> dict[str, Any]:
    overlaps = np.array([one.iou for one in attempts])
    return {
        "name": name,
        "engine": engine,
        "value": round(float(overlaps.mean()), 4),
        "unit": "IoU",
        "above_90": round(float((overlaps > RIGHT_IOU).mean()), 3),
        "worst": round(float(overlaps.min()), 3),
        "alpha_error": round(float(np.mean([one.error for one in attempts])), 4),
        "photos": len(attempts),
    }


def _box(truth: U8) -> Box:
    whole = Box(0, 0, truth.shape[1], truth.shape[0])
    return box_around(truth > 127, whole, slack=_BOX_SLACK)


def _cut(rgb: U8, box: Box | None, engine: str) -> Cutout | None:
    try:
        return cut_out(rgb, box=box, engine=engine)
    except InputRejected:
        return None
