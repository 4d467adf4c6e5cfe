"""Cutout by the network that comes with the library: looks at the whole photo, then closely at what it found."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from inference.engines.cutout_net.model import CARD, WEIGHTS, Model, files_status, revision_of, sure
from inference.errors import InputRejected
from inference.ops.box_view import box_around, intersection_over_union, placed, surroundings
from inference.ops.confidence import with_confidence
from inference.ops.finish import Segmentation, finish_cutout
from inference.ops.outline import outline_measures
from inference.ops.scaling import resized_rgb
from inference.ports import CutoutOptions, EngineStatus
from inference.types import F32, U8, Box, Cutout, Mask, Progress, no_progress

_VIEW_MARGIN = 0.3
_BOX_SLACK = 0.03
_CRUMB = 0.03
_LEAST_CERTAIN = 0.5


@dataclass(frozen=True)
class Seen:
    """What the network found: ``mask`` of ``view``, the ``probability`` it was cut from, and what to think of it.

    ``quality`` is the IoU that the network expects, 0..1; ``agreement`` the IoU of its two looks, 1 with a box.
    """

    mask: Mask
    view: Box
    probability: F32
    quality: float
    agreement: float


class CutoutNetEngine:
    """Runs wherever its weight file is intact. Asks for a box, by a low confidence, where it is unsure."""

    name = "cutout_net"
    licence = "Apache-2.0"

    def __init__(self, options: CutoutOptions, *, weights: Path = WEIGHTS, card: Path = CARD) -> None:
        self._options, self._weights, self._card = options, weights, card

    @cached_property
    def revision(self) -> str:
        """See ``ports.CutoutEngine``."""
        return revision_of(self._card)

    def status(self) -> EngineStatus:
        """Looks for the files only; the checksum is verified when they are loaded."""
        return files_status(self._weights, self._card)

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
        seen = look_twice(self._model, rgb, box)
        on_progress("find", 1.0)
        found = Segmentation(seen.mask, seen.view, _measures(rgb, seen), _without_crumbs(seen))
        made = finish_cutout(rgb, found, self.name, on_progress=on_progress)
        said = [seen.quality] if box is not None else [seen.quality, seen.agreement]
        return with_confidence(made, sure(self._model.confidence["auto" if box is None else "box"], said))

    @cached_property
    def _model(self) -> Model:
        return Model(self._weights, self._card)


def look_twice(model: Model, rgb: U8, box: Box | None) -> Seen:
    """Without a box: at the whole photo, then at the surroundings of what was found. With one: only the latter.

    Raises:
        InputRejected: ``cutout.nothing_found``.
    """
    whole = Box(0, 0, rgb.shape[1], rgb.shape[0])
    first = None if box is not None else _solid(model.look(rgb, view=whole, box=None).probability)
    wanted = box if first is None else box_around(first, whole, slack=_BOX_SLACK)
    assert wanted is not None
    view = surroundings(wanted, whole, margin=_VIEW_MARGIN)
    answer = model.look(rgb, view=view, box=wanted)
    mask = _solid(answer.probability)
    agreement = 1.0
    if first is not None:
        agreement = intersection_over_union(first, placed(mask, view, whole, (first.shape[1], first.shape[0])))
    return Seen(mask, view, answer.probability, answer.quality, agreement)


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


def _without_crumbs(seen: Seen) -> F32:
    """What the network thinks of each pixel, 0 in the parts that the mask left out."""
    return np.where((seen.probability > _LEAST_CERTAIN) & ~seen.mask, 0, seen.probability).astype(np.float32)


def _measures(rgb: U8, seen: Seen) -> dict[str, float]:
    view, mask = seen.view, seen.mask
    part = rgb[view.y : view.y + view.height, view.x : view.x + view.width]
    picture = resized_rgb(part, (mask.shape[1], mask.shape[0]))
    lab = cv2.cvtColor(picture.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB).astype(np.float32)
    measures = outline_measures(mask, lab, seen.probability - np.float32(_LEAST_CERTAIN))
    return measures | {"quality": seen.quality, "agreement": seen.agreement}
