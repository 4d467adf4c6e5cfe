"""Fit how sure the engines may be: `python -m inference.training.cutout_net.calibrate --renders DIR`.

Runs the shipped network as ``cutout_net`` and ``guided`` do, on scenes it was not trained on, and fits a logistic
regression of "IoU above 0.9" on what is measured without knowing the truth: the IoU that the network expects of itself,
and how much its looks, or the network and the colours of the photo, agree. How far the weights are shrunk is what
foretells scenes best that were left out. Writes the numbers into ``weights.json`` and prints how often each bin of
confidence was right.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from inference.engines.cutout_net.engine import look_twice
from inference.engines.cutout_net.model import CARD, Model, sure
from inference.engines.guided.engine import WITH_BOX, WITHOUT_BOX, GuidedEngine
from inference.errors import InputRejected
from inference.ops.box_view import box_around, intersection_over_union, placed
from inference.ports import CutoutOptions
from inference.training.cutout_net.produce import VALIDATION_SEED
from inference.training.cutout_net.scenes import read_scene, scene_paths
from inference.types import F64, U8, Box, no_progress

RIGHT_IOU = 0.9
_RIDGES = (0.05, 0.02, 0.01, 0.005, 0.002)
_ROUNDS = 50
_LEAST_DOUBT = 1e-4


def guided_outcomes(engine: GuidedEngine, scenes: list[U8], *, boxed: bool) -> tuple[F64, F64]:
    """The same for the engine that has the network for its adviser."""
    measures, right = [], []
    for scene in scenes:
        rgb, truth = np.ascontiguousarray(scene[..., :3]), scene[..., 3] > 127
        whole = Box(0, 0, rgb.shape[1], rgb.shape[0])
        try:
            found = engine.found(rgb, box_around(truth, whole, slack=0.02) if boxed else None, no_progress)
        except InputRejected:
            continue
        mask = placed(found.mask, found.view, whole, (whole.width, whole.height))
        measures.append([found.measures[name] for name in (WITH_BOX if boxed else WITHOUT_BOX)])
        right.append(intersection_over_union(mask, truth) > RIGHT_IOU)
    return np.array(measures, float), np.array(right, float)


def outcomes(model: Model, scenes: list[U8], *, boxed: bool) -> tuple[F64, F64]:
    """Measures (N, 1 or 2) and whether the mask was right (N,), for ``scenes`` (uint8 RGBA)."""
    measures, right = [], []
    for scene in scenes:
        rgb, truth = np.ascontiguousarray(scene[..., :3]), scene[..., 3] > 127
        whole = Box(0, 0, rgb.shape[1], rgb.shape[0])
        box = box_around(truth, whole, slack=0.02) if boxed else None
        try:
            seen = look_twice(model, rgb, box)
        except InputRejected:
            continue
        mask = placed(seen.mask, seen.view, whole, (whole.width, whole.height))
        measures.append([seen.quality] if boxed else [seen.quality, seen.agreement])
        right.append(intersection_over_union(mask, truth) > RIGHT_IOU)
    return np.array(measures, float), np.array(right, float)


def fitted(measures: F64, right: F64) -> list[float]:
    """Bias and weights of a logistic regression, shrunk by the ridge with the least loss on what is left out."""
    best = min(_RIDGES, key=lambda ridge: _loss_left_out(measures, right, ridge))
    return [round(float(weight), 3) for weight in _shrunk(measures, right, best)]


def _loss_left_out(measures: F64, right: F64, ridge: float) -> float:
    """Mean log loss of each scene as all others foretell it."""
    losses = []
    for index in range(len(right)):
        others = np.arange(len(right)) != index
        said = sure(_shrunk(measures[others], right[others], ridge).tolist(), measures[index])
        kept = float(np.clip(said if right[index] else 1 - said, _LEAST_DOUBT, 1.0))
        losses.append(-np.log(kept))
    return float(np.mean(losses))


def _shrunk(measures: F64, right: F64, ridge: float) -> F64:
    """Bias and weights of a logistic regression by Newton's method."""
    rows = np.hstack([np.ones((len(measures), 1)), measures])
    weights = np.zeros(rows.shape[1])
    shrink = ridge * np.diag([0.0, *np.ones(measures.shape[1])])
    for _ in range(_ROUNDS):
        said = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (said - right) + shrink @ weights
        curve = (rows * (said * (1 - said))[:, None]).T @ rows + shrink + 1e-6 * np.eye(len(weights))
        weights = weights - np.linalg.solve(curve, slope)
    return weights


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--renders", type=Path, required=True)
    seeds = range(VALIDATION_SEED, 10 * VALIDATION_SEED)
    scenes = [read_scene(path) for path in scene_paths(parser.parse_args().renders, seeds)]
    card = json.loads(CARD.read_text(encoding="utf-8"))
    model, guided = Model(), GuidedEngine(CutoutOptions())
    for name, boxed in (("auto", False), ("box", True), ("guided_auto", False), ("guided_box", True)):
        if name.startswith("guided"):
            measures, right = guided_outcomes(guided, scenes, boxed=boxed)
        else:
            measures, right = outcomes(model, scenes, boxed=boxed)
        card["confidence"][name] = fitted(measures, right)
        said = np.array([sure(card["confidence"][name], row) for row in measures])
        for low in (0.0, 0.25, 0.5, 0.75):
            inside = (said >= low) & (said < low + 0.25)
            if inside.any():
                figures = {"said": said[inside].mean(), "right": right[inside].mean(), "scenes": float(inside.sum())}
                print(name, {key: round(float(value), 3) for key, value in figures.items()})
    CARD.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
