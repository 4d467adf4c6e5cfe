"""One product, one scene, one finished picture: render the scene, paste the product last, prove it, note how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from inference import __version__
from inference.edits import MAX_PRODUCT_DELTA_E, EditProblem, Edits
from inference.errors import InputRejected
from inference.ops.gate import interior, product_gate
from inference.ops.grade import ColourChange, colour_change, graded
from inference.ops.placement import SOLID, Placement, on_canvas, overlap, resample
from inference.ops.timing import Stopwatch
from inference.ops.turn import find_turn, turned
from inference.pipelines.catalogue import list_sets
from inference.ports import SceneEngine, SceneOptions, ScenePlate
from inference.recipe import SCHEMA, pixels_sha256
from inference.registry import scene_engine
from inference.types import U8, Cutout, GateReport, Progress, ShotResult, ShotSpec, no_progress

MIN_SIDE_PX, MAX_SIDE_PX = 64, 4096
MOST_WARM = 3


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
        spec: the set, size, palette, seed, scale, offset and edits.
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
            ``shot.empty_cutout``, ``shot.offset_outside``, ``shot.edit_out_of_range``, ``shot.set_has_no_mirror``,
            ``shot.lock_does_not_fit``,
            ``shot.colour_change_too_large``.
        EngineUnavailable: ``shot.plates_damaged``.
        Cancelled: raised by ``on_progress``.
    """
    check_request(photo_rgb, cutout, spec)
    engine = scene_engine(options or SceneOptions())
    scene = engine.render(cutout, spec, on_progress=on_progress)
    watch = Stopwatch(on_progress)
    with watch.stage("paste", 0.75):
        product, _ = placed_product(photo_rgb, cutout, scene, spec.edits)
        mask = np.ascontiguousarray(product[..., 3])
        master = composite(product, scene.plate, scene.placement)
    with watch.stage("gate", 0.85):
        gate = judged(master, photo_rgb, cutout, scene, spec.edits)
        _check_colour(gate)
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


@dataclass(frozen=True)
class ShotDraft:
    """A small picture of a shot while somebody edits it, framed as the shot will be.

    ``rgb`` uint8 (h, w, 3). ``product`` is the placed product's box, ``base`` the middle of its base line, both in
    fractions of the picture (x, y, width, height; x, y). ``colour_change`` is there where the product's colour is
    edited; unlike in a finished shot, it may be above the cap.
    """

    rgb: U8
    product: tuple[float, float, float, float]
    base: tuple[float, float]
    colour_change: ColourChange | None
    warnings: tuple[str, ...]


def draft_shot(
    photo_rgb: U8,
    cutout: Cutout,
    spec: ShotSpec,
    *,
    longest_px: int,
    on_progress: Progress = no_progress,
    options: SceneOptions | None = None,
) -> ShotDraft:
    """``make_shot`` at a small size, without proof and recipe. Raises as ``make_shot``, but for the colour's cap."""
    check_request(photo_rgb, cutout, spec)
    engine = scene_engine(options or SceneOptions())
    scene = engine.render(cutout, spec, on_progress=on_progress, longest_px=longest_px)
    product, change = placed_product(photo_rgb, cutout, scene, spec.edits)
    height, width = scene.plate.shape[:2]
    solid = product[..., 3] >= SOLID
    rows, columns = np.nonzero(solid.any(axis=1))[0], np.nonzero(solid.any(axis=0))[0]
    box = (0.0, 0.0, 0.0, 0.0)
    if len(rows):
        left, top, right, bottom = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
        box = (left / width, top / height, (right - left) / width, (bottom - top) / height)
    return ShotDraft(
        rgb=composite(product, scene.plate, scene.placement),
        product=box,
        base=(scene.base[0] / width, scene.base[1] / height),
        colour_change=change,
        warnings=_warnings(scene),
    )


