"""Several seeds of one shot, drawn small, measured and put in order: the best one first, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from inference.ops.appeal import grounding, rated, score, separation
from inference.pipelines.pasting import judged, pasted
from inference.pipelines.shot_request import check_request
from inference.ports import SceneOptions
from inference.registry import scene_engine
from inference.types import U8, Companion, Cutout, Progress, ShotSpec, no_progress


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
    figures = {
        "separation": round(separation(picture.product, scene.plate), 2),
        "grounding": round(grounding(picture.product[..., 3], scene.shadow, scene.base[1]), 3),
        "fill": round(max(scene.measures["fill_height"], scene.measures["fill_width"]), 3),
        "edge": gate.edge_delta_e,
    }
    if gate.set_delta_e is not None:
        figures["palette"] = gate.set_delta_e
    marks = rated(figures)
    return Candidate(spec.seed, picture.master, figures, marks, score(marks))
