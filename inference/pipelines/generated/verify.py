"""Draw a generated shot again from its recipe and compare.

On the machine that drew it the picture is the same to the last bit. Another device, dtype or batch rounds differently:
then the difference to the file that was handed in decides, and it must not be visible.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inference.errors import InputRejected
from inference.generation import GenerateOptions
from inference.ops.colour import delta_e
from inference.ops.metrics import max_abs_diff
from inference.ops.placement import Placement
from inference.pipelines.generated.recipe import KIND
from inference.pipelines.generated.result import GeneratedShot
from inference.pipelines.generated.shot import generated_shot
from inference.pipelines.generated.spec import GeneratedInputs, GeneratedSpec
from inference.pipelines.verify import VerifyReport
from inference.recipe import SCHEMA, pixels_sha256
from inference.types import U8, Progress, no_progress

MAX_MEAN_DELTA_E = 0.5
"""Mean CIEDE2000 up to which a picture that was drawn elsewhere counts as the same: below what anybody can see."""

_COMPARED = ("prompt", "graph", "model", "versions", "inputs", "cutout", "code")


def verify_generated(
    recipe: Mapping[str, Any],
    inputs: GeneratedInputs,
    *,
    options: GenerateOptions,
    picture: U8 | None = None,
    on_progress: Progress = no_progress,
) -> VerifyReport:
    """Draw again.

    Args:
        recipe: as ``generated_shot`` wrote it.
        inputs: the pictures that it was made from.
        picture: the master file's pixels, uint8 (H, W, 3), if there is one to be judged.

    Raises:
        InputRejected: ``verify.bad_recipe``, and what ``generated_shot`` raises.
    """
    spec = spec_of(recipe)
    again = generated_shot(spec, inputs, options=options, on_progress=on_progress)
    expected = recipe["output"]["pixels_sha256"]
    identical = again.recipe["output"]["pixels_sha256"] == expected
    matches = None if picture is None else pixels_sha256(picture) == expected
    difference = mean = None
    if picture is not None and picture.shape == again.master.shape:
        difference = max_abs_diff(picture, again.master)
        mean = _mean_delta_e(picture, again.master)
    alike = identical or (matches is True and mean is not None and mean <= MAX_MEAN_DELTA_E)
    return VerifyReport(
        passed=alike and matches is not False and (again.gate is None or again.gate.passed),
        identical=identical,
        picture_matches=matches,
        max_abs_diff=difference,
        mean_delta_e=mean,
        changed=_changed(recipe, again),
    )


def spec_of(recipe: Mapping[str, Any]) -> GeneratedSpec:
    """The request inside a recipe. Raises InputRejected ``verify.bad_recipe``."""
    try:
        if recipe["schema"] != SCHEMA or recipe["kind"] != KIND:
            raise ValueError(f"schema {recipe['schema']}, kind {recipe['kind']}")
        recipe["output"]["pixels_sha256"]
        return GeneratedSpec.from_json(recipe["spec"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputRejected("verify.bad_recipe", f"this is no recipe that can be read: {error}") from error


def placement_of(recipe: Mapping[str, Any]) -> Placement | None:
    """Where the product of a recipe is, of any kind of shot; None where its pixels are not in the picture."""
    raw = recipe.get("parameters", {}).get("placement")
    try:
        return None if raw is None else Placement(**raw)
    except TypeError as error:
        raise InputRejected("verify.bad_recipe", f"this is no recipe that can be read: {error}") from error


def _mean_delta_e(first: U8, second: U8) -> float:
    differing = np.any(first != second, axis=2)
    total = float(delta_e(first[differing], second[differing]).sum()) if differing.any() else 0.0
    return round(total / max(1, int(differing.size)), 5)


def _changed(recipe: Mapping[str, Any], again: GeneratedShot) -> tuple[str, ...]:
    return tuple(key for key in _COMPARED if recipe.get(key) != again.recipe.get(key))
