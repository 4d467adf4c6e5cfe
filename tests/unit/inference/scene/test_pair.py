"""Two products on one set: who covers whom, their shadows on the set and on each other, and the proof for both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference.edits import Edits
from inference.errors import InputRejected
from inference.ops.gate import interior
from inference.ops.layers import merged
from inference.pipelines.export import Target, render_scene
from inference.pipelines.product_shot import draft_shot, make_shot
from inference.pipelines.verify import spec_of, verify
from inference.ports import SceneOptions
from inference.types import U8, Companion, CompanionSpec, Cutout, ShotResult, ShotSpec

BEHIND, BEFORE = (0.2, -0.04), (0.2, 0.05)
SPEC = ShotSpec("glossy", width=400, height=400, seed=2, scale=0.8)


def ball(size: int = 160) -> Companion:
    """A grey ball with a hard outline and its photo."""
    rows, columns = np.mgrid[:size, :size]
    alpha = np.where((rows - size / 2) ** 2 + (columns - size / 2) ** 2 < (0.42 * size) ** 2, 255, 0).astype(np.uint8)
    photo = np.repeat((90 + rows * 0.6).astype(np.uint8)[..., None], 3, axis=2)
    return Companion(photo, Cutout(rgb=photo, alpha=alpha, engine="drawn", confidence=1.0))


def pair(photo: U8, cutout: Cutout, options: SceneOptions, **wish: object) -> ShotResult:
    spec = replace(SPEC, companion=CompanionSpec(**{"scale": 0.7, "offset": BEHIND, **wish}))  # type: ignore[arg-type]
    return make_shot(photo, cutout, spec, companion=ball(), options=options)


def test_what_stands_nearer_covers_what_stands_behind(photo: U8, cutout: Cutout, options: SceneOptions) -> None:
    behind, before = (pair(photo, cutout, options, offset=offset) for offset in (BEHIND, BEFORE))
    assert (behind.is_companion_in_front, before.is_companion_in_front) == (False, True)
    assert behind.companion is not None
    assert before.companion is not None
    alone = make_shot(photo, cutout, SPEC, options=options)
    assert behind.mask.sum() == alone.mask.sum()
    assert before.mask.sum() < alone.mask.sum()
    assert int(before.companion[..., 3].sum()) > int(behind.companion[..., 3].sum())


def test_both_products_are_proven_against_their_photos(photo: U8, cutout: Cutout, options: SceneOptions) -> None:
    for offset in (BEHIND, BEFORE):
        gate = pair(photo, cutout, options, offset=offset).gate
        assert gate.passed
        assert gate.companion is not None
        assert (gate.max_abs_diff, gate.companion.max_abs_diff) == (0, 0)
        assert gate.companion.pixels_compared > 500


def test_a_wrong_pixel_in_the_second_product_fails_the_shot(
    photo: U8, cutout: Cutout, options: SceneOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inference.pipelines import pasting

    original = pasting.composite

    def spoiled(product: U8, plate: U8, placement: object) -> U8:
        out = original(product, plate, placement)  # type: ignore[arg-type]
        out[interior(product[..., 3])] ^= 1
        return out

    monkeypatch.setattr(pasting, "composite", spoiled)
    gate = pair(photo, cutout, options).gate
    assert not gate.passed
    assert gate.companion is not None
    assert gate.companion.max_abs_diff == 1


def test_each_throws_its_shadow_on_the_set(photo: U8, cutout: Cutout, options: SceneOptions) -> None:
    alone = make_shot(photo, cutout, SPEC, options=options)
    both = pair(photo, cutout, options)
    assert both.shadow.astype(int).sum() < alone.shadow.astype(int).sum()
    assert bool((both.shadow.astype(int) <= alone.shadow.astype(int) + 1).all())


def test_the_shadow_on_each_other_is_measured_and_can_be_left_out(
    photo: U8, cutout: Cutout, options: SceneOptions
) -> None:
    lit, plain = (pair(photo, cutout, options, shadow=shadow).gate for shadow in (1.0, 0.0))
    assert lit.companion is not None
    assert plain.companion is not None
    changes = [lit.product_delta_e or 0.0, lit.companion.product_delta_e or 0.0]
    assert max(changes) > 0.05
    assert max(changes) <= 3
    assert (plain.product_delta_e, plain.companion.product_delta_e) == (0.0, 0.0)


def test_a_shot_of_two_is_made_again_from_its_recipe(photo: U8, cutout: Cutout, options: SceneOptions) -> None:
    result = pair(photo, cutout, options)
    spec = spec_of(result.recipe)
    assert spec.companion == CompanionSpec(0.7, BEHIND, 1.0)
    again = verify(result.recipe, photo, cutout, companion=ball(), picture=result.master, options=options)
    assert (again.passed, again.changed) == (True, ())
    other = verify(result.recipe, photo, cutout, companion=ball(120), options=options)
    assert not other.identical
    assert "companion" in other.changed


def test_the_second_product_is_turned_and_still_proven(photo: U8, cutout: Cutout, options: SceneOptions) -> None:
    plain, turned = (pair(photo, cutout, options, rotate_deg=angle) for angle in (0.0, 90.0))
    assert turned.gate.passed
    assert turned.gate.companion is not None
    assert turned.gate.companion.max_abs_diff == 0
    assert plain.companion is not None
    assert turned.companion is not None
    # The ball's photo is darkest at its top: a quarter turn clockwise puts that to the right.
    for result, towards in ((plain, (0, 1)), (turned, (1, 0))):
        assert result.companion is not None
        rows, columns = np.nonzero(result.companion[..., 3] == 255)
        values = result.companion[rows, columns, 0].astype(float)
        slopes = np.polyfit(columns, values, 1)[0], np.polyfit(rows, values, 1)[0]
        assert (abs(slopes[0]) > abs(slopes[1])) == (towards == (1, 0))
        assert (slopes[0] < 0) if towards == (1, 0) else (slopes[1] > 0)
    assert "rotate_deg" not in plain.recipe["spec"]["companion"]
    assert spec_of(turned.recipe).companion == CompanionSpec(0.7, BEHIND, 1.0, 90.0)
    again = verify(turned.recipe, photo, cutout, companion=ball(), picture=turned.master, options=options)
    assert (again.passed, again.changed) == (True, ())
    with pytest.raises(InputRejected, match="rotate_deg"):
        pair(photo, cutout, options, rotate_deg=200.0)


def test_a_shot_of_one_knows_nothing_of_companions(photo: U8, cutout: Cutout, options: SceneOptions) -> None:
    result = make_shot(photo, cutout, SPEC, options=options)
    assert "companion" not in result.recipe
    assert "companion" not in result.recipe["spec"]
    assert "companion" not in result.recipe["gate"]
    assert result.companion is None


def test_photo_and_place_of_a_second_product_come_together(photo: U8, cutout: Cutout, options: SceneOptions) -> None:
    with pytest.raises(InputRejected, match="a second product needs"):
        make_shot(photo, cutout, SPEC, companion=ball(), options=options)
    with pytest.raises(InputRejected, match="a second product needs"):
        make_shot(photo, cutout, replace(SPEC, companion=CompanionSpec()), options=options)
    with pytest.raises(InputRejected, match="a scale is"):
        pair(photo, cutout, options, scale=9)
    with pytest.raises(InputRejected, match="shadow is 0 to 1"):
        pair(photo, cutout, options, shadow=2)


def test_a_product_that_is_hidden_by_the_other_is_refused_with_a_word(
    photo: U8, cutout: Cutout, options: SceneOptions
) -> None:
    with pytest.raises(InputRejected, match="move them apart"):
        pair(photo, cutout, options, offset=(0.0, -0.05))


def test_edits_of_the_first_product_leave_the_second_as_it_is(photo: U8, cutout: Cutout, options: SceneOptions) -> None:
    wish = CompanionSpec(0.7, BEHIND, 0.0)
    spec = replace(SPEC, edits=Edits(exposure_ev=0.08, rotate_deg=5), companion=wish)
    gate = make_shot(photo, cutout, spec, companion=ball(), options=options).gate
    assert gate.passed
    assert gate.companion is not None
    assert gate.product_delta_e is not None
    assert gate.product_delta_e > 0.3
    assert gate.companion.product_delta_e == 0.0


def test_a_draft_shows_both(photo: U8, cutout: Cutout, options: SceneOptions) -> None:
    spec = replace(SPEC, companion=CompanionSpec(0.7, BEHIND))
    both = draft_shot(photo, cutout, spec, longest_px=200, companion=ball(), options=options)
    alone = draft_shot(photo, cutout, SPEC, longest_px=200, options=options)
    assert both.rgb.shape == alone.rgb.shape
    assert int((np.abs(both.rgb.astype(int) - alone.rgb).max(axis=2) > 40).sum()) > 200


@pytest.mark.parametrize("offset", [BEHIND, BEFORE])
def test_the_layers_of_two_merge_into_the_shot(
    photo: U8, cutout: Cutout, options: SceneOptions, offset: tuple[float, float]
) -> None:
    result = pair(photo, cutout, options, offset=offset)
    target = Target(kind="layers", file_format="psd")
    rendered = render_scene(photo, cutout, result.recipe, target, companion=ball(), options=options)
    assert rendered.layers is not None
    assert rendered.layers.companion is not None
    assert rendered.layers.is_companion_in_front == (offset == BEFORE)
    assert int(np.abs(merged(rendered.layers).astype(int) - result.master).max()) <= 1
