"""One product, one scene in words, one finished picture: compile, draw candidates, judge, draw the best, prove it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from inference.errors import EngineUnavailable, InputRejected
from inference.generation import GenerateOptions, Generator
from inference.ops.metrics import ssim_map
from inference.ops.timing import Stopwatch
from inference.pipelines.generated.canvas import resized
from inference.pipelines.generated.drawing import Drawn, check, draw_candidates, draw_full
from inference.pipelines.generated.finishing import Finished, finish
from inference.pipelines.generated.judging import failed_gates, judge
from inference.pipelines.generated.recipe import recipe_of
from inference.pipelines.generated.result import LABELS, GeneratedCandidate, GeneratedShot
from inference.pipelines.generated.spec import GeneratedInputs, GeneratedSpec
from inference.pipelines.generated.story import Story, tell
from inference.registry import generator, language_model, prompt_scorer
from inference.scene.planner import LanguageModel
from inference.types import Progress, no_progress

PLANNER_AWAY = "generated.planner_away"


def generated_shot(
    spec: GeneratedSpec,
    inputs: GeneratedInputs,
    *,
    options: GenerateOptions,
    engine: Generator | None = None,
    source: Mapping[str, Any] | None = None,
    planner: LanguageModel | None = None,
    on_progress: Progress = no_progress,
) -> GeneratedShot:
    """Make a generated shot.

    Args:
        spec: see ``GeneratedSpec``.
        inputs: the pictures; ``exact`` and ``reimagined`` need photo and cutout, ``edit`` needs the picture.
        options: which weights there are and which licences were accepted.
        engine: the model, already loaded, by which everything is drawn; None = the one that ``spec`` names.
        source: what the caller wants to find again in the recipe; JSON values; does not change the picture.
        planner: a language model that reads free words; None = the one that ``options`` name, or else rules. Rules read
            them, too, while the model is away, and ``warnings`` say so (``generated.planner_away``).
        on_progress: stages ``scene``, ``candidates``, ``judge``, ``render``, ``recipe``; fractions grow from 0 to 1.
            May raise ``Cancelled``; at most one more sampling step is computed.

    Raises:
        InputRejected: as ``GeneratedSpec.checked`` and ``story.tell``, and what the model can not do (``generate.*``):
            refused before any drawing. ``generated.no_candidate_passed`` after it: params say how many failed which
            gate; the same request would fail again, so there is nothing to charge and nothing to retry.
        EngineUnavailable: the model may not or can not run here.
        EngineFailed: ``generate.out_of_memory``.
    """
    spec = spec.checked()
    watch = Stopwatch(on_progress)
    with watch.stage("scene", 0.0):
        story = _told(spec, inputs, engine or generator(spec.model, options), options, planner)
        check(story)
    with watch.stage("candidates", 0.02):
        drawn = {
            one.seed: one for one in draw_candidates(story, on_progress=_part(on_progress, "candidates", 0.02, 0.5))
        }
    with watch.stage("judge", 0.5):
        candidates = judge(story, list(drawn.values()), on_progress=_part(on_progress, "judge", 0.5, 0.55))
    with watch.stage("render", 0.55):
        chosen, full, done = _first_that_passes(story, drawn, candidates, _part(on_progress, "render", 0.55, 0.97))
    with watch.stage("recipe", 0.98):
        order = _with_winner_first(candidates, chosen)
        recipe = recipe_of(story, order, full, done, source)
    return _result(story, order, done, recipe, watch.timings_s)


def _result(
    story: Story,
    order: Sequence[GeneratedCandidate],
    done: Finished,
    recipe: dict[str, Any],
    timings_s: dict[str, float],
) -> GeneratedShot:
    product = done.product
    return GeneratedShot(
        master=done.master,
        plate=done.plate,
        product=None if product is None else product.layer,
        mask=None if product is None else product.mask,
        gate=done.gate,
        scene=story.scene,
        candidates=tuple(order),
        label=LABELS[story.spec.mode],
        recipe=recipe,
        timings_s=timings_s,
        measures=done.measures,
        warnings=(*story.warnings, *done.warnings),
    )


def _told(
    spec: GeneratedSpec,
    inputs: GeneratedInputs,
    engine: Generator,
    options: GenerateOptions,
    planner: LanguageModel | None,
) -> Story:
    """The story, its free words read by the language model where there is one that answers, else by rules."""
    scorer = prompt_scorer(options)
    try:
        return tell(spec, inputs, engine, scorer, planner or language_model(options))
    except EngineUnavailable:
        return replace(tell(spec, inputs, engine, scorer), warnings=(PLANNER_AWAY,))


def _first_that_passes(
    story: Story, drawn: Mapping[int, Drawn], candidates: Sequence[GeneratedCandidate], on_progress: Progress
) -> tuple[GeneratedCandidate, Drawn, Finished]:
    """The best candidate whose full picture passes the hard gates, too."""
    failures = Counter(code for candidate in candidates for code in candidate.rejected)
    for candidate in candidates:
        if candidate.passed:
            full = draw_full(story, drawn[candidate.seed], on_progress=on_progress)
            done = finish(story, full, story.size)
            failed = failed_gates(done)
            if not failed:
                return candidate, full, replace(done, measures={**done.measures, **_likeness(candidate, done)})
            failures.update(failed)
    why = ", ".join(f"{code} {count}x" for code, count in sorted(failures.items()))
    raise InputRejected(
        "generated.no_candidate_passed",
        f"none of {len(candidates)} candidates kept the product as it is ({why}); try another seed or scene",
        candidates=len(candidates),
        **{code.rpartition(".")[2]: count for code, count in failures.items()},
    )


def _likeness(candidate: GeneratedCandidate, done: Finished) -> dict[str, float]:
    """How much the full picture is the one that was chosen: structural similarity with its preview, 1 = the same."""
    preview = candidate.rgb
    small = resized(done.master, (preview.shape[1], preview.shape[0]))
    return {"preview_likeness": round(float(ssim_map(preview, small).mean()), 4)}


def _with_winner_first(
    candidates: Sequence[GeneratedCandidate], winner: GeneratedCandidate
) -> list[GeneratedCandidate]:
    return [winner, *(candidate for candidate in candidates if candidate is not winner)]


def _part(on_progress: Progress, stage: str, begin: float, end: float) -> Progress:
    """Progress of a model as a part of the whole; its fractions start again for another picture, ours never shrink."""
    furthest = 0.0

    def report(_: str, fraction: float) -> None:
        nonlocal furthest
        furthest = max(furthest, fraction)
        on_progress(stage, begin + (end - begin) * furthest)

    return report
