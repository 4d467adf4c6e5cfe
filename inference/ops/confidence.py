"""How sure may one be of a cutout? A figure from measurements, never from hope.

    confidence = 1 / (1 + exp(-(bias + sum over weights of weight * (measure - 0.5))))

The weights were fitted by logistic regression on 159 photos whose alpha is known, half of them drawn
(``tests/bench/drawn_photos.py``), half rendered scenes with random objects; "right" is an IoU above 0.9. In
cross-validation by product and surroundings, of what was said to be 0.59 (0.37, 0.17) sure on average without a box
69 % (28 %, 21 %) were right; with a box, of what was said to be 0.81 (0.66, 0.37) sure 93 % (53 %, 31 %).

There are two formulas: one where an engine guessed the place and several guesses can be compared (``agreement``), one
where a person's box or a network said where to look. Touching the photo's border and rivals elsewhere in the photo cost
``TOUCH_PENALTY`` and ``RIVAL_PENALTY`` on top. Whatever a formula says, nobody is sure of a mask that stops short of
the frame that seems to cut the product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np

from inference.types import Cutout, Mask

LOW_CONFIDENCE = 0.5
"""Below this the application asks the person for a box."""

WITHOUT_BOX = {"bias": -2.9, "agreement": 2.48, "stability": 1.71, "softness": -3.86}
WITH_BOX = {"bias": -1.55, "contrast": 2.48, "softness": -4.89}
TOUCH_PENALTY = 6.0
RIVAL_PENALTY = 1.0

CUT_OFF = "cut_off"
"""A measure, 1 where an engine saw that the product goes on beyond the photo."""
STOPS_SHORT = "stops_short"
"""A measure, 1 where the mask does not reach the side of the photo beyond which the product may go on."""

_UNREACHED = 0.45  # at most as sure as this of a mask that stops short of the frame that cuts the product
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
    confidence = _limited(confidence_of(figures), figures)
    found = {
        "low_confidence": confidence < LOW_CONFIDENCE,
        "touches_frame": figures["frame_touch"] > _TOUCHING or figures.get(CUT_OFF, 0) > 0,
        "several_objects": figures.get("rivals", 0) > 0 or parts(mask) > 1,
        "tiny": _longer_side(cutout) < _TINY_SIDE_PX,
    }
    warnings = tuple(code for code, applies in found.items() if applies)
    return replace(cutout, confidence=confidence, measures=figures, warnings=warnings)


def with_confidence(cutout: Cutout, confidence: float) -> Cutout:
    """``cutout`` with an engine's own confidence in place of the one that all engines share."""
    confidence = _limited(confidence, cutout.measures)
    others = tuple(warning for warning in cutout.warnings if warning != "low_confidence")
    unsure = ("low_confidence",) if confidence < LOW_CONFIDENCE else ()
    return replace(cutout, confidence=confidence, warnings=unsure + others)


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
    weights = WITHOUT_BOX if "agreement" in measures else WITH_BOX
    total = weights["bias"]
    total += sum(weight * (measures.get(name, 0.0) - 0.5) for name, weight in weights.items() if name != "bias")
    total -= TOUCH_PENALTY * measures.get("frame_touch", 0.0) + RIVAL_PENALTY * min(1.0, measures.get("rivals", 0.0))
    return float(1 / (1 + np.exp(-total)))


def _limited(confidence: float, measures: Mapping[str, float]) -> float:
    is_unreached = measures.get(CUT_OFF, 0) > 0 and measures.get("frame_touch", 0) <= _TOUCHING
    stops_short = is_unreached or measures.get(STOPS_SHORT, 0) > 0
    return min(confidence, _UNREACHED) if stops_short else confidence


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
