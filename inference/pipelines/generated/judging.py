"""Which candidate is the best one: hard gates first, then marks for palette, layout and prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inference.pipelines.generated.drawing import Drawn
from inference.pipelines.generated.finishing import Finished, finish
from inference.pipelines.generated.result import GeneratedCandidate
from inference.pipelines.generated.story import Story

WEIGHTS: Mapping[str, float] = {"palette": 0.4, "layout": 0.25, "prompt": 0.35}


def judged(story: Story, drawn: Drawn) -> GeneratedCandidate:
    """One candidate, finished at its own size and measured."""
    done = finish(story, drawn, drawn.size)
    figures: dict[str, float] = {}
    return GeneratedCandidate(
        seed=drawn.seed,
        rgb=done.master,
        rejected=failed_gates(done),
        figures=figures,
        marks={},
        score=score({}),
    )


def failed_gates(done: Finished) -> tuple[str, ...]:
    """Codes of the hard gates that a finished picture fails."""
    failed = []
    if done.gate is not None and not done.gate.passed:
        failed.append("generated.product_changed")
    return tuple(failed)


def score(marks: Mapping[str, float]) -> float:
    """Weighted mean of the marks that are there, 0..1; 0 where there is none."""
    total = sum(WEIGHTS[name] for name in marks)
    return round(sum(WEIGHTS[name] * mark for name, mark in marks.items()) / total, 4) if total else 0.0


def ranked(candidates: Sequence[GeneratedCandidate]) -> list[GeneratedCandidate]:
    """The best first, equal ones in their order; those that a gate rejected last."""
    return sorted(candidates, key=lambda candidate: (not candidate.passed, -candidate.score))
