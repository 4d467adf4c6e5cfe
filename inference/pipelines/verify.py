"""Make a picture again from its recipe and compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from inference.edits import Edits
from inference.errors import InputRejected
from inference.ops.colour import delta_e
from inference.ops.metrics import max_abs_diff
from inference.pipelines.product_shot import make_shot
from inference.ports import SceneOptions
from inference.recipe import SCHEMA, pixels_sha256
from inference.types import (
    U8,
    CameraLock,
    Companion,
    CompanionSpec,
    Cutout,
    Progress,
    ShotResult,
    ShotSpec,
    no_progress,
)


@dataclass(frozen=True)
class VerifyReport:
    """Whether a recipe makes its picture.

    ``identical``: the new picture has the recorded hash. ``picture_matches``: the file that was handed in has it, too
    (None without a file). The differences compare file and new picture. ``changed`` names inputs that are not the
    recorded ones.
    """

    passed: bool
    identical: bool
    picture_matches: bool | None
    max_abs_diff: int | None
    mean_delta_e: float | None
    changed: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def verify(
    recipe: Mapping[str, Any],
    photo_rgb: U8,
    cutout: Cutout,
    *,
    companion: Companion | None = None,
    picture: U8 | None = None,
    on_progress: Progress = no_progress,
    options: SceneOptions | None = None,
) -> VerifyReport:
    """Render a recipe again.

    Args:
        recipe: as ``make_shot`` wrote it.
        photo_rgb, cutout: the inputs that the recipe was made from.
        companion: the second product's photo and cutout, where the recipe has one.
        picture: the master file's pixels, uint8 (H, W, 3), if there is one to be judged.

    Raises:
        InputRejected: ``verify.bad_recipe``, and what ``make_shot`` raises.
    """
    spec = spec_of(recipe)
    again = make_shot(photo_rgb, cutout, spec, companion=companion, on_progress=on_progress, options=options)
    expected = recipe["output"]["pixels_sha256"]
    identical = again.recipe["output"]["pixels_sha256"] == expected
    matches = None if picture is None else pixels_sha256(picture) == expected
    difference = mean = None
    if picture is not None and picture.shape == again.master.shape:
        difference = max_abs_diff(picture, again.master)
        differing = np.any(picture != again.master, axis=2)
        total = float(delta_e(picture[differing], again.master[differing]).sum()) if differing.any() else 0.0
        mean = round(total / differing.size, 5)
    return VerifyReport(
        passed=identical and matches is not False and again.gate.passed,
        identical=identical,
        picture_matches=matches,
        max_abs_diff=difference,
        mean_delta_e=mean,
        changed=_changed(recipe, again),
    )


def spec_of(recipe: Mapping[str, Any]) -> ShotSpec:
    """The request inside a recipe. Raises InputRejected ``verify.bad_recipe``."""
    try:
        if recipe["schema"] != SCHEMA or recipe["kind"] != "product_shot":
            raise ValueError(f"schema {recipe['schema']}, kind {recipe['kind']}")
        raw = dict(recipe["spec"])
        recipe["output"]["pixels_sha256"]
        raw["palette"] = tuple(raw["palette"])
        raw["offset"] = (float(raw["offset"][0]), float(raw["offset"][1]))
        raw["edits"] = Edits.from_dict(raw.get("edits", {}))
        raw["lock"] = CameraLock.from_dict(raw["lock"]) if raw.get("lock") else None
        raw["companion"] = CompanionSpec.from_dict(raw["companion"]) if raw.get("companion") else None
        return ShotSpec(**raw)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputRejected("verify.bad_recipe", f"this is no recipe that can be read: {error}") from error


def _changed(recipe: Mapping[str, Any], again: ShotResult) -> tuple[str, ...]:
    compared = ("photo", "cutout", "engine", "set", "parameters", "code")
    changed = tuple(key for key in compared if recipe.get(key) != again.recipe[key])
    return changed + (("companion",) if recipe.get("companion") != again.recipe.get("companion") else ())
