"""What comes out of generating a shot: the picture, every candidate, the measurements, the recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inference.scene import CompiledScene
from inference.types import U8, GateReport

LABELS = {"exact": "product_exact", "reimagined": "product_reimagined", "edit": "picture_edited"}
"""How a result is to be labelled where people see it, by mode."""


@dataclass(frozen=True, eq=False)
class GeneratedCandidate:
    """One seed at preview size.

    Attributes:
        rgb: uint8 (h, w, 3).
        rejected: codes of the hard gates that it failed; empty = it may win.
        figures: what was measured.
        marks: 0..1 for palette, layout and prompt; what could not be measured is not there.
        score: weighted mean of the marks, 0..1.
        reasons: codes of what could not be judged and why.
    """

    seed: int
    rgb: U8
    rejected: tuple[str, ...]
    figures: Mapping[str, float]
    marks: Mapping[str, float]
    score: float
    reasons: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it may win."""
        return not self.rejected

    def as_dict(self) -> dict[str, Any]:
        """Everything but the picture, as JSON values."""
        return {
            "seed": self.seed,
            "passed": self.passed,
            "rejected": list(self.rejected),
            "score": self.score,
            "figures": dict(self.figures),
            "marks": dict(self.marks),
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True, eq=False)
class GeneratedShot:
    """A finished generated shot.

    Attributes:
        master: uint8 (H, W, 3), the finished picture.
        plate: the same without the product (``exact``); equal to ``master`` otherwise.
        product: uint8 (H, W, 4), the placed product; None where the photo's pixels are not in the picture.
        mask: uint8 (H, W), its coverage; None as above.
        gate: the product gate; None where the photo's pixels are not in the picture.
        scene: what the form was compiled to; None for an edit.
        candidates: all of them, the winner first, then by rank; those that a gate rejected come last.
        label: how to label the result, one of ``LABELS``.
        measures: palette before and after each means that was used, likeness of preview and full picture, …
        recipe: everything that made it.
        warnings: codes.
    """

    master: U8
    plate: U8
    product: U8 | None
    mask: U8 | None
    gate: GateReport | None
    scene: CompiledScene | None
    candidates: tuple[GeneratedCandidate, ...]
    label: str
    recipe: dict[str, Any]
    timings_s: Mapping[str, float]
    measures: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
