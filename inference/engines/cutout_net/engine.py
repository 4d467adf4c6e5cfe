"""Cutout by the network that comes with the library: looks at the whole photo, then closely at what it found."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from inference.engines.cutout_net.model import CARD, WEIGHTS, Answer, Model
from inference.errors import InputRejected
from inference.ops.box_view import box_around, intersection_over_union, placed, surroundings
from inference.ops.confidence import LOW_CONFIDENCE
from inference.ops.finish import Segmentation, finish_cutout
from inference.ops.outline import outline_measures
from inference.ops.scaling import resized_rgb
from inference.ports import CutoutOptions, EngineStatus
from inference.types import F32, U8, Box, Cutout, Mask, Progress, no_progress

_VIEW_MARGIN = 0.3
_BOX_SLACK = 0.03
_CRUMB = 0.03
_LEAST_CERTAIN = 0.5

# confidence = 1 / (1 + exp(-(BIAS + QUALITY * quality + AGREEMENT * agreement))), fitted on rendered validation scenes;
# the reliability table is in docs/cutout-benchmark.md.
_BIAS, _QUALITY, _AGREEMENT = -12.0, 8.0, 7.0


class CutoutNetEngine:
    """Runs wherever its weight file is intact. Asks for a box, by a low confidence, where it is unsure."""

    name = "cutout_net"
    licence = "Apache-2.0"

    def __init__(self, options: CutoutOptions, *, weights: Path = WEIGHTS, card: Path = CARD) -> None:
        self._options, self._weights, self._card = options, weights, card

    def status(self) -> EngineStatus:
        """Looks for the files only; the checksum is verified when they are loaded."""
        for path in (self._weights, self._card):
            if not path.is_file():
                return EngineStatus(False, f"{path} is missing", "install the package again")
        return EngineStatus(True)

    def warm(self) -> None:
        """Load the weights, compile the matting kernels and cut out a drawn disk."""
        picture = np.full((128, 128, 3), 230, np.uint8)
        cv2.circle(picture, (64, 64), 32, (40, 90, 160), -1)
        mask = np.zeros((128, 128), np.bool_)
        mask[32:97, 32:97] = True
        whole = Box(0, 0, 128, 128)
        self._model.look(picture, view=whole, box=None)
        finish_cutout(picture, Segmentation(mask, whole, {}), self.name, on_progress=no_progress)

    def cut(self, rgb: U8, *, box: Box | None, on_progress: Progress = no_progress) -> Cutout:
        """See ``ports.CutoutEngine``."""
        on_progress("find", 0.0)
        whole = Box(0, 0, rgb.shape[1], rgb.shape[0])
        first = None if box is not None else self._model.look(rgb, view=whole, box=None)
        wanted = box if first is None else box_around(_solid(first.probability), whole, slack=_BOX_SLACK)
        on_progress("refine", 0.0)
        assert wanted is not None
        view = surroundings(wanted, whole, margin=_VIEW_MARGIN)
        answer = self._model.look(rgb, view=view, box=wanted)
        mask = _solid(answer.probability)
        on_progress("refine", 1.0)
        measures = _measures(rgb, view, mask, answer)
        if first is not None:
            seen = _solid(first.probability)
            again = placed(mask, view, whole, (seen.shape[1], seen.shape[0]))
            measures["agreement"] = intersection_over_union(seen, again)
        made = finish_cutout(rgb, Segmentation(mask, view, measures), self.name, on_progress=on_progress)
        return _calibrated(made)

    @cached_property
    def _model(self) -> Model:
        return Model(self._weights, self._card)


def _solid(probability: F32) -> Mask:
    """What is more likely product than not, without crumbs. Raises InputRejected where that is nothing."""
    mask = probability > _LEAST_CERTAIN
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    if count < 2:
        raise InputRejected("cutout.nothing_found", "the network sees no product; draw a box around it")
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0
    large: Mask = areas >= _CRUMB * areas.max()
    return np.asarray(large[labels], np.bool_)


def _measures(rgb: U8, view: Box, mask: Mask, answer: Answer) -> dict[str, float]:
    part = rgb[view.y : view.y + view.height, view.x : view.x + view.width]
    picture = resized_rgb(part, (mask.shape[1], mask.shape[0]))
    lab = cv2.cvtColor(picture.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB).astype(np.float32)
    measures = outline_measures(mask, lab, answer.probability - np.float32(_LEAST_CERTAIN))
    measures["quality"] = answer.quality
    return measures


def _calibrated(cutout: Cutout) -> Cutout:
    """With the confidence of this engine: the network's own expectation, and whether both looks agree."""
    total = _BIAS + _QUALITY * cutout.measures["quality"] + _AGREEMENT * cutout.measures.get("agreement", 0.95)
    confidence = float(1 / (1 + np.exp(-total)))
    others = tuple(warning for warning in cutout.warnings if warning != "low_confidence")
    unsure = ("low_confidence",) if confidence < LOW_CONFIDENCE else ()
    return replace(cutout, confidence=confidence, warnings=unsure + others)
