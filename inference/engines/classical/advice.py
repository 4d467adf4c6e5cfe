"""What somebody who has learnt to see products thinks of a photo, as the classical engine takes it: as one opinion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from inference.ops.scaling import resized_plane
from inference.types import F32, U8, Box, Mask

# In log odds, beside the 4 of colours and textures (see in_box). A learner likes to fill holes, so "no" counts more.
SUREST_YES, SUREST_NO = 1.5, 4.0
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
    def mask(self) -> Mask:
        """What is more likely product than not."""
        return self.opinion > 0


def advice(adviser: Adviser, rgb: U8, *, view: Box, box: Box | None, size: tuple[int, int]) -> Advice:
    """Ask about ``view`` and put the answer into ``size`` (width, height)."""
    answer = adviser.look(rgb, view=view, box=box)
    probability = np.clip(resized_plane(answer.probability, size), _LEAST, 1 - _LEAST)
    odds = np.log(probability / (1 - probability))
    return Advice(np.clip(odds, -SUREST_NO, SUREST_YES).astype(np.float32), answer.quality)
