"""One product, one scene, one finished picture: render the scene, paste the product last, prove it, note how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from inference import __version__
from inference.errors import InputRejected
from inference.ops.gate import interior, product_gate
from inference.ops.placement import Placement, on_canvas, overlap, resample
from inference.ops.timing import Stopwatch
from inference.pipelines.catalogue import list_sets
from inference.ports import SceneEngine, SceneOptions, ScenePlate
from inference.recipe import SCHEMA, pixels_sha256
from inference.registry import scene_engine
from inference.types import U8, Cutout, GateReport, Progress, ShotResult, ShotSpec, no_progress

MIN_SIDE_PX, MAX_SIDE_PX = 64, 4096


def make_shot(
    photo_rgb: U8,
    cutout: Cutout,
    spec: ShotSpec,
    *,
    source: Mapping[str, Any] | None = None,
    on_progress: Progress = no_progress,
    options: SceneOptions | None = None,
) -> ShotResult:
    """Make a product shot.

    Args:
        photo_rgb: uint8 (H, W, 3), sRGB: the original that the gate compares with.
        cutout: of that photo, same size.
        spec: the set, size, palette, seed, scale and offset.
        source: what the caller wants to find again in the recipe (file hash, box…); JSON values; does not change the
            picture.
        on_progress: stages ``plates``, ``place``, ``stage``, ``shadow``, ``mix``, ``recolour``, ``reflection``,
            ``display``, ``paste``, ``gate``, ``recipe``.
        options: where sets are, and memory for plates.

    Returns:
        The shot. A failed gate is not an error: look at ``result.gate.passed``, and do not sell what failed.

    Raises:
        InputRejected: ``shot.bad_size``, ``shot.size_mismatch``, ``shot.bad_scale``, ``shot.unknown_set``,
            ``shot.unknown_option``, ``shot.bad_colour``, ``shot.too_many_colours``,
            ``shot.empty_cutout``, ``shot.offset_outside``.
        EngineUnavailable: ``shot.plates_damaged``.
        Cancelled: raised by ``on_progress``.
    """
    _check(photo_rgb, cutout, spec)
    engine = scene_engine(options or SceneOptions())
    scene = engine.render(cutout, spec, on_progress=on_progress)
    watch = Stopwatch(on_progress)
    with watch.stage("paste", 0.75):
        product = placed_product(photo_rgb, scene)
        mask = np.ascontiguousarray(product[..., 3])
        master = composite(product, scene.plate, scene.placement)
    with watch.stage("gate", 0.85):
        gate = judged(master, photo_rgb, cutout, scene)
    with watch.stage("recipe", 0.95):
        recipe = _recipe(photo_rgb, cutout, spec, engine, scene, master, gate, source)
    return ShotResult(
        master=master,
        plate=scene.plate,
        product=product,
        mask=mask,
        shadow=scene.shadow,
        gate=gate,
        recipe=recipe,
        timings_s={**scene.timings_s, **watch.timings_s},
        measures=scene.measures,
        warnings=_warnings(scene),
    )


def judged(master: U8, photo_rgb: U8, cutout: Cutout, scene: ScenePlate) -> GateReport:
    """The product gate on a master (see ``ops.gate``)."""
    return product_gate(
        master,
        photo=photo_rgb,
        foreground=cutout.rgb,
        alpha=cutout.alpha,
        plate=scene.plate,
        visible=scene.visible,
        placement=scene.placement,
        set_delta_e=scene.set_delta_e,
    )


def placed_product(photo_rgb: U8, scene: ScenePlate) -> U8:
    """The product on the canvas, RGBA: the original photo's pixels inside, the cutout's colours in the soft edge."""
    size = (scene.plate.shape[1], scene.plate.shape[0])
    placed = on_canvas(scene.product, scene.placement, size)
    target, part = overlap(scene.placement, size)
    original = resample(photo_rgb, scene.placement)[part]
    untouched = interior(placed[..., 3])[target]
    placed[target][..., :3][untouched] = original[untouched]
    placed[..., 3] = np.minimum(placed[..., 3], scene.visible)
    return placed


def composite(product: U8, plate: U8, placement: Placement) -> U8:
    """``product`` over ``plate``, in sRGB values, because that is where the matte was solved."""
    master = plate.copy()
    target, _ = overlap(placement, (plate.shape[1], plate.shape[0]))
    over, under = product[target], plate[target]
    share = over[..., 3:].astype(np.float32) / np.float32(255)
    blended = under + (over[..., :3].astype(np.float32) - under) * share
    master[target] = np.rint(blended).astype(np.uint8)
    return master


def warm(set_names: tuple[str, ...] = (), *, options: SceneOptions | None = None) -> tuple[str, ...]:
    """Compile the kernels and load sets (all, if none is named); returns their names.

    Starts no threads, so a process may do it before it forks its workers, which then share the plates.
    """
    settings = options or SceneOptions()
    engine = scene_engine(settings)
    names = set_names or engine.names()
    photo = np.full((96, 64, 3), 128, np.uint8)
    alpha = np.zeros((96, 64), np.uint8)
    alpha[8:88, 8:56] = 255
    cutout = Cutout(rgb=photo, alpha=alpha, engine="warm", confidence=1.0)
    colourful = {item.name for item in list_sets(settings.plates_dir) if any(m.recolourable for m in item.materials)}
    for name in names:
        palette = ("#7f7f7f",) if name in colourful else ()
        make_shot(photo, cutout, ShotSpec(name, width=96, height=96, palette=palette, seed=1), options=options)
    return names


def _check(photo_rgb: U8, cutout: Cutout, spec: ShotSpec) -> None:
    sides = (spec.width, spec.height)
    if min(sides) < MIN_SIDE_PX or max(sides) > MAX_SIDE_PX:
        raise InputRejected(
            "shot.bad_size",
            f"a shot is {MIN_SIDE_PX} to {MAX_SIDE_PX} px on each side, not {spec.width}x{spec.height}",
            width=spec.width,
            height=spec.height,
        )
    if photo_rgb.shape != cutout.rgb.shape or photo_rgb.shape[:2] != cutout.alpha.shape:
        raise InputRejected("shot.size_mismatch", "the cutout was not made from this photo: their sizes differ")
    if spec.options:
        raise InputRejected("shot.unknown_option", f"no option is called {next(iter(spec.options))!r}")
    if not 0.05 <= spec.scale <= 4:
        raise InputRejected("shot.bad_scale", f"a scale is 0.05 to 4, not {spec.scale:g}", scale=spec.scale)


def _warnings(scene: ScenePlate) -> tuple[str, ...]:
    return ("shot.product_upscaled",) if scene.placement.scale > 1 else ()


def _recipe(
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
        "photo": {"pixels_sha256": pixels_sha256(photo_rgb), "size": [photo_rgb.shape[1], photo_rgb.shape[0]]},
        "cutout": {
            "alpha_sha256": pixels_sha256(cutout.alpha),
            "foreground_sha256": pixels_sha256(cutout.rgb),
            "engine": cutout.engine,
            "confidence": round(cutout.confidence, 4),
        },
        "engine": {"name": engine.name, "revision": engine.revision},
        "set": dict(scene.identity),
        "spec": {
            **asdict(spec),
            "palette": list(spec.palette),
            "offset": list(spec.offset),
            "options": dict(spec.options),
        },
        "parameters": dict(scene.parameters),
        "source": dict(source or {}),
        "output": {"pixels_sha256": pixels_sha256(master), "size": [spec.width, spec.height]},
        "gate": gate.as_dict(),
        "measures": dict(scene.measures),
        "warnings": list(_warnings(scene)),
        "code": {"version": __version__},
    }
