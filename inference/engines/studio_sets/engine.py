"""Virtual studio sets: light plates remixed, recoloured and shaded for a product, on a CPU, without weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inference.engines.studio_sets import PLATES_DIR, description
from inference.engines.studio_sets.company import with_companion
from inference.engines.studio_sets.lighting import Lit, light
from inference.engines.studio_sets.pair import seen
from inference.engines.studio_sets.plates import PlateStore
from inference.engines.studio_sets.request import Asked, Placed, asked_of, place
from inference.engines.studio_sets.stage import Stage, set_stage
from inference.ops.timing import Stopwatch
from inference.ports import SceneOptions, ScenePlate
from inference.types import Cutout, Progress, ShotSpec


class StudioSets:
    """The embedded scene engine. See ``ports.SceneEngine``."""

    name = "studio_sets"
    licence = "Apache-2.0"
    revision = 3

    def __init__(self, options: SceneOptions) -> None:
        self._store = PlateStore(options.plates_dir or PLATES_DIR, options.cache_mb)

    def names(self) -> tuple[str, ...]:
        return self._store.names()

    def warm(self, name: str) -> None:
        self._store.get(name)

    def identity(self, spec: ShotSpec) -> Mapping[str, Any]:
        """See ``ports.SceneEngine.identity``."""
        return description.identity(self._store.get(spec.set_name, spec.camera, spec.mood))

    def render(
        self,
        cutout: Cutout,
        spec: ShotSpec,
        *,
        on_progress: Progress,
        longest_px: int | None = None,
        lamps_on: bool = True,
        companion: Cutout | None = None,
    ) -> ScenePlate:
        """See ``ports.SceneEngine.render``."""
        watch = Stopwatch(on_progress)
        with watch.stage("plates", 0.05):
            asked = asked_of(self._store.get(spec.set_name, spec.camera, spec.mood), spec, lamps_on=lamps_on)
        with watch.stage("place", 0.1):
            placed = place(asked, cutout, companion, spec, longest_px)
        with watch.stage("stage", 0.25):
            stage = set_stage(asked.studio, placed.main.framing)
        lit = light(asked, placed, stage, spec, watch)
        scene = _scene(asked, placed, stage, lit, watch.timings_s)
        return with_companion(scene, asked, placed, stage, lit, spec) if placed.second else scene


def _scene(asked: Asked, placed: Placed, stage: Stage, lit: Lit, timings_s: dict[str, float]) -> ScenePlate:
    """The scene of the first product, and how it came about."""
    framing = placed.main.framing
    used = description.colours_used(asked.studio, asked.colours, lit.exposures)
    return ScenePlate(
        plate=lit.plate,
        shadow=np.rint(np.clip(lit.shade, 0, 1) * 255).astype(np.uint8),
        visible=seen(placed.main, stage),
        product=placed.main.part,
        placement=framing.placement,
        base=framing.base,
        set_delta_e=lit.off_by,
        identity=description.identity(asked.studio),
        parameters=description.parameters(framing, asked.look, placed.turn) | used,
        measures=description.measures(placed.outline, framing),
        timings_s=timings_s,
    )
