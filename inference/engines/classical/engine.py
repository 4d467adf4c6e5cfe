"""Cutout without any learned weights: saliency, colour and texture models, a smooth cut, closed-form matting."""

from __future__ import annotations

import cv2
import numpy as np

from inference.engines.classical.in_box import Found, segment
from inference.engines.classical.propose import Proposal, propose
from inference.engines.classical.scene import Scene, look
from inference.errors import InputRejected
from inference.ops.box_view import box_around, intersection_over_union, placed, surroundings
from inference.ops.finish import Segmentation, finish_cutout
from inference.ops.outline import box_touch, outline_measures
from inference.ops.scaling import fitted_size, resized_rgb
from inference.ports import CutoutOptions, EngineStatus
from inference.types import U8, Box, Cutout, Progress, no_progress

_VIEW_PX = 420
_VIEW_MARGIN = 0.3
_BOX_SLACK = 0.04
_CUT_OFF = 0.01
_VISIBLE = 0.02
_GROWTH = 0.15


class ClassicalEngine:
    """Always available; says by a low confidence where a photo is beyond it, so that the person draws a box."""

    name = "classical"
    licence = "Apache-2.0"

    def __init__(self, options: CutoutOptions) -> None:
        self._options = options

    def status(self) -> EngineStatus:
        """Needs nothing."""
        return EngineStatus(True)

    def warm(self) -> None:
        """Compile the matting kernels (numba caches them on disk) by cutting out a drawn disk."""
        picture = np.full((96, 96, 3), 230, np.uint8)
        cv2.circle(picture, (48, 48), 24, (40, 90, 160), -1)
        self.cut(picture, box=Box(16, 16, 64, 64))

    def cut(self, rgb: U8, *, box: Box | None, on_progress: Progress = no_progress) -> Cutout:
        """See ``ports.CutoutEngine``."""
        on_progress("find", 0.0)
        proposal: Proposal | None = None
        wanted = box
        if wanted is None:
            proposal = _proposal(rgb)
            wanted = box_around(proposal.mask, _whole(rgb), slack=_BOX_SLACK)
        on_progress("refine", 0.0)
        view, scene, found = _segmented(rgb, wanted)
        if proposal is not None and box_touch(found.mask, scene.inside) > _CUT_OFF:
            on_progress("refine", 0.5)
            view, scene, found = _segmented(rgb, _grown(wanted, rgb))
        if not found.mask.any():
            raise InputRejected("cutout.nothing_found", "nothing in the box stands out from its surroundings")
        on_progress("refine", 1.0)
        measures = outline_measures(found.mask, scene.lab, found.evidence)
        if measures["contrast"] < _VISIBLE:
            raise InputRejected("cutout.nothing_found", "nothing there stands out from its surroundings")
        measures["box_touch"] = box_touch(found.mask, scene.inside)
        if proposal is not None:
            measures["agreement"] = proposal.agreement
            size = proposal.mask.shape[1], proposal.mask.shape[0]
            again = placed(found.mask, view, _whole(rgb), size)
            measures["stability"] = intersection_over_union(proposal.mask, again)
            measures["calm_border"] = proposal.calm_border
            measures["rivals"] = float(proposal.rivals)
        return finish_cutout(rgb, Segmentation(found.mask, view, measures), self.name, on_progress=on_progress)


def _proposal(rgb: U8) -> Proposal:
    height, width = rgb.shape[:2]
    small = resized_rgb(rgb, fitted_size((width, height), _VIEW_PX))
    everywhere = np.ones(small.shape[:2], np.bool_)
    everywhere[[0, -1]] = False
    everywhere[:, [0, -1]] = False
    proposal = propose(look(small, everywhere)[1])
    if proposal is None:
        raise InputRejected("cutout.nothing_found", "nothing in the photo stands out; draw a box around the product")
    return proposal


def _grown(box: Box, rgb: U8) -> Box:
    """A larger box, for a product that reached the side of the one that was guessed."""
    across, down = round(_GROWTH * box.width), round(_GROWTH * box.height)
    left, top = max(0, box.x - across), max(0, box.y - down)
    right, bottom = min(rgb.shape[1], box.x + box.width + across), min(rgb.shape[0], box.y + box.height + down)
    return Box(left, top, right - left, bottom - top)


def _segmented(rgb: U8, box: Box) -> tuple[Box, Scene, Found]:
    """The box with its surroundings, small, and the product in it. Also returns where in the photo the view lies."""
    view = surroundings(box, _whole(rgb), margin=_VIEW_MARGIN)
    size = fitted_size((view.width, view.height), _VIEW_PX)
    small = resized_rgb(rgb[view.y : view.y + view.height, view.x : view.x + view.width], size)
    scale = size[0] / view.width
    inside = np.zeros(small.shape[:2], np.bool_)
    rows = slice(round((box.y - view.y) * scale), round((box.y - view.y + box.height) * scale))
    inside[rows, round((box.x - view.x) * scale) : round((box.x - view.x + box.width) * scale)] = True
    scene, half = look(small, inside)
    return view, scene, segment(scene, half)


def _whole(rgb: U8) -> Box:
    return Box(0, 0, rgb.shape[1], rgb.shape[0])
