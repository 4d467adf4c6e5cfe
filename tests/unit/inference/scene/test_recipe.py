"""A recipe makes its picture again, and shows when something is not as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference.errors import InputRejected
from inference.pipelines.product_shot import make_shot
from inference.pipelines.verify import verify
from inference.ports import SceneOptions
from inference.recipe import canonical_json, pixels_sha256, recipe_hash
from inference.types import Cutout, ShotResult, ShotSpec

SPEC = ShotSpec("synthetic", width=300, height=300, palette=("#3355aa",), seed=5)


@pytest.fixture(scope="module")
def shot(photo: np.ndarray, cutout: Cutout, options: SceneOptions) -> ShotResult:
    return make_shot(photo, cutout, SPEC, options=options, source={"note": "shelf 3"})


def test_a_recipe_makes_the_same_picture_again(
    shot: ShotResult, photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    report = verify(shot.recipe, photo, cutout, picture=shot.master, options=options)
    assert report.passed
    assert (report.identical, report.picture_matches, report.max_abs_diff, report.mean_delta_e) == (True, True, 0, 0.0)
    assert report.changed == ()


def test_a_retouched_file_does_not_verify(
    shot: ShotResult, photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    retouched = shot.master.copy()
    retouched[10, 10] = 255 - retouched[10, 10]
    report = verify(shot.recipe, photo, cutout, picture=retouched, options=options)
    assert not report.passed
    assert report.identical
    assert report.picture_matches is False
    assert report.max_abs_diff is not None
    assert report.max_abs_diff > 20


def test_another_photo_does_not_verify(
    shot: ShotResult, photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    brighter = np.minimum(photo.astype(int) + 10, 255).astype(np.uint8)
    report = verify(shot.recipe, brighter, replace(cutout, rgb=brighter), options=options)
    assert not report.passed
    assert not report.identical
    assert report.changed == ("photo", "cutout")


def test_a_changed_recipe_does_not_verify(
    shot: ShotResult, photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    forged = {**shot.recipe, "spec": {**shot.recipe["spec"], "seed": 6}}
    assert not verify(forged, photo, cutout, options=options).passed


@pytest.mark.parametrize("damage", [{"schema": 99}, {"spec": {}}, {"output": {}}, {"kind": "advert"}])
def test_what_is_no_recipe_is_refused(
    shot: ShotResult, photo: np.ndarray, cutout: Cutout, options: SceneOptions, damage: dict[str, object]
) -> None:
    with pytest.raises(InputRejected) as refusal:
        verify({**shot.recipe, **damage}, photo, cutout, options=options)
    assert refusal.value.code == "verify.bad_recipe"


def test_the_hash_of_a_recipe_is_about_the_request_alone(shot: ShotResult) -> None:
    elsewhere = {**shot.recipe, "source": {"note": "shelf 4"}, "output": {}, "gate": {}, "code": {"version": "9"}}
    assert recipe_hash(elsewhere) == recipe_hash(shot.recipe)
    assert recipe_hash({**shot.recipe, "spec": {**shot.recipe["spec"], "seed": 6}}) != recipe_hash(shot.recipe)


def test_canonical_json_does_not_depend_on_order() -> None:
    assert canonical_json({"b": 1, "a": [1.5, "é"]}) == '{"a":[1.5,"é"],"b":1}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))


def test_the_hash_of_pixels_knows_their_shape() -> None:
    flat = np.arange(12, dtype=np.uint8)
    assert pixels_sha256(flat.reshape(3, 4)) != pixels_sha256(flat.reshape(4, 3))
    assert pixels_sha256(flat) == pixels_sha256(flat[::-1][::-1])


def test_only_what_nobody_can_write_to_is_hashed_once() -> None:
    pixels = np.zeros((4, 5, 3), np.uint8)
    before = pixels_sha256(pixels)
    pixels[0, 0] = 1
    after = pixels_sha256(pixels)
    assert after != before
    window = pixels[:2]
    window.setflags(write=False)
    upper = pixels_sha256(window)
    pixels[1, 1] = 9  # a read-only window of what can be written to is no constant
    assert pixels_sha256(window) != upper
    frozen = pixels.copy()
    frozen.setflags(write=False)
    assert pixels_sha256(frozen) == pixels_sha256(frozen) == pixels_sha256(pixels)
