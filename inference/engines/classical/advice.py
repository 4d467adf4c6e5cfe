"""What somebody who has learnt to see products thinks of a photo, as the classical engine takes it: as one opinion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from inference.ops.scaling import resized_plane
from inference.types import F32, U8, Box, Mask

# Limits in log odds, beside the 4 of colours and textures (see in_box). A learner likes to fill holes, so the "yes" of
# somebody who expects little of their own mask counts less than "no"; it grows for somebody who expects much. "No" does
# not: parts that look like nothing known (a wheel, a sole) are better judged by colours.
DOUBTFUL_YES, SUREST_YES, SUREST_NO = 1.5, 12.0, 4.0
# The expected IoU from which somebody may see what colours do not show, where trust begins, and where it is whole; then
# every "yes" counts 1 + _MORE times.
_TRUSTED, _TRUST_FROM, _TRUST_ALL, _MORE = 0.8, 0.85, 0.92, 1.5
# Along the photo's frame, this share of the view's longer side, trust fades: who learns from pictures of whole products
# expects them to end before the frame.
_FRAME = 0.06
_LEAST = np.float32(1e-4)


class Answer(Protocol):
    """``probability`` of product, float32 (H, W) at any size for the view, and the IoU that is expected of it."""

    @property
    def probability(self) -> F32: ...

    @property
    def quality(self) -> float: ...


class Adviser(Protocol):
    """Looks at a part of a photo."""

    def look(self, rgb: U8, *, view: Box, box: Box | None) -> Answer:
        """What it sees in ``view``, told of ``box`` if a person or a first look named one."""


@dataclass(frozen=True)
class Advice:
    """``opinion``: limited log odds of product, float32 (H, W); ``quality``: how good it is, 0..1."""

    opinion: F32
    quality: float

    @property
    def is_trusted(self) -> bool:
        """Whether there may be a product even where colours show none."""
        return self.quality > _TRUSTED

    @property
    def mask(self) -> Mask:
        """What is more likely product than not."""
        return self.opinion > 0


def advice(adviser: Adviser, rgb: U8, *, view: Box, box: Box | None, size: tuple[int, int]) -> Advice:
    """Ask about ``view`` and put the answer into ``size`` (width, height)."""
    answer = adviser.look(rgb, view=view, box=box)
    probability = np.clip(resized_plane(answer.probability, size), _LEAST, 1 - _LEAST)
    sure = float(np.clip((answer.quality - _TRUST_FROM) / (_TRUST_ALL - _TRUST_FROM), 0, 1))
    trust = np.float32(sure) * _away_from_frame(rgb.shape[:2], view, size)
    odds = np.log(probability / (1 - probability))
    yes = np.minimum((1 + _MORE * trust) * odds, DOUBTFUL_YES + trust * (SUREST_YES - DOUBTFUL_YES))
    return Advice(np.where(odds > 0, yes, np.maximum(odds, -SUREST_NO)).astype(np.float32), answer.quality)


def _away_from_frame(photo: tuple[int, int], view: Box, size: tuple[int, int]) -> F32:
    """0 at the frame of the photo (height, width), 1 away from it, at ``size`` (width, height) of ``view``."""
    across = view.x + (np.arange(size[0]) + 0.5) * (view.width / size[0])
    down = view.y + (np.arange(size[1]) + 0.5) * (view.height / size[1])
    nearest = np.minimum.outer(np.minimum(down, photo[0] - down), np.minimum(across, photo[1] - across))
    return np.asarray(np.clip(nearest / (_FRAME * max(view.width, view.height)), 0, 1), np.float32)
