"""The second product in a finished scene: who covers whom, and the shadow of each on the other."""

from __future__ import annotations

from dataclasses import replace

from inference.engines.studio_sets.lighting import Lit
from inference.engines.studio_sets.pair import is_nearer, seen, shade_on, uncovered
from inference.engines.studio_sets.request import Asked, Placed
from inference.engines.studio_sets.stage import Stage
from inference.engines.studio_sets.variation import Look
from inference.ports import PlacedCompanion, ScenePlate
from inference.types import ShotSpec


def with_companion(
    scene: ScenePlate, asked: Asked, placed: Placed, stage: Stage, lit: Lit, spec: ShotSpec
) -> ScenePlate:
    """The scene with the second product in it."""
    (body, beside), main, other = lit.bodies, placed.main, placed.second
    assert spec.companion is not None
    assert other is not None
    assert beside is not None
    strength = spec.companion.shadow * min(1.0, spec.edits.shadow_intensity)
    light = (lit.lamps, *_weights(stage, asked.look, asked.shares))
    in_front = not is_nearer(main.framing, other.framing)
    visible = seen(other, stage)
    second = PlacedCompanion(
        product=other.part,
        placement=other.framing.placement,
        visible=visible if in_front else uncovered(visible, main),
        shade=shade_on(other, body, stage, *light, strength),
        is_in_front=in_front,
        edits=spec.companion.edits,
    )
    where = {**other.framing.placement.as_dict(), "is_in_front": in_front}
    return replace(
        scene,
        visible=uncovered(scene.visible, other) if in_front else scene.visible,
        shade=shade_on(main, beside, stage, *light, strength),
        companion=second,
        parameters={**scene.parameters, "companion": where},
    )


def _weights(stage: Stage, look: Look, shares: tuple[float, ...]) -> tuple[list[float], float]:
    """What each lamp adds to the set, and what comes from everywhere."""
    added = [share * factor for share, factor in zip(shares, look.lights, strict=True)]
    lamps = [light for light, lamp in zip(added, stage.lamps, strict=True) if lamp is not None]
    return lamps, sum(added) - sum(lamps)
