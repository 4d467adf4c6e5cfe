"""A look's frame at another ratio: the same set, product and base, so that every marketplace's file can be made."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from apps.studio.exports.profiles import Profile, profiles
from inference.edits import Edits
from inference.engines.studio_sets.held import held_camera
from inference.pipelines.export import Rendered, Target, render_scene
from inference.pipelines.product_shot import draft_shot, make_shot
from inference.ports import SceneOptions
from inference.types import U8, CameraLock, CompanionSpec, Cutout, ShotResult, ShotSpec
from tests.unit.inference.scene.test_pair import ball

SPEC = ShotSpec("glossy", width=300, height=300, edits=Edits(shadow_softness=2.0))
OF_SHOTS = [profile for profile in profiles().values() if not profile.is_white]
SMALL_PX = 360


def lock_of(shot: ShotResult) -> CameraLock:
    left, top, width, height = shot.recipe["parameters"]["window"]
    return CameraLock((left, top, width, height), (shot.measures["base_x"], shot.measures["base_y"]))


@pytest.fixture(scope="module")
def look(photo: U8, cutout: Cutout, options: SceneOptions) -> ShotResult:
    """A shot made by applying another one's look: its camera is locked."""
    first = make_shot(photo, cutout, SPEC, options=options)
    return make_shot(photo, cutout, replace(SPEC, lock=lock_of(first)), options=options)


def small(profile: Profile) -> Target:
    """The profile's file, as small as a test can bear; its ratio stays."""
    target = profile.as_target()
    if target.is_as_made:
        return target
    factor = SMALL_PX / max(target.width, target.height, target.longest)
    width, height, longest = (round(factor * side) for side in (target.width, target.height, target.longest))
    return replace(target, width=width, height=height, longest=longest)


def in_set(recipe: dict[str, Any]) -> tuple[float, float, float]:
    """What the product stands on, and its size (plate pixels a photo pixel): both in plate pixels."""
    left, top, width, height = recipe["parameters"]["window"]
    measures = recipe["measures"]
    per_px = width / recipe["output"]["size"][0]
    return left + measures["base_x"] * width, top + measures["base_y"] * height, measures["product_scale"] * per_px


def middle_in_set(alpha: U8, recipe: dict[str, Any]) -> tuple[float, float]:
    """The middle of what is solid in ``alpha``, in plate pixels."""
    left, top, width, height = recipe["parameters"]["window"]
    rows, columns = np.nonzero(alpha >= 128)
    across, down = alpha.shape[1], alpha.shape[0]
    return left + width * float(columns.mean()) / across, top + height * float(rows.mean()) / down


def sides_touched(rendered: Rendered) -> int:
    mask = rendered.mask
    return sum(bool(side.any()) for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))


@pytest.mark.parametrize("profile", OF_SHOTS, ids=lambda profile: profile.key)
def test_a_shot_of_a_look_is_exported_to_every_profile_where_it_stands(
    profile: Profile, look: ShotResult, photo: U8, cutout: Cutout, options: SceneOptions
) -> None:
    rendered = render_scene(photo, cutout, look.recipe, small(profile), enlarge=True, options=options)
    height, width = rendered.pixels.shape[:2]
    target = small(profile)
    if target.width:
        assert (width, height) == (target.width, target.height)
    assert sides_touched(rendered) == 0
    there, here = in_set(dict(rendered.recipe)), in_set(look.recipe)
    assert there[:2] == pytest.approx(here[:2], abs=2)
    assert there[2] == pytest.approx(here[2], rel=0.02)
    assert rendered.gate is not None
    assert rendered.gate.passed


@pytest.mark.parametrize("size", [(480, 270), (270, 480), (300, 240), (240, 320)])
def test_a_moved_product_and_its_companion_stay_where_they_stand_at_another_ratio(
    size: tuple[int, int], look: ShotResult, photo: U8, cutout: Cutout, options: SceneOptions
) -> None:
    beside = CompanionSpec(scale=0.6, offset=(0.35, -0.02))
    spec = replace(SPEC, lock=lock_of(look), offset=(-0.1, 0.0), companion=beside)
    made = make_shot(photo, cutout, spec, companion=ball(), options=options)
    other = make_shot(photo, cutout, replace(spec, width=size[0], height=size[1]), companion=ball(), options=options)
    assert made.companion is not None
    assert other.companion is not None
    for before, after in ((made.mask, other.mask), (made.companion[..., 3], other.companion[..., 3])):
        assert middle_in_set(after, other.recipe) == pytest.approx(middle_in_set(before, made.recipe), abs=3)


