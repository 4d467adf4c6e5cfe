"""What can be asked of a shot: refused here before any engine works."""

from __future__ import annotations

from inference.edits import LARGEST_SCALE, SMALLEST_SCALE, EditProblem
from inference.errors import InputRejected
from inference.types import U8, Companion, Cutout, ShotSpec

MIN_SIDE_PX, MAX_SIDE_PX = 64, 4096


def check_request(photo_rgb: U8, cutout: Cutout, spec: ShotSpec, companion: Companion | None = None) -> None:
    """Refuse what no engine could make. Raises InputRejected, see ``make_shot``."""
    sides = (spec.width, spec.height)
    if min(sides) < MIN_SIDE_PX or max(sides) > MAX_SIDE_PX:
        raise InputRejected(
            "shot.bad_size",
            f"a shot is {MIN_SIDE_PX} to {MAX_SIDE_PX} px on each side, not {spec.width}x{spec.height}",
            width=spec.width,
            height=spec.height,
        )
    _require_same_size(photo_rgb, cutout)
    if (companion is None) != (spec.companion is None):
        raise InputRejected("shot.companion_missing", "a second product needs its photo, its cutout and its place")
    if companion is not None:
        _require_same_size(companion.photo_rgb, companion.cutout)
    if spec.options:
        raise InputRejected("shot.unknown_option", f"no option is called {next(iter(spec.options))!r}")
    if not 0.02 <= spec.enlarged <= 50:
        raise InputRejected("shot.bad_scale", f"enlarged is 0.02 to 50, not {spec.enlarged:g}", scale=spec.enlarged)
    for scale in (spec.scale, spec.companion.scale if spec.companion else 1.0):
        if not SMALLEST_SCALE <= scale <= LARGEST_SCALE:
            known = f"a scale is {SMALLEST_SCALE:g} to {LARGEST_SCALE:g}, not {scale:g}"
            raise InputRejected("shot.bad_scale", known, scale=scale)
    if spec.companion and not 0 <= spec.companion.shadow <= 1:
        raise InputRejected("shot.edit_out_of_range", "shadow is 0 to 1", name="shadow", low=0, high=1)
    try:
        spec.edits.check()
        if spec.companion:
            spec.companion.edits.check()
    except EditProblem as problem:
        raise InputRejected(problem.code, problem.message, **problem.params) from problem


def _require_same_size(photo_rgb: U8, cutout: Cutout) -> None:
    if photo_rgb.shape != cutout.rgb.shape or photo_rgb.shape[:2] != cutout.alpha.shape:
        raise InputRejected("shot.size_mismatch", "the cutout was not made from this photo: their sizes differ")
