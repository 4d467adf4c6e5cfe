"""Which candidate is the best one: hard gates first, then marks for palette, layout and prompt.

Marks are between 0 and 1 and say how good; what can not be measured here has no mark, and the reasons say so. The
prompt is compared by a network that reads pictures and texts (see ``ports.PromptScorer``); without its weights
candidates are ranked by what colours and edges tell alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from inference.errors import EngineUnavailable
from inference.ops.extension import MIN_IOU
from inference.ops.layout_figures import calm, presence
from inference.pipelines.generated.drawing import Drawn
from inference.pipelines.generated.finishing import Finished, finish
from inference.pipelines.generated.result import GeneratedCandidate
from inference.pipelines.generated.story import Story
from inference.scene.constraints import COPY_SPACES
from inference.types import Progress, no_progress

WEIGHTS: Mapping[str, float] = {"palette": 0.4, "layout": 0.25, "prompt": 0.35}
_COVERAGE, _RECALL, _NEARNESS = 0.45, 0.25, 0.3
_FAR_WASSERSTEIN = 30.0
# Cosines that networks of this sort give for a caption that does not fit and for one that fits well.
_UNRELATED, _FITTING = 0.15, 0.35


def judge(story: Story, drawn: Sequence[Drawn], *, on_progress: Progress = no_progress) -> list[GeneratedCandidate]:
    """All candidates finished at their own size, measured and in order: the best first, rejected ones last."""
    done = []
    for number, one in enumerate(drawn):
        on_progress("judge", number / len(drawn))
        done.append(finish(story, one, one.size))
    prompts, reasons = _prompt_scores(story, done)
    candidates = [
        _candidate(story, one, picture, prompt, reasons)
        for one, picture, prompt in zip(drawn, done, prompts, strict=True)
    ]
    return ranked(candidates)


def _candidate(
    story: Story, drawn: Drawn, done: Finished, prompt: float | None, reasons: tuple[str, ...]
) -> GeneratedCandidate:
    figures = {**done.measures, **_layout_figures(story, done)}
    if prompt is not None:
        figures["prompt_cosine"] = round(prompt, 4)
    marks = marked(figures, by_palette=story.spec.palette_means.rank)
    reasons = (*reasons, *_untold(story, drawn))
    return GeneratedCandidate(drawn.seed, done.master, failed_gates(done), figures, marks, score(marks), reasons)


def _untold(story: Story, drawn: Drawn) -> tuple[str, ...]:
    """Why the model was not told where things should be, where they should be somewhere."""
    if drawn.layout_told or story.scene is None or not story.scene.layout:
        return ()
    return ("generated.layout_left_out" if "layout" in story.card.can else "generated.layout_not_told",)


def failed_gates(done: Finished) -> tuple[str, ...]:
    """Codes of the hard gates that a finished picture fails."""
    failed = []
    if done.gate is not None and not done.gate.passed:
        failed.append("generated.product_changed")
    if done.measures.get("extension_iou", 1.0) < MIN_IOU:
        failed.append("generated.product_extended")
    if done.measures.get("product_count", 1.0) != 1.0:
        failed.append("generated.product_repeated")
    return tuple(failed)


def marked(figures: Mapping[str, float], *, by_palette: bool = True) -> dict[str, float]:
    """Marks 0..1 from what was measured."""
    marks = {}
    if by_palette and "palette_coverage" in figures:
        near = math.exp(-figures["palette_wasserstein"] / _FAR_WASSERSTEIN)
        marks["palette"] = (
            _COVERAGE * figures["palette_coverage"] + _RECALL * figures["palette_recall"] + _NEARNESS * near
        )
    if "presence" in figures:
        marks["layout"] = 0.5 * (figures["presence"] + figures["calm"])
    if "prompt_cosine" in figures:
        marks["prompt"] = min(1.0, max(0.0, (figures["prompt_cosine"] - _UNRELATED) / (_FITTING - _UNRELATED)))
    return {name: round(mark, 4) for name, mark in marks.items()}


def score(marks: Mapping[str, float]) -> float:
    """Weighted mean of the marks that are there, 0..1; 0 where there is none."""
    total = sum(WEIGHTS[name] for name in marks)
    return round(sum(WEIGHTS[name] * mark for name, mark in marks.items()) / total, 4) if total else 0.0


def ranked(candidates: Sequence[GeneratedCandidate]) -> list[GeneratedCandidate]:
    """The best first, equal ones in their order; those that a gate rejected last."""
    return sorted(candidates, key=lambda candidate: (not candidate.passed, -candidate.score))


def _layout_figures(story: Story, done: Finished) -> dict[str, float]:
    if story.scene is None:
        return {}
    boxes = [one.box for one in story.scene.layout if one.box[2] < 1.0]
    return {
        "presence": presence(done.master, boxes),
        "calm": calm(done.plate, COPY_SPACES[story.scene.copy_space]),
    }


def _prompt_scores(story: Story, done: Sequence[Finished]) -> tuple[list[float | None], tuple[str, ...]]:
    """How well each picture fits the prompt, or why nobody can say."""
    if story.scorer is None or not story.scorer.status().available:
        return [None] * len(done), ("generated.prompt_score_absent",)
    try:
        found = story.scorer.scores(story.prompt, [picture.master for picture in done])
    except EngineUnavailable:
        # Damaged weights of a judge are no reason not to draw; the reasons say that it did not judge.
        return [None] * len(done), ("generated.prompt_score_absent",)
    return list(found), ()