def judged(master: U8, photo_rgb: U8, cutout: Cutout, scene: ScenePlate, edits: Edits) -> GateReport:
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
        edits=edits,
    )


def _check_colour(gate: GateReport) -> None:
    if gate.product_delta_e is not None and gate.product_delta_e > MAX_PRODUCT_DELTA_E:
        raise InputRejected(
            "shot.colour_change_too_large",
            f"this would change the product's colour by dE2000 {gate.product_delta_e:g}; the most is "
            f"{MAX_PRODUCT_DELTA_E:g}; move exposure and white balance back",
            delta_e=gate.product_delta_e,
            most=MAX_PRODUCT_DELTA_E,
        )


def placed_product(photo_rgb: U8, cutout: Cutout, scene: ScenePlate, edits: Edits) -> tuple[U8, ColourChange | None]:
    """The product on the canvas, RGBA: the original photo's pixels inside, the cutout's colours in the soft edge.

    Turned and graded as the edits ask, and how far that moved its colours.
    """
    size = (scene.plate.shape[1], scene.plate.shape[0])
    placed = on_canvas(scene.product, scene.placement, size)
    target, part = overlap(scene.placement, size)
    original = resample(turned(photo_rgb, find_turn(cutout.alpha, edits)), scene.placement)[part]
    wanted = graded(original, edits)
    untouched = interior(placed[..., 3])[target]
    placed[target][..., :3][untouched] = wanted[untouched]
    placed[..., 3] = np.minimum(placed[..., 3], scene.visible)
    return placed, colour_change(original, wanted, untouched) if edits.colours_product else None


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
    """Compile the kernels and load sets (the first few, if none is named); returns their names.

    Starts no threads, so a process may do it before it forks its workers, which then share the plates.
    """
    settings = options or SceneOptions()
    engine = scene_engine(settings)
    names = set_names or engine.names()[:MOST_WARM]
    photo = np.full((96, 64, 3), 128, np.uint8)
    alpha = np.zeros((96, 64), np.uint8)
    alpha[8:88, 8:56] = 255
    cutout = Cutout(rgb=photo, alpha=alpha, engine="warm", confidence=1.0)
    colourful = {item.name for item in list_sets(settings.plates_dir) if any(m.recolourable for m in item.materials)}
    for name in names:
        palette = ("#7f7f7f",) if name in colourful else ()
        make_shot(photo, cutout, ShotSpec(name, width=96, height=96, palette=palette, seed=1), options=options)
    return names


def check_request(photo_rgb: U8, cutout: Cutout, spec: ShotSpec) -> None:
    """Refuse what no engine could make. Raises InputRejected, see ``make_shot``."""
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
    try:
        spec.edits.check()
    except EditProblem as problem:
        raise InputRejected(problem.code, problem.message, **problem.params) from problem


def _warnings(scene: ScenePlate) -> tuple[str, ...]:
    return ("shot.product_upscaled",) if scene.placement.scale > 1 else ()


_ABSENT_WHERE_EMPTY = ("camera", "mood", "edits", "lock")


def spec_as_dict(spec: ShotSpec) -> dict[str, Any]:
    """A request as JSON values. Camera, mood, edits and lock are there only where they were chosen."""
    raw = {
        **asdict(spec),
        "palette": list(spec.palette),
        "offset": list(spec.offset),
        "options": dict(spec.options),
        "edits": spec.edits.as_dict(),
        "lock": spec.lock.as_dict() if spec.lock else None,
    }
    return {key: value for key, value in raw.items() if value or key not in _ABSENT_WHERE_EMPTY}


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
        "spec": spec_as_dict(spec),
        "parameters": dict(scene.parameters),
        "source": dict(source or {}),
        "output": {"pixels_sha256": pixels_sha256(master), "size": [spec.width, spec.height]},
        "gate": gate.as_dict(),
        "measures": dict(scene.measures),
        "warnings": list(_warnings(scene)),
        "code": {"version": __version__},
    }
