"""Several seeds of one shot, drawn small, measured and put in order: the best one first, with the reasons."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from inference.ops.appeal import BAND_PX, grounding, rated, score, separation
from inference.pipelines.pasting import judged, pasted
from inference.pipelines.shot_request import check_request
from inference.ports import SceneOptions
from inference.registry import scene_engine
from inference.types import U8, Companion, Cutout, GateReport, Progress, ShotResult, ShotSpec, no_progress


@dataclass(frozen=True)
class Candidate:
    """One seed: its small picture, uint8 (h, w, 3), the figures measured on it, their marks and the score, 0..1."""

    seed: int
    rgb: U8
    figures: Mapping[str, float]
    marks: Mapping[str, float]
    score: float

    def as_dict(self) -> dict[str, Any]:
        """Everything but the picture, as JSON values."""
        return {"seed": self.seed, "score": self.score, "figures": dict(self.figures), "marks": dict(self.marks)}


def best_of(
    photo_rgb: U8,
    cutout: Cutout,
    spec: ShotSpec,
    seeds: Sequence[int],
    *,
    longest_px: int,
    companion: Companion | None = None,
    on_progress: Progress = no_progress,
    options: SceneOptions | None = None,
) -> list[Candidate]:
    """Draw and measure every seed; the best first, equal ones in the order of ``seeds``. Raises as ``make_shot``."""
    check_request(photo_rgb, cutout, spec, companion)
    found = []
    for number, seed in enumerate(seeds):
        on_progress("candidates", number / len(seeds))
        one = replace(spec, seed=seed)
        found.append(_candidate(photo_rgb, cutout, one, longest_px, companion, options or SceneOptions()))
    return sorted(found, key=lambda candidate: -candidate.score)


def _candidate(
    photo_rgb: U8,
    cutout: Cutout,
    spec: ShotSpec,
    longest_px: int,
    companion: Companion | None,
    options: SceneOptions,
) -> Candidate:
    beside = companion.cutout if companion else None
    scene = scene_engine(options).render(cutout, spec, on_progress=no_progress, longest_px=longest_px, companion=beside)
    picture = pasted(photo_rgb, cutout, scene, spec.edits, companion)
    gate = judged(picture, photo_rgb, cutout, scene, spec.edits, companion)
    figures = _figures(picture.product, scene.plate, scene.shadow, scene.base[1], scene.measures, gate)
    marks = rated(figures)
    return Candidate(spec.seed, picture.master, figures, marks, score(marks))


def score_of(shot: ShotResult, *, longest_px: int) -> float:
    """The score of a finished shot, 0..1: its layers measured at the size at which candidates are compared.

    Only the product and what lies around it is looked at, which takes half the time.
    """
    share = min(1.0, longest_px / max(shot.product.shape[:2]))
    rows, columns = _around(shot.product[..., 3], math.ceil(4 * BAND_PX / share))
    seen = [layer[rows, columns] for layer in (shot.product, shot.plate, shot.shadow)]
    height, width = (max(1, round(side * share)) for side in seen[0].shape[:2])
    product, plate, shadow = (
        np.asarray(cv2.resize(layer, (width, height), interpolation=cv2.INTER_AREA), np.uint8) for layer in seen
    )
    base_row = round((shot.measures["base_y"] * shot.product.shape[0] - rows.start) * share)
    return score(rated(_figures(product, plate, shadow, base_row, shot.measures, shot.gate)))


def _around(alpha: U8, margin: int) -> tuple[slice, slice]:
    """Rows and columns of what is visible in uint8 (H, W), with a margin; all of them where nothing is."""
    found = []
    for axis in (1, 0):
        visible = np.nonzero(alpha.any(axis=axis))[0]
        first, last = (visible[0], visible[-1]) if len(visible) else (0, alpha.shape[1 - axis])
        found.append(slice(max(0, int(first) - margin), int(last) + 1 + margin))
    return found[0], found[1]


def _figures(
    product: U8, plate: U8, shadow: U8, base_row: int, measures: Mapping[str, float], gate: GateReport
) -> dict[str, float]:
    """What ``ops.appeal.rated`` marks, from layers of one size (see ``ShotResult``)."""
    figures = {
        "separation": round(separation(product, plate), 2),
        "grounding": round(grounding(product[..., 3], shadow, base_row), 3),
        "fill": round(max(measures["fill_height"], measures["fill_width"]), 3),
        "edge": gate.edge_delta_e,
    }
    return figures if gate.set_delta_e is None else figures | {"palette": gate.set_delta_e}
