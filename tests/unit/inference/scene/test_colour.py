"""Colour arithmetic against published values, and the display curve."""

from __future__ import annotations

import numpy as np
import pytest

from inference.errors import InputRejected
from inference.ops.colour import delta_e, hex_to_linear, hex_to_rgb, linear_to_srgb, srgb_to_linear
from inference.ops.dither import tpdf_tile
from inference.ops.palette import albedo_gain, exposed, recolour, seen_albedo
from inference.ops.tonemap import display

NO_DITHER = np.zeros((1, 1), np.float32)


def test_srgb_is_the_standards() -> None:
    assert srgb_to_linear(0.5) == pytest.approx(0.21404, abs=1e-5)
    codes = np.arange(256, dtype=np.float32) / 255
    assert np.allclose(linear_to_srgb(srgb_to_linear(codes)), codes, atol=1e-5)


@pytest.mark.parametrize(
    ("code", "rgb"), [("#1b4d3e", (27, 77, 62)), ("fff", (255, 255, 255)), (" #0A0 ", (0, 170, 0))]
)
def test_a_hex_colour_is_read(code: str, rgb: tuple[int, int, int]) -> None:
    assert hex_to_rgb(code) == rgb


@pytest.mark.parametrize("code", ["", "#12", "#gggggg", "red", "#12345678", "#+12345"])
def test_what_is_no_colour_is_refused(code: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        hex_to_rgb(code)
    assert refusal.value.code == "shot.bad_colour"


def test_delta_e_of_equal_pixels_is_zero() -> None:
    pixels = np.random.Generator(np.random.PCG64(1)).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    assert delta_e(pixels, pixels).max() == 0
    assert 0 < float(delta_e(np.uint8([[120, 60, 60]]), np.uint8([[121, 60, 60]]))[0]) < 1


@pytest.mark.parametrize("code", ["#1b4d3e", "#f4e9d8", "#0057b8", "#d4a017"])
def test_a_wall_under_unit_light_is_displayed_in_its_own_colour(code: str) -> None:
    shown = display(np.broadcast_to(hex_to_linear(code), (4, 4, 3)).astype(np.float32), NO_DITHER)
    wanted = np.broadcast_to(np.uint8(hex_to_rgb(code)), (4, 4, 3))
    assert delta_e(shown, wanted).max() < 1.0


def test_the_shoulder_keeps_hue_and_never_clips_hard() -> None:
    levels = np.linspace(0.1, 4, 200, dtype=np.float32)
    ramp = levels[None, :, None] * np.float32([1.0, 0.6, 0.3])
    shown = display(ramp, NO_DITHER)[0].astype(int)
    assert (np.diff(shown, axis=0) >= 0).all()
    assert (shown[:, 0] >= shown[:, 1]).all()
    assert (shown[:, 1] >= shown[:, 2]).all()
    assert (shown[levels < 0.86 / 1.0][:, 0] < 245).all()


def test_dither_keeps_the_mean_and_hides_the_step() -> None:
    tile = tpdf_tile(4)
    assert tile.min() >= -1
    assert tile.max() <= 1
    assert abs(float(tile.mean())) < 1e-6
    flat = np.full((256, 256, 3), 0.2003, np.float32)
    shown = display(flat, tile)
    exact = float(linear_to_srgb(0.2003)) * 255
    assert shown.mean() == pytest.approx(exact, abs=0.02)
    assert len(np.unique(shown)) >= 3
    assert not np.array_equal(display(flat, tpdf_tile(5)), shown)


def test_recolouring_leaves_no_fringe_of_the_old_colour() -> None:
    coverage = np.zeros((20, 40), np.uint8)
    coverage[:, :20] = 255
    coverage[:, 20] = 100
    red, blue = np.float32([0.8, 0.1, 0.1]), np.float32([0.1, 0.1, 0.7])
    share = (coverage / np.float32(255))[..., None]
    picture = (red * share + blue * (1 - share)).astype(np.float32)
    green = np.float32([0.05, 0.6, 0.1])
    both = np.stack([coverage, 255 - coverage])
    result = recolour(picture, both, np.stack([albedo_gain(green, red), np.ones(3, np.float32)]))
    assert np.allclose(result, green * share + blue * (1 - share), atol=1e-5)


def test_a_nearly_black_base_gives_way_in_all_channels_so_the_hue_stays() -> None:
    cream = hex_to_linear("#f4e9d8")
    gain = albedo_gain(cream, np.array([0.002, 0.02, 0.05], np.float32))
    shown = gain * np.array([0.002, 0.02, 0.05], np.float32)
    assert gain.max() == pytest.approx(40)
    assert shown / shown.max() == pytest.approx(cream / cream.max(), abs=1e-5)


def test_light_is_taken_back_only_from_a_surface_that_the_picture_could_not_show() -> None:
    lit = np.tile(np.linspace(0.1, 0.5, 500, dtype=np.float32)[:, None], (1, 3))
    pale, even = np.full(3, 4, np.float32), np.ones(3, np.float32)
    share = exposed(lit, pale)
    assert np.quantile(lit * pale * np.float32(share), 0.85) == pytest.approx(0.92, abs=0.01)
    assert exposed(lit, even) == 1
    # What the set itself shows brighter than that may stay as bright.
    assert exposed(lit * 3, even) == 1
    assert exposed(lit * 3, even * np.float32(0.5)) == 1
    assert exposed(lit[:10], pale) == 1


@pytest.mark.parametrize("share", [0.0, 0.03, 0.08])
def test_a_glossy_red_ball_that_is_to_be_white_turns_white_and_not_cyan(share: float) -> None:
    base = np.array([0.4, 0.016, 0.02], np.float32)
    seen = np.broadcast_to((base + np.float32(share)) * np.float32(0.8), (40, 40, 3))
    whole = np.full((40, 40), 255, np.uint8)
    gain = albedo_gain(np.ones(3, np.float32), seen_albedo(seen, whole, base, mirrored=0.1))
    shown = seen[0, 0] * gain
    assert shown / shown[0] == pytest.approx([1, 1, 1], abs=0.01)


def test_what_a_surface_mirrors_is_not_told_from_grey() -> None:
    base, whole = np.full(3, 0.1, np.float32), np.full((40, 40), 255, np.uint8)
    lit = np.broadcast_to(base * np.array([1.2, 1.0, 0.8], np.float32), (40, 40, 3))
    assert np.array_equal(seen_albedo(lit, whole, base, mirrored=0.1), seen_albedo(lit, whole, base))


def test_recolouring_keeps_texture() -> None:
    grain = np.random.Generator(np.random.PCG64(2)).uniform(0.7, 1.3, (16, 16, 1)).astype(np.float32)
    base, new = np.float32([0.5, 0.4, 0.3]), np.float32([0.2, 0.3, 0.4])
    result = recolour(base * grain, np.full((1, 16, 16), 255, np.uint8), albedo_gain(new, base)[None])
    assert np.allclose(result, new * grain, rtol=1e-4)


def test_a_dark_crease_between_recoloured_surfaces_does_not_turn_black_or_bright() -> None:
    coverage = np.zeros((2, 20, 40), np.uint8)
    coverage[0, :, :20], coverage[1, :, 21:], coverage[:, :, 20] = 255, 255, 127
    base, new = np.float32([0.7, 0.6, 0.5]), np.float32([0.05, 0.2, 0.1])
    picture = np.broadcast_to(base, (20, 40, 3)).copy()
    picture[:, 20] *= 0.2
    result = recolour(picture, coverage, np.stack([albedo_gain(new, base)] * 2))
    assert np.allclose(result[:, 20], 0.2 * new, rtol=0.01)
    assert np.allclose(result[:, 10], new, rtol=1e-4)
