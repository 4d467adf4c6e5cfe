"""Everything that made a generated shot, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inference import __version__
from inference.pipelines.generated.drawing import Drawn
from inference.pipelines.generated.finishing import Finished
from inference.pipelines.generated.result import GeneratedCandidate
from inference.pipelines.generated.story import Story
from inference.recipe import SCHEMA, pixels_sha256
from inference.scene import choices_version, policy_version
from inference.types import U8

KIND = "generated_shot"


def recipe_of(
    story: Story,
    candidates: Sequence[GeneratedCandidate],
    drawn: Drawn,
    done: Finished,
    source: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The recipe of a finished shot; what decides the picture, and (``recipe.RESULT_KEYS``) what came out."""
    spec, inputs, cutout = story.spec, story.inputs, story.inputs.cutout
    recipe: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": KIND,
        "spec": spec.to_json(),
        "prompt": story.prompt,
        "graph": None if story.scene is None else story.scene.graph.to_json(),
        "model": dict(drawn.identity),
        "versions": {
            "choices": choices_version(),
            "policy": policy_version(),
            "words_read_by": story.words_read_by,
            **_judge(story, candidates),
        },
        "inputs": {
            name: _described(picture)
            for name, picture in (
                ("photo", inputs.photo_rgb),
                ("style", inputs.style),
                ("picture", inputs.picture),
                ("mask", inputs.mask),
            )
            if picture is not None
        },
        "parameters": {"chosen_seed": drawn.seed, "drawn_size": list(drawn.size), **drawn.parameters},
        "source": dict(source or {}),
        "output": {"pixels_sha256": pixels_sha256(done.master), "size": list(story.size)},
        "gate": None if done.gate is None else done.gate.as_dict(),
        "measures": {**done.measures, "candidates": [candidate.as_dict() for candidate in candidates]},
        "warnings": [*story.warnings, *done.warnings],
        "code": {"version": __version__},
    }
    if cutout is not None:
        recipe["cutout"] = {
            "alpha_sha256": pixels_sha256(cutout.alpha),
            "foreground_sha256": pixels_sha256(cutout.rgb),
            "engine": cutout.engine,
            "confidence": round(cutout.confidence, 4),
        }
    if done.product is not None:
        recipe["parameters"]["placement"] = done.product.placement.as_dict()
    return recipe


def _judge(story: Story, candidates: Sequence[GeneratedCandidate]) -> dict[str, str]:
    """Who said how well pictures fit the prompt: other weights may choose another candidate."""
    if story.scorer is None or not any("prompt" in candidate.marks for candidate in candidates):
        return {}
    return {"judged_by": f"{story.scorer.name}@{story.scorer.revision}"}


def _described(picture: U8) -> dict[str, Any]:
    return {"pixels_sha256": pixels_sha256(picture), "size": [picture.shape[1], picture.shape[0]]}
