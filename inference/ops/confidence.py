"""How sure may one be of a cutout? A figure from measurements, never from hope.

    confidence = 1 / (1 + exp(-(BIAS + sum over WEIGHTS of weight * (measure - 0.5))))

The weights were fitted by logistic regression, "right" being an IoU above 0.87, on automatic cutouts of drawn photos
whose alpha is known (``tests/bench/drawn_photos.py``) and of real photos judged by eye. A measure that an engine does
not have takes the value in ``ASSUMED``: a person's box stands for agreement. Touching the photo's border and rivals
elsewhere in the photo cost ``TOUCH_PENALTY`` and ``RIVAL_PENALTY`` on top.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np

from inference.types import Cutout, Mask

LOW_CONFIDENCE = 0.5
"""Below this the application asks the person for a box."""

BIAS = -4.4
WEIGHTS = {"separation": 2.6, "agreement": 2.5, "stability": 5.7, "softness": -3.8}
ASSUMED = {"separation": 0.8, "agreement": 0.95, "stability": 0.98, "softness": 0.1}
TOUCH_PENALTY = 6.0
RIVAL_PENALTY = 1.0

_TINY_SIDE_PX = 200
_TOUCHING = 0.002
_SECOND_OBJECT = 0.25


def judged(cutout: Cutout, mask: Mask, measures: Mapping[str, float]) -> Cutout:
    """``cutout`` with its confidence, the measures behind it and its warnings.

    Warnings: ``low_confidence``, ``touches_frame`` (the photo's border cuts the product), ``several_objects``, ``tiny``
    (under 200 px: too few pixels to sell with).
    """
    soft = np.count_nonzero((cutout.alpha > 0) & (cutout.alpha < 255))
    figures = {name: float(value) for name, value in measures.items()}
    figures["softness"] = float(soft / max(1, int(np.count_nonzero(cutout.alpha))))
    figures["frame_touch"] = frame_touch(cutout)
    confidence = confidence_of(figures)
    found = {
        "low_confidence": confidence < LOW_CONFIDENCE,
        "touches_frame": figures["frame_touch"] > _TOUCHING,
        "several_objects": figures.get("rivals", 0) > 0 or parts(mask) > 1,
        "tiny": _longer_side(cutout) < _TINY_SIDE_PX,
    }
    warnings = tuple(code for code, applies in found.items() if applies)
    return replace(cutout, confidence=confidence, measures=figures, warnings=warnings)


def retouched(cutout: Cutout) -> Cutout:
    """``cutout`` with the warnings that still hold after a person has painted on it; nobody doubts a person's hand."""
    shrunk = np.ascontiguousarray(cutout.alpha[::4, ::4] > 127)
    found = {
        "touches_frame": frame_touch(cutout) > _TOUCHING,
        "several_objects": parts(shrunk) > 1,
        "tiny": _longer_side(cutout) < _TINY_SIDE_PX,
        "fallback_engine": "fallback_engine" in cutout.warnings,
    }
    return replace(cutout, warnings=tuple(code for code, applies in found.items() if applies))


def confidence_of(measures: Mapping[str, float]) -> float:
    """The formula at the top of this module, 0..1."""
    total = BIAS + sum(weight * (measures.get(name, ASSUMED[name]) - 0.5) for name, weight in WEIGHTS.items())
    total -= TOUCH_PENALTY * measures.get("frame_touch", 0.0) + RIVAL_PENALTY * min(1.0, measures.get("rivals", 0.0))
    return float(1 / (1 + np.exp(-total)))


def frame_touch(cutout: Cutout) -> float:
    """Share of the photo's outermost pixels that the product covers."""
    alpha = cutout.alpha
    border = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
    return float(border.astype(np.float64).mean() / 255)


def parts(mask: Mask) -> int:
    """Connected parts that are at least a quarter of the largest."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    if count < 2:
        return 0
    areas = stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
    return int(np.count_nonzero(areas >= _SECOND_OBJECT * areas.max()))


def _longer_side(cutout: Cutout) -> int:
    rows, columns = np.flatnonzero(cutout.alpha.any(axis=1)), np.flatnonzero(cutout.alpha.any(axis=0))
    if len(rows) == 0:
        return 0
    return int(max(rows[-1] - rows[0], columns[-1] - columns[0])) + 1
