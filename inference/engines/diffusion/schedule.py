"""Noise levels of all steps, for latents whose channels fall into a semantic and a texture stream."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inference.errors import InputRejected

SEMANTIC, TEXTURE = 0, 1


@dataclass(frozen=True)
class Entry:
    """Where a picture that may change by a strength begins.

    Attributes:
        step: the first step that it takes part in; the number of steps = it stays as it is.
        sigmas, levels: fp32 (2,), its noise at that step, which may lie between two rows of the schedule.
    """

    step: int
    sigmas: Tensor
    levels: Tensor


@dataclass(frozen=True)
class Schedule:
    """Noise levels at the ``steps`` + 1 borders of the steps; immutable, so threads may share it.

    Attributes:
        sigmas: fp32 (steps + 1, 2) on the CPU, columns ``SEMANTIC`` and ``TEXTURE``: 1 = noise. Models with one
            stream have two equal columns.
        levels: fp32 (steps + 1, 2), what the transformer is told; equal to ``sigmas`` up to rounding.
    """

    sigmas: Tensor
    levels: Tensor

    @property
    def steps(self) -> int:
        return len(self.sigmas) - 1

    def first_step(self, strength: float) -> int:
        """The step at which an image that may change by ``strength`` (0 = not at all, 1 = freely) enters.

        It is the first whose texture noise does not exceed ``strength``; ``steps`` when there is none.
        """
        if not 0.0 <= strength <= 1.0:
            raise InputRejected("generate.bad_strength", f"a strength lies between 0 and 1, not {strength}")
        reached = [step for step, sigma in enumerate(self.sigmas[:-1, TEXTURE].tolist()) if sigma <= strength]
        return reached[0] if reached else self.steps

    def entry(self, strength: float) -> Entry:
        """The beginning whose texture noise is exactly ``strength``, so that few steps do not make a coarse slider.

        Where that lies between two rows, the picture enters a step earlier than ``first_step`` at its own noise, and
        the semantic stream at the noise that it has at that moment of the common clock.
        """
        first = self.first_step(strength)
        if first == 0:
            return Entry(0, self.sigmas[0], self.levels[0])
        above, below = (float(self.sigmas[row, TEXTURE]) for row in (first - 1, first))
        if strength <= below or above <= below:
            return Entry(first, self.sigmas[first], self.levels[first])
        share = (strength - below) / (above - below)
        sigmas, levels = (torch.lerp(table[first], table[first - 1], share) for table in (self.sigmas, self.levels))
        return Entry(first - 1, sigmas, levels)
