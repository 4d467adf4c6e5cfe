"""One product or two, one scene, one finished picture: render the scene, paste the product last, prove it, note how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from inference.edits import MAX_PRODUCT_DELTA_E
from inference.errors import InputRejected
from inference.ops.gate import MIN_VISIBLE_SHARE
from inference.ops.grade import ColourChange
from inference.ops.placement import SOLID, on_canvas
from inference.ops.timing import Stopwatch
from inference.pipelines.catalogue import list_sets
from inference.pipelines.pasting import Pasted, judged, pasted
from inference.pipelines.shot_recipe import inputs_of, recipe_of, warnings_of
from inference.pipelines.shot_request import check_request
from inference.ports import SceneOptions, ScenePlate
from inference.registry import scene_engine
from inference.types import U8, Companion, Cutout, GateReport, Progress, ShotResult, ShotSpec, no_progress

MOST_WARM = 3


def make_shot(
    photo_rgb: U8,
    cutout: Cutout,
    spec: ShotSpec,
    *,
    source: Mapping[str, Any] | None = None,
    companion: Companion | None = None,
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
        companion: the second product that ``spec.companion`` places beside this one.
        on_progress: stages ``plates``, ``place``, ``stage``, ``shadow``, ``mix``, ``recolour``, ``reflection``,
            ``display``, ``paste``, ``gate``, ``recipe``.
        options: where sets are, and memory for plates.

    Returns:
        The shot. A failed gate is not an error: look at ``result.gate.passed``, and do not sell what failed.

    Raises:
        InputRejected: ``shot.bad_size``, ``shot.size_mismatch``, ``shot.bad_scale``, ``shot.unknown_set``,
            ``shot.unknown_option``, ``shot.bad_colour``, ``shot.too_many_colours``,
            ``shot.empty_cutout``, ``shot.offset_outside``, ``shot.edit_out_of_range``, ``shot.set_has_no_mirror``,
            ``shot.lock_does_not_fit``, ``shot.companion_missing``,
            ``shot.companion_covers``,
            ``shot.colour_change_too_large``.
        EngineUnavailable: ``shot.plates_damaged``.
        Cancelled: raised by ``on_progress``.
    """
    check_request(photo_rgb, cutout, spec, companion)
    engine = scene_engine(options or SceneOptions())
    beside = companion.cutout if companion else None
    scene = engine.render(cutout, spec, on_progress=on_progress, companion=beside)
    watch = Stopwatch(on_progress)
    with watch.stage("paste", 0.75):
        picture = pasted(photo_rgb, cutout, scene, spec.edits, companion)
        _require_seen(scene)
    with watch.stage("gate", 0.85):
        gate = judged(picture, photo_rgb, cutout, scene, spec.edits, companion)
        _check_colour(gate)
    with watch.stage("recipe", 0.95):
        recipe = recipe_of(photo_rgb, cutout, spec, engine, scene, picture.master, gate, source)
        if companion:
            recipe["companion"] = inputs_of(companion.photo_rgb, companion.cutout)
    return _result(scene, picture, gate, recipe, {**scene.timings_s, **watch.timings_s})


def _result(
    scene: ScenePlate, picture: Pasted, gate: GateReport, recipe: dict[str, Any], timings_s: dict[str, float]
) -> ShotResult:
    return ShotResult(
        master=picture.master,
        plate=scene.plate,
        product=picture.product,
        mask=picture.mask,
        shadow=scene.shadow,
        gate=gate,
        recipe=recipe,
        timings_s=timings_s,
        measures=scene.measures,
        warnings=warnings_of(scene),
        companion=picture.companion,
        is_companion_in_front=scene.companion is not None and scene.companion.is_in_front,
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
    companion: Companion | None = None,
    on_progress: Progress = no_progress,
    options: SceneOptions | None = None,
) -> ShotDraft:
    """``make_shot`` at a small size, without proof and recipe. Raises as ``make_shot``, but for the colour's cap."""
    check_request(photo_rgb, cutout, spec, companion)
    engine = scene_engine(options or SceneOptions())
    beside = companion.cutout if companion else None
    scene = engine.render(cutout, spec, on_progress=on_progress, longest_px=longest_px, companion=beside)
    picture = pasted(photo_rgb, cutout, scene, spec.edits, companion)
    height, width = scene.plate.shape[:2]
    solid = picture.product[..., 3] >= SOLID
    rows, columns = np.nonzero(solid.any(axis=1))[0], np.nonzero(solid.any(axis=0))[0]
    box = (0.0, 0.0, 0.0, 0.0)
    if len(rows):
        left, top, right, bottom = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
        box = (left / width, top / height, (right - left) / width, (bottom - top) / height)
    return ShotDraft(
        rgb=picture.master,
        product=box,
        base=(scene.base[0] / width, scene.base[1] / height),
        colour_change=picture.colour_change if spec.edits.colours_product else None,
        warnings=warnings_of(scene),
    )


def _require_seen(scene: ScenePlate) -> None:
    """Of two products, half of the one behind has to be seen, or nobody could prove that it is the product."""
    if scene.companion is None:
        return
    size = (scene.plate.shape[1], scene.plate.shape[0])
    first, second = (scene.product, scene.placement, scene.visible), scene.companion
    for part, placement, visible in (first, (second.product, second.placement, second.visible)):
        solid = on_canvas(part[..., 3], placement, size) >= SOLID
        if int((visible[solid] >= SOLID).sum()) < MIN_VISIBLE_SHARE * 1.1 * int(solid.sum()):
            raise InputRejected(
                "shot.companion_covers", "one product hides about half of the other, or more; move them apart"
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
