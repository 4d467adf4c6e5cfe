"""A scene before it is asked for: what would stand where, and how much there is to draw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from apps.studio import offers
from apps.studio.offers import Format
from apps.studio.scenes import SceneRequest, choice_words
from apps.studio.specs import picture_size
from inference.pipelines.generated.spec import GeneratedSpec
from inference.scene import compile_scene, scene_choices

WHOLE_WIDTH = 0.95
"""What is wider is ground, or a wall: nothing that a person would move."""


def planned(request: SceneRequest) -> list[dict[str, Any]]:
    """What would be drawn around the product and where, as far as rules understand it: to be shown before anything is.

    Each with the name by which a box can be drawn for it. What the product stands on is left out.
    """
    size = picture_size(request.picture_format)
    spec = GeneratedSpec.from_json(dict(request.generated))
    scene = compile_scene(spec.scene, spec.product_label, aspect=size["width"] / size["height"])
    props = {one["name"]: one["title"] for one in map(choice_words, scene_choices()["props"])}
    return [
        {"object": one.id if one.id in props else one.label, "name": props.get(one.id, one.label), "box": one.box}
        for one in scene.graph.objects
        if one.source == "generated" and one.box is not None and one.box[2] < WHOLE_WIDTH
    ]


@dataclass(frozen=True)
class FormatEffort:
    """A format, and what a candidate and the full picture of it add to a shot's effort (``GeneratedSpec.effort``)."""

    format: Format
    candidate: float
    full: float


def efforts() -> list[FormatEffort]:
    """All formats."""
    rows = []
    for one in offers.FORMATS.values():
        shot = GeneratedSpec("exact", width=one.width, height=one.height, candidates=1)
        candidate = replace(shot, candidates=2).effort - shot.effort
        rows.append(FormatEffort(one, candidate, shot.effort - candidate))
    return rows
