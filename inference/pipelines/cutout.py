"""Photo in, product with an alpha channel out.

The engine is chosen here: the file's own transparency first, then rembg where its weights are, then the built-in ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from inference.errors import EngineFailed, EngineUnavailable, InputRejected
from inference.ops.bystanders import has_bystander
from inference.ops.confidence import retouched
from inference.ops.strokes import Stroke
from inference.ops.viewpoint import guess_viewpoint
from inference.ports import CutoutEngine, CutoutOptions, Fetchable
from inference.registry import cutout_engine, cutout_engine_names
from inference.types import U8, Box, Cutout, Progress, no_progress

MIN_SIDE_PX = 32

_CLEAR = 26
_CUT_OUT_SHARE = 0.02


def cut_out(
    rgb: U8,
    *,
    box: Box | None = None,
    alpha: U8 | None = None,
    engine: str | None = None,
    on_progress: Progress = no_progress,
    options: CutoutOptions | None = None,
) -> Cutout:
    """Cut the one product out of a photo.

    Args:
        rgb: uint8 (H, W, 3), sRGB.
        box: where the product is; parts outside the picture are ignored.
        alpha: the file's own alpha, uint8 (H, W). If a fiftieth of it is clear it *is* the cutout (engine
            ``"alpha"``); less is a photo with rounded corners.
        engine: a name from ``registry.cutout_engine_names()``; None = the best that can run here.
        on_progress: called with stages ``find``, ``refine``, ``matte``, ``foreground``.
        options: where weights are and whether they may be fetched.

    Raises:
        InputRejected: ``cutout.too_small``, ``cutout.box_outside``, ``cutout.nothing_found``, ``cutout.at_frame``,
            ``cutout.transparent``, ``cutout.unknown_engine``.
        EngineUnavailable: the engine asked for by name can not run here.
    """
    height, width = rgb.shape[:2]
    if min(height, width) < MIN_SIDE_PX:
        raise InputRejected(
            "cutout.too_small",
            f"the photo is {width}x{height} px; a cutout needs at least {MIN_SIDE_PX} px on each side",
            width=width,
            height=height,
        )
    inside = clipped_box(box, width, height) if box else None
    if alpha is not None and engine is None and np.count_nonzero(alpha < _CLEAR) >= _CUT_OUT_SHARE * alpha.size:
        return _from_alpha(rgb, alpha, inside, on_progress)
    settings = options or CutoutOptions()
    if engine is not None:
        return _found(cutout_engine(engine, settings).cut(rgb, box=inside, on_progress=on_progress))
    result = _found(_best_available(rgb, inside, settings, on_progress))
    if inside is None and "several_objects" not in result.warnings and has_bystander(rgb, result.alpha):
        result = replace(result, warnings=(*result.warnings, "several_objects"))
    return result


def taken_from(photo: U8, cutout: Cutout) -> str:
    """Where a photo was taken from: ``side``, ``above`` or ``unclear``; see ``ops.viewpoint``.

    A photo that came cut out has no surroundings that could tell.
    """
    return "unclear" if cutout.engine == "alpha" else str(guess_viewpoint(photo, cutout.alpha))


def revision(engine: str, options: CutoutOptions | None = None) -> str:
    """Which weights an engine that made a cutout has; see ``ports.CutoutEngine``. Empty for a file's own alpha."""
    return cutout_engine(engine, options or CutoutOptions()).revision if engine in cutout_engine_names() else ""


def expected(options: CutoutOptions | None = None) -> tuple[str, str]:
    """The engine, and its revision, that ``cut_out`` asks first here where a photo has no transparency of its own."""
    first = next(iter(_available_engines(options or CutoutOptions())), None)
    return (first.name, first.revision) if first else ("", "")


def refine_cutout(
    photo: U8, cutout: Cutout | None, strokes: Sequence[Stroke], *, on_progress: Progress = no_progress
) -> Cutout:
    """Apply what a person painted, in order. Unpainted pixels stay bit-identical, in alpha and in colour.

    Args:
        photo: uint8 (H, W, 3), sRGB; what is kept takes its colours.
        cutout: of that photo; None = nothing was found yet, the strokes say what is the product.
        strokes: see ``ops.strokes.parse_strokes``. ``steps`` of the result are the cutout's and theirs.
        on_progress: called with stage ``strokes``.

    Raises:
        InputRejected: ``strokes.other_photo`` (the sizes differ), ``cutout.nothing_left``.
    """
    # Here, because it compiles: whoever only asks an engine's name should not wait for numba.
    from inference.ops.retouch import Canvas

    height, width = photo.shape[:2]
    if cutout is None:
        cutout = Cutout(np.zeros_like(photo), np.zeros((height, width), np.uint8), engine="hand", confidence=1.0)
    if cutout.size != (width, height):
        message = f"the cutout has {cutout.size[0]}x{cutout.size[1]} px, the photo {width}x{height} px"
        raise InputRejected("strokes.other_photo", message, width=width, height=height)
    canvas = Canvas(photo, cutout.rgb.copy(), cutout.alpha.copy())
    for index, stroke in enumerate(strokes):
        on_progress("strokes", index / len(strokes))
        canvas.paint(stroke)
    on_progress("strokes", 1.0)
    if not (canvas.alpha == 255).any():
        raise InputRejected("cutout.nothing_left", "the strokes leave nothing of the product; undo the last one")
    steps = (*cutout.steps, *(stroke.as_dict() for stroke in strokes))
    return retouched(replace(cutout, rgb=canvas.rgb, alpha=canvas.alpha, steps=steps))


