"""Cutout without any learned weights: saliency, colour and texture models, a smooth cut, closed-form matting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from inference.engines.classical.advice import Advice, Adviser, advice
from inference.engines.classical.frame import Beyond, cut_off, mirrored, on_sides
from inference.engines.classical.in_box import Found, segment
from inference.engines.classical.propose import Proposal, propose
from inference.engines.classical.scene import Scene, look
from inference.errors import InputRejected
from inference.ops.box_view import box_around, intersection_over_union, placed, surroundings
from inference.ops.confidence import CUT_OFF, STOPS_SHORT
from inference.ops.finish import Segmentation, finish_cutout
from inference.ops.outline import box_touch, outline_measures
from inference.ops.scaling import fitted_size, resized_rgb
from inference.ops.side_by_side import both
from inference.ports import CutoutOptions, EngineStatus
from inference.types import U8, Box, Cutout, Mask, Progress, no_progress

_VIEW_PX = 420
_VIEW_MARGIN = 0.3
_BOX_SLACK = 0.04
_CUT_OFF = 0.01
_VISIBLE = 0.02
_GROWTH = 0.15


@dataclass(frozen=True)
class Seen:
    """The surroundings of a box, small, and what was found in them; ``view`` says where in the photo they lie."""

    view: Box
    scene: Scene
    found: Found
    told: Advice | None

    @property
    def box_touch(self) -> float:
        """See ``ops.outline.box_touch``."""
        return box_touch(self.found.mask, self.scene.inside)


class ClassicalEngine:
    """Always available; says by a low confidence where a photo is beyond it, so that the person draws a box."""

    name = "classical"
    licence = "Apache-2.0"

    def __init__(self, options: CutoutOptions) -> None:
        self._options = options

    @cached_property
    def revision(self) -> str:
        """See ``ports.CutoutEngine``: there are no weights."""
        return ""

    @property
    def adviser(self) -> Adviser | None:
        """Who is asked for an opinion; nobody here."""
        return None

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
        found = self.found(rgb, box, on_progress)
        return finish_cutout(rgb, found, self.name, on_progress=on_progress)

    def found(self, rgb: U8, box: Box | None, on_progress: Progress) -> Segmentation:
        """The product, before its edge is made.

        Raises:
            InputRejected: ``cutout.nothing_found``; ``cutout.at_frame`` where a side of the photo cuts something.
        """
        on_progress("find", 0.0)
        if box is not None or self.adviser is None:
            return self._found(rgb, box, on_progress)
        try:
            found = self._found(rgb, None, on_progress)
        except InputRejected as nothing:
            return self._found_at_frame(rgb, self.adviser, nothing)
        beyond = cut_off(self.adviser, rgb, placed(found.mask, found.view, _whole(rgb), _small_size(rgb)))
        if beyond is None:
            return found
        stops_short = replace(found, measures={**found.measures, CUT_OFF: 1.0, STOPS_SHORT: 1.0})
        return self._found_between_mirrors(rgb, beyond) or stops_short

    def _found_at_frame(self, rgb: U8, adviser: Adviser, nothing: InputRejected) -> Segmentation:
        """A second look where there was ``nothing``: at what stands on a side of the photo, if anything does."""
        beyond = cut_off(adviser, rgb, None) or on_sides(rgb)
        if beyond is None:
            raise nothing
        found = self._found_between_mirrors(rgb, beyond)
        if found is None:
            message = "nothing stands out, and something reaches the photo's edge; draw a box around the product"
            raise InputRejected("cutout.at_frame", message) from nothing
        return found

    def _found_between_mirrors(self, rgb: U8, beyond: Beyond) -> Segmentation | None:
        """What is found in the photo and in mirrors beside it, as far as it lies in the photo; None = nothing."""
        if beyond.margins is None:
            return None
        seen = mirrored(rgb, beyond.margins)
        try:
            found = seen.back(self._found(seen.rgb, None, no_progress))
        except InputRejected:
            return None
        return replace(found, measures={**found.measures, CUT_OFF: 1.0})

    def _found(self, rgb: U8, box: Box | None, on_progress: Progress) -> Segmentation:
        proposal = self._proposal(rgb) if box is None else None
        wanted = box if proposal is None else box_around(proposal.mask, _whole(rgb), slack=_BOX_SLACK)
        assert wanted is not None
        on_progress("refine", 0.0)
        seen = self._segmented(rgb, wanted)
        if proposal is not None and seen.box_touch > _CUT_OFF:
            on_progress("refine", 0.5)
            seen = self._segmented(rgb, _grown(wanted, rgb))
        on_progress("refine", 1.0)
        measures = _measures(seen)
        if proposal is not None:
            measures |= _place_measures(proposal, placed(seen.found.mask, seen.view, _whole(rgb), _size(proposal.mask)))
        return Segmentation(seen.found.mask, seen.view, measures)

    def _proposal(self, rgb: U8) -> Proposal:
        small = resized_rgb(rgb, _small_size(rgb))
        everywhere = _but_for_border(small.shape[:2])
        half_size = ((small.shape[1] + 1) // 2, (small.shape[0] + 1) // 2)
        (_, half), told = both(
            lambda: look(small, everywhere), lambda: self._advice(rgb, view=_whole(rgb), box=None, size=half_size)
        )
        proposal = propose(half, told)
        if proposal is None:
            raise InputRejected(
                "cutout.nothing_found", "nothing in the photo stands out; draw a box around the product"
            )
        return proposal

    def _segmented(self, rgb: U8, box: Box) -> Seen:
        view = surroundings(box, _whole(rgb), margin=_VIEW_MARGIN)
        size = fitted_size((view.width, view.height), _VIEW_PX)
        small = resized_rgb(rgb[view.y : view.y + view.height, view.x : view.x + view.width], size)
        scale = size[0] / view.width
        inside = np.zeros(small.shape[:2], np.bool_)
        rows = slice(round((box.y - view.y) * scale), round((box.y - view.y + box.height) * scale))
        inside[rows, round((box.x - view.x) * scale) : round((box.x - view.x + box.width) * scale)] = True
        if inside.all():
            inside = _but_for_border(inside.shape)
        (scene, half), told = both(
            lambda: look(small, inside), lambda: self._advice(rgb, view=view, box=box, size=size)
        )
        if told is not None:
            scene, half = scene.told(told.opinion), half.told(told.opinion)
        return Seen(view, scene, segment(scene, half), told)

    def _advice(self, rgb: U8, *, view: Box, box: Box | None, size: tuple[int, int]) -> Advice | None:
        return None if self.adviser is None else advice(self.adviser, rgb, view=view, box=box, size=size)


def _measures(seen: Seen) -> dict[str, float]:
    """What is known of the mask. Raises InputRejected where there is none, or none that anybody could see."""
    found = seen.found
    if not found.mask.any():
        raise InputRejected("cutout.nothing_found", "nothing in the box stands out from its surroundings")
    measures = outline_measures(found.mask, seen.scene.lab, found.evidence)
    if measures["contrast"] < _VISIBLE and (seen.told is None or not seen.told.is_trusted):
        raise InputRejected("cutout.nothing_found", "nothing there stands out from its surroundings")
    measures["box_touch"] = seen.box_touch
    if seen.told is not None:
        measures["quality"] = seen.told.quality
        measures["consent"] = intersection_over_union(found.mask, seen.told.mask)
    return measures


def _place_measures(proposal: Proposal, again: Mask) -> dict[str, float]:
    """What is known of the place; ``again`` is the final mask at the size of the proposal."""
    return {
        "agreement": proposal.agreement,
        "stability": intersection_over_union(proposal.mask, again),
        "calm_border": proposal.calm_border,
        "rivals": float(proposal.rivals),
    }


def _grown(box: Box, rgb: U8) -> Box:
    """A larger box, for a product that reached the side of the one that was guessed."""
    across, down = round(_GROWTH * box.width), round(_GROWTH * box.height)
    left, top = max(0, box.x - across), max(0, box.y - down)
    right, bottom = min(rgb.shape[1], box.x + box.width + across), min(rgb.shape[0], box.y + box.height + down)
    return Box(left, top, right - left, bottom - top)


def _but_for_border(shape: tuple[int, ...]) -> Mask:
    """All of a view but its outermost pixels: somewhere there has to be background."""
    mask = np.zeros(shape, np.bool_)
    mask[1:-1, 1:-1] = True
    return mask


def _whole(rgb: U8) -> Box:
    return Box(0, 0, rgb.shape[1], rgb.shape[0])


def _small_size(rgb: U8) -> tuple[int, int]:
    return fitted_size((rgb.shape[1], rgb.shape[0]), _VIEW_PX)


def _size(mask: Mask) -> tuple[int, int]:
    return mask.shape[1], mask.shape[0]
