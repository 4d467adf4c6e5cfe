"""The recipe of a shot: what it was made from and how, in JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from inference import __version__
from inference.ports import SceneEngine, SceneOptions, ScenePlate
from inference.recipe import SCHEMA, pixels_sha256
from inference.registry import scene_engine
from inference.types import U8, Cutout, GateReport, ShotSpec

_ABSENT_WHERE_EMPTY = ("camera", "mood", "edits", "lock", "companion", "enlarged")


def spec_as_dict(spec: ShotSpec) -> dict[str, Any]:
    """A request as JSON values. What was not chosen of camera, mood, edits, lock, companion and size is not there."""
    raw = {
        **asdict(spec),
        "palette": list(spec.palette),
        "offset": list(spec.offset),
        "options": dict(spec.options),
        "edits": spec.edits.as_dict(),
        "lock": spec.lock.as_dict() if spec.lock else None,
        "companion": spec.companion.as_dict() if spec.companion else None,
        "enlarged": spec.enlarged if spec.enlarged != 1 else None,
    }
    return {key: value for key, value in raw.items() if value or key not in _ABSENT_WHERE_EMPTY}


def is_recipe_of(
    recipe: Mapping[str, Any], spec: ShotSpec, source: Mapping[str, Any], *, options: SceneOptions | None = None
) -> bool:
    """Whether ``make_shot`` would make the picture of ``recipe`` again, told before anything is rendered.

    ``source`` has to name the files that the photo and the cutout come from: it stands for their pixels.
    Raises as ``make_shot`` for a set that is not there.
    """
    engine = scene_engine(options or SceneOptions())
    told = {key: recipe.get(key) for key in ("schema", "kind", "engine", "set", "spec", "source")}
    return told == {
        "schema": SCHEMA,
        "kind": "product_shot",
        "engine": {"name": engine.name, "revision": engine.revision},
        "set": dict(engine.identity(spec)),
        "spec": spec_as_dict(spec),
        "source": dict(source),
    }


def recipe_of(
    photo_rgb: U8,
    cutout: Cutout,
    spec: ShotSpec,
    engine: SceneEngine,
    scene: ScenePlate,
    master: U8,
    gate: GateReport,
    source: Mapping[str, Any] | None,
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "kind": "product_shot",
        **inputs_of(photo_rgb, cutout),
        "engine": {"name": engine.name, "revision": engine.revision},
        "set": dict(scene.identity),
        "spec": spec_as_dict(spec),
        "parameters": dict(scene.parameters),
        "source": dict(source or {}),
        "output": {"pixels_sha256": pixels_sha256(master), "size": [spec.width, spec.height]},
        "gate": gate.as_dict(),
        "measures": dict(scene.measures),
        "warnings": list(warnings_of(scene)),
        "code": {"version": __version__},
    }


def inputs_of(photo_rgb: U8, cutout: Cutout) -> dict[str, Any]:
    """A product in a recipe: its photo and its cutout by content."""
    return {
        "photo": {"pixels_sha256": pixels_sha256(photo_rgb), "size": [photo_rgb.shape[1], photo_rgb.shape[0]]},
        "cutout": {
            "alpha_sha256": pixels_sha256(cutout.alpha),
            "foreground_sha256": pixels_sha256(cutout.rgb),
            "engine": cutout.engine,
            "confidence": round(cutout.confidence, 4),
        },
    }


def warnings_of(scene: ScenePlate) -> tuple[str, ...]:
    """Codes of what a person should know, each once, for both products."""
    placements = [scene.placement, *([scene.companion.placement] if scene.companion else [])]
    return tuple(dict.fromkeys(code for placed in placements for code in placed.warnings(scene.plate.shape)))
