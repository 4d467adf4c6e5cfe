"""The whole story of one set: geometry, white cards, light plates, package. Resumes from cached passes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.engines.studio_sets.render import passes
from inference.engines.studio_sets.render import scene as scenes
from inference.engines.studio_sets.render.definition import (
    FINISH_VERSION,
    GEOMETRY_VERSION,
    RENDERER_VERSION,
    Light,
    SetDefinition,
)
from inference.engines.studio_sets.render.mitsuba_runtime import mitsuba, oidn
from inference.engines.studio_sets.render.package import read_plates, write_description, write_plates

Floats = NDArray[np.float32]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """Where `cache` keeps raw passes by the hash of what shapes them; `size` and `spp` overrule the definition."""

    cache: Path
    size: int | None = None
    spp: int | None = None

    def quality(self, definition: SetDefinition) -> dict[str, int]:
        """Pixels and samples that a set is rendered with."""
        return {"size": self.size or definition.quality.size, "spp": self.spp or definition.quality.spp}


def produce(definition: SetDefinition, out: Path, settings: Settings, progress: Progress) -> None:
    """Render one set into out/<name>/. Passes whose definition did not change are read from the cache, and plates that
    nothing has reshaped stay as they are: only set.json is written again."""
    mitsuba()
    oidn()
    folder = out / definition.name
    quality = kept_quality(folder, settings.quality(definition))
    if _is_current(folder, definition, quality):
        progress(f"{definition.name}: current, nothing to render\n")
        return
    shaped_by = shaping(definition, quality)
    plates = read_plates(folder, shaped_by)
    if plates is None:
        quality = settings.quality(definition)
        shaped_by = shaping(definition, quality)
        plates = _render(definition, folder, settings, lambda line: progress(f"{definition.name}: {line}"))
    write_description(folder, definition, plates, quality, shaped_by)
    size_mb = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    progress(f"{definition.name}: written, {size_mb:.2f} MB\n")


def _render(definition: SetDefinition, folder: Path, settings: Settings, progress: Progress) -> dict[str, Any]:
    solids = scenes.solids(definition)
    geometry = _geometry(definition, scenes.seen_by(solids, definition, None), settings, progress)
    plates, cards = {}, {}
    for light in definition.lights:
        shapes = scenes.solids(definition, light.material) if light.kind == "glow" else solids
        present = scenes.seen_by(shapes, definition, light.name)
        # Metered without what stands before the light: a leaf over the meter must not brighten the sun.
        unflagged = scenes.seen_by(shapes, definition, None)
        radiance, card = passes.radiance(definition, unflagged, light)
        plates[light.name] = _plate(definition, light, radiance, present, geometry, settings, progress)
        if present.keys() != unflagged.keys():
            card = passes.white_card(present, definition.anchors[0], light)
        cards[light.name] = radiance * card
    progress("encoding")
    return write_plates(folder, definition, plates, geometry, cards)


def shaping(definition: SetDefinition, quality: dict[str, int]) -> str:
    """A hash of everything that plates are made from; titles, cameras, moods and kinds are not among it."""
    lights = [_said(light, without=("color",)) for light in definition.lights]
    anchors = [_said(anchor) for anchor in definition.anchors]
    rest = [definition.exposure, _said(definition.quality), quality]
    flags = [_said(shape) for shape in definition.shapes if shape.lights]
    return _key(definition, None, GEOMETRY_VERSION, FINISH_VERSION, lights, anchors, flags, *rest)


def kept_quality(folder: Path, wanted: dict[str, int]) -> dict[str, int]:
    """The quality of the plates in `folder` where it is at least what is wanted: a faster machine made them finer."""
    written = _written(folder).get("render", {})
    finer = written.get("size") == wanted["size"] and written.get("spp", 0) >= wanted["spp"]
    return written if finer else wanted


def _written(folder: Path) -> dict[str, Any]:
    """What set.json in `folder` says; nothing where there is none to read."""
    try:
        written: dict[str, Any] = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return {}
    return written


def _is_current(folder: Path, definition: SetDefinition, quality: dict[str, int]) -> bool:
    written = _written(folder)
    return bool(written.get("definition_sha256") == definition.sha256 and written.get("render") == quality)


def _key(definition: SetDefinition, light: str | None, *extra: Any) -> str:
    """A hash of what shapes the pass of `light` (None: what the camera sees): space, surfaces and lens.

    Titles, views, shares and colours of lights are not among it, nor what stands before other lights.
    """
    present = [shape for shape in definition.shapes if not shape.lights or light in shape.lights]
    shaping = [
        RENDERER_VERSION,
        _said(definition.camera),
        [_said(shape) for shape in present],
        [_said(material, without=("titles", "recolourable", "detail")) for material in definition.materials],
        *extra,
    ]
    return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()[:16]


def _said(item: Any, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of a definition part that differ from their default: a new option leaves old hashes as they are."""
    return {
        field.name: getattr(item, field.name)
        for field in fields(item)
        if field.name not in without and getattr(item, field.name) != field.default
    }


def _geometry(definition: SetDefinition, solids: Any, settings: Settings, progress: Progress) -> passes.Geometry:
    strata, size = definition.quality.strata, settings.quality(definition)["size"]
    key = _key(definition, None, GEOMETRY_VERSION, size, strata)
    path = settings.cache / definition.name / f"geometry-{key}.npz"
    if not path.exists():
        made = passes.geometry(solids, definition.camera, size, strata, progress)
        path.parent.mkdir(parents=True, exist_ok=True)
        coverage = {f"coverage_{name}": values for name, values in made.coverage.items()}
        np.savez(path, albedo=made.albedo, normal=made.normal, depth=made.depth, **coverage)  # type: ignore[arg-type]
        return made
    with np.load(path) as stored:
        prefix = "coverage_"
        coverage = {key.removeprefix(prefix): stored[key] for key in stored.files if key.startswith(prefix)}
        return passes.Geometry(stored["albedo"], stored["normal"], stored["depth"], coverage)


def _plate(
    definition: SetDefinition,
    light: Light,
    radiance: float,
    solids: Any,
    geometry: passes.Geometry,
    settings: Settings,
    progress: Progress,
) -> Floats:
    """One denoised light plate. Cached for unit radiance, so a change of shares or colours renders nothing again."""
    quality = settings.quality(definition)
    spp = max(1, round(quality["spp"] * light.effort))
    key = _key(definition, light.name, _said(light, without=("share", "color", "effort")), quality["size"], spp)
    path = settings.cache / definition.name / f"light-{light.name}-{key}.npy"
    if path.exists():
        noisy = np.load(path)
    else:
        sensor = scenes.sensor(definition.camera, quality["size"])
        noisy = passes.light_plate(solids, light, sensor, spp, progress)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, noisy)
    progress(f"{light.name} denoising")
    return passes.denoise(noisy * np.float32(radiance), geometry, definition.quality.denoiser)