def placed_cutout(
    rgba: U8, *, window: tuple[int, int, int, int], size: tuple[int, int], engine: str, confidence: float = 1.0
) -> Cutout:
    """A cutout at its photo's ``size`` (width, height) from the part of it that was kept.

    Args:
        rgba: uint8 (h, w, 4), straight alpha.
        window: x, y, w, h of that part in the photo.
    """
    x, y, across, down = window
    if rgba.shape[:2] != (down, across) or x < 0 or y < 0 or x + across > size[0] or y + down > size[1]:
        message = f"a window of {list(window)} does not fit a photo of {size[0]}x{size[1]} px"
        raise InputRejected("strokes.other_photo", message, width=size[0], height=size[1])
    rgb, alpha = np.zeros((size[1], size[0], 3), np.uint8), np.zeros((size[1], size[0]), np.uint8)
    rgb[y : y + down, x : x + across] = rgba[..., :3]
    alpha[y : y + down, x : x + across] = rgba[..., 3]
    return Cutout(rgb, alpha, engine, confidence)


def warm(options: CutoutOptions | None = None) -> str:
    """Prepare the engine that ``cut_out`` would choose; returns its name. Call it once in each worker process."""
    for engine in _available_engines(options or CutoutOptions()):
        try:
            engine.warm()
        except (EngineUnavailable, EngineFailed):
            continue  # damaged weights: the next engine does the work, and says so with each cutout
        return engine.name
    raise EngineUnavailable("cutout.no_engine", "no cutout engine can run on this machine")


def fetch_weights(options: CutoutOptions) -> Path:
    """Have the weights of rembg's model ready before the first photo arrives; returns the verified file.

    Raises:
        EngineUnavailable: they are missing or damaged and could not be had; the message says how to get them.
        InputRejected: ``cutout.model_not_allowed``.
    """
    engine = cutout_engine("rembg", options)
    assert isinstance(engine, Fetchable)
    return engine.fetch()


def preload() -> None:
    """Load what processes that are forked from this one can share. Starts no threads; ``warm`` does the rest there."""
    cutout_engine("classical", CutoutOptions()).warm()


def clipped_box(box: Box, width: int, height: int) -> Box:
    """The part of ``box`` in the picture. Raises InputRejected ``cutout.box_outside`` if that is too little."""
    left, top = max(0, box.x), max(0, box.y)
    right, bottom = min(width, box.x + box.width), min(height, box.y + box.height)
    if right - left < 8 or bottom - top < 8:
        raise InputRejected(
            "cutout.box_outside",
            f"the box covers less than 8 px of the {width}x{height} px photo; draw it around the product",
            width=width,
            height=height,
        )
    return Box(left, top, right - left, bottom - top)


def _available_engines(options: CutoutOptions) -> list[CutoutEngine]:
    engines = [cutout_engine(name, options) for name in cutout_engine_names()]
    return [engine for engine in engines if engine.status().available]


def _best_available(rgb: U8, box: Box | None, options: CutoutOptions, on_progress: Progress) -> Cutout:
    failure: EngineUnavailable | EngineFailed | None = None
    for engine in _available_engines(options):
        try:
            result = engine.cut(rgb, box=box, on_progress=on_progress)
        except (EngineUnavailable, EngineFailed) as error:
            failure = error
            continue
        if failure is None:
            return result
        return replace(result, warnings=(*result.warnings, "fallback_engine"))
    raise failure or EngineUnavailable("cutout.no_engine", "no cutout engine can run on this machine")


def _found(result: Cutout) -> Cutout:
    """Raises InputRejected ``cutout.nothing_found`` for a mask that is empty, or never solid."""
    if not (result.alpha == 255).any():
        raise InputRejected("cutout.nothing_found", "nothing was found there; draw a box closely around the product")
    return result


def _from_alpha(rgb: U8, alpha: U8, box: Box | None, on_progress: Progress) -> Cutout:
    kept = alpha
    if not (alpha > _CLEAR).any():
        raise InputRejected(
            "cutout.transparent", "all of the picture is transparent; use a file with the product in it"
        )
    if box is not None:
        kept = np.zeros_like(alpha)
        window = np.s_[box.y : box.y + box.height, box.x : box.x + box.width]
        kept[window] = alpha[window]
    if not (kept > _CLEAR).any():
        raise InputRejected("cutout.nothing_found", "the picture is transparent in the box; draw it around the product")
    on_progress("foreground", 1.0)
    return retouched(Cutout(rgb=rgb.copy(), alpha=kept.copy(), engine="alpha", confidence=1.0))