@pytest.mark.parametrize("size", [(480, 270), (240, 300)])
def test_a_draft_at_another_ratio_shows_what_will_be_made(
    size: tuple[int, int], look: ShotResult, photo: U8, cutout: Cutout, options: SceneOptions
) -> None:
    spec = replace(SPEC, lock=lock_of(look), width=size[0], height=size[1])
    made = make_shot(photo, cutout, spec, options=options)
    draft = draft_shot(photo, cutout, spec, longest_px=200, options=options)
    rows, columns = np.nonzero(made.mask >= 128)
    left, top, width, height = draft.product
    assert (left, left + width) == pytest.approx((columns.min() / size[0], (columns.max() + 1) / size[0]), abs=0.02)
    assert (top, top + height) == pytest.approx((rows.min() / size[1], (rows.max() + 1) / size[1]), abs=0.02)


def test_in_the_mirrored_set_a_look_is_seen_from_the_same_place(
    photo: U8, cutout: Cutout, options: SceneOptions
) -> None:
    """Another seed, or "Mirror the set", exchanges left and right; the frame goes with it, the product stays."""
    moved = replace(SPEC, edits=Edits(frame_x=0.1))
    shown = make_shot(photo, cutout, moved, options=options)
    lock = replace(lock_of(shown), mirrored=False)
    mirrored = replace(SPEC, edits=Edits(light_mirror=True))
    left, top, width, height = lock.window
    made = make_shot(photo, cutout, replace(mirrored, lock=lock), options=options)
    base_x = 480 - (left + lock.base[0] * width)  # of the plate's 480 px
    assert made.recipe["parameters"]["window"] == [round(base_x - lock.base[0] * width), top, width, height]
    assert made.measures["base_x"] == pytest.approx(lock.base[0], abs=0.01)
    free = make_shot(photo, cutout, replace(mirrored, edits=Edits(light_mirror=True, frame_x=0.1)), options=options)
    assert made.recipe["parameters"]["window"] == pytest.approx(free.recipe["parameters"]["window"], abs=3)
    unknown = make_shot(photo, cutout, replace(mirrored, lock=replace(lock, mirrored=None)), options=options)
    assert unknown.recipe["parameters"]["window"] == list(lock.window)


def test_the_window_of_another_ratio_is_on_the_plate_and_shows_what_it_can_of_the_old_one() -> None:
    generator = np.random.Generator(np.random.PCG64(5))
    for _ in range(300):
        plate = generator.integers(400, 2000, 2).tolist()
        width, height = (int(generator.integers(40, side + 1)) for side in plate)
        left, top = int(generator.integers(0, plate[0] - width + 1)), int(generator.integers(0, plate[1] - height + 1))
        base = (float(generator.uniform(0.2, 0.8)), float(generator.uniform(0.6, 0.95)))
        spec = replace(SPEC, width=int(generator.integers(200, 900)), height=int(generator.integers(200, 900)))
        lock = CameraLock((left, top, width, height), base)
        held = held_camera(SimpleNamespace(size=tuple(plate)), replace(spec, lock=lock), mirrored=False)  # type: ignore[arg-type]
        assert held is not None
        window = held.window
        assert window.left >= 0
        assert window.top >= 0
        assert window.left + window.width <= plate[0]
        assert window.top + window.height <= plate[1]
        assert window.width / window.height == pytest.approx(spec.width / spec.height, rel=0.04)
        seen = (window.left + held.base[0] * window.width, window.top + held.base[1] * window.height)
        assert seen == pytest.approx((left + base[0] * width, top + base[1] * height), abs=1e-6)
        assert 0 < held.base[0] < 1
        assert 0 < held.base[1] < 1
        if window.width >= width:
            assert window.left <= left
            assert window.left + window.width >= left + width
        else:
            assert window.left >= left
            assert window.left + window.width <= left + width
