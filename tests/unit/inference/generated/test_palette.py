"""Palette figures with known answers, and a grade that improves them without touching what is protected."""

from __future__ import annotations

import numpy as np
import pytest

from inference.errors import InputRejected
from inference.ops.colour import delta_e, hex_to_rgb
from inference.ops.oklab import from_oklab, to_oklab
from inference.ops.palette_figures import VERSION, palette_figures
from inference.ops.palette_grade import MAX_SHIFT, free_to_move, graded_to_palette, skin_likeness
from inference.types import U8

GREEN, RUST = "#1b4d3e", "#c0623f"


def flat(*codes: str) -> U8:
    """Stripes of equal width, 60 x 60 each."""
    return np.concatenate([np.full((60, 60, 3), hex_to_rgb(code), np.uint8) for code in codes], axis=1)


def test_a_picture_in_its_palette_is_perfect() -> None:
    figures = palette_figures(flat(GREEN, RUST), (GREEN, RUST))
    assert figures == {"coverage": 1.0, "recall": 1.0, "wasserstein": pytest.approx(0, abs=1), "chromatic": 1.0}


def test_what_is_off_the_palette_counts_by_its_area() -> None:
    figures = palette_figures(flat(GREEN, RUST, "#2a62c9", "#6b3a9c"), (GREEN, RUST))
    assert figures["coverage"] == 0.5
    assert figures["recall"] == 1.0
    assert figures["wasserstein"] > 20


def test_a_palette_colour_that_is_not_there_lowers_recall_alone() -> None:
    figures = palette_figures(flat(GREEN), (GREEN, "#2a62c9"))
    assert (figures["coverage"], figures["recall"]) == (1.0, 0.5)


def test_greys_have_no_colour_to_be_off() -> None:
    figures = palette_figures(flat("#808080", "#ffffff"), (GREEN,))
    assert (figures["coverage"], figures["chromatic"], figures["recall"]) == (1.0, 0.0, 0.0)


def test_the_product_does_not_count() -> None:
    counts = np.zeros((60, 120), np.bool_)
    counts[:, :60] = True
    assert palette_figures(flat(GREEN, "#2a62c9"), (GREEN,), counts)["coverage"] == 1.0
    assert palette_figures(flat(GREEN), (GREEN,), np.zeros((60, 60), np.bool_))["recall"] == 0.0


def test_the_sliced_distance_of_two_points_is_their_distance_over_root_three() -> None:
    # Every direction sees the cosine of its angle to the way between them; its mean square over a sphere is 1/3.
    figures = palette_figures(flat("#ff0000"), ("#00ff00",))
    red, green = np.array([53.24, 80.09, 67.20]), np.array([87.73, -86.18, 83.18])
    assert figures["wasserstein"] == pytest.approx(np.linalg.norm(red - green) / np.sqrt(3), rel=0.06)


def test_figures_are_pinned() -> None:
    """Another number here is another definition: raise ``VERSION`` then."""
    noise = np.random.Generator(np.random.PCG64(3)).integers(0, 256, (80, 80, 3)).astype(np.uint8)
    assert VERSION == 1
    assert palette_figures(noise, (GREEN, RUST)) == {
        "coverage": pytest.approx(0.0239, abs=2e-4),
        "recall": 0.5,
        "wasserstein": pytest.approx(31.432, abs=0.005),
        "chromatic": pytest.approx(0.9893, abs=2e-4),
    }


def test_a_colour_that_can_not_be_read_is_refused() -> None:
    with pytest.raises(InputRejected) as caught:
        palette_figures(flat(GREEN), ("green",))
    assert caught.value.code == "shot.bad_colour"


def test_oklab_and_back_is_the_same_picture() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (4000, 3)).astype(np.uint8)
    assert np.array_equal(from_oklab(to_oklab(colours)), colours)
    white, red = to_oklab(np.array([[255, 255, 255], [255, 0, 0]], np.uint8))
    assert white == pytest.approx([1, 0, 0], abs=1e-3)
    assert red == pytest.approx([0.628, 0.225, 0.126], abs=1e-3)


def plate() -> U8:
    """A soft scene: a green wall that is too yellow, a wooden table that is too orange, each with shading and grain."""
    rows = np.linspace(0.6, 1.1, 200)[:, None, None]
    wall, table = np.array([96, 128, 70]), np.array([190, 130, 60])
    scene = np.where(np.arange(200)[:, None, None] < 110, wall, table) * rows
    grain = np.random.default_rng(1).normal(0, 4, (200, 220, 3))
    return np.clip(scene + grain, 0, 255).astype(np.uint8)


def test_a_grade_brings_a_plate_nearer_to_its_palette() -> None:
    before = palette_figures(plate(), (GREEN, RUST))
    steps = [palette_figures(graded_to_palette(plate(), (GREEN, RUST), amount), (GREEN, RUST)) for amount in (0.5, 1.0)]
    distances = [before["wasserstein"], *(figures["wasserstein"] for figures in steps)]
    assert distances == sorted(distances, reverse=True)
    assert steps[1]["coverage"] > before["coverage"] + 0.1


def test_a_grade_is_capped_and_keeps_lightness() -> None:
    before, after = to_oklab(plate()), to_oklab(graded_to_palette(plate(), ("#2a62c9",), 1.0))
    moved = np.linalg.norm((after - before)[..., 1:], axis=-1)
    assert 0.5 * MAX_SHIFT < moved.max() <= MAX_SHIFT + 0.01
    assert np.abs((after - before)[..., 0]).max() < 0.03


def test_what_is_protected_does_not_change_by_a_bit() -> None:
    protected = np.zeros((200, 220), np.uint8)
    protected[50:150, 60:160] = 255
    graded = graded_to_palette(plate(), (GREEN, RUST), 1.0, protected)
    changed = (graded != plate()).any(axis=2)
    assert not changed[50:150, 60:160].any()
    assert changed.mean() > 0.5


def test_greys_and_skin_stay() -> None:
    skins = ("#8d5524", "#c68642", "#e0ac69", "#f1c27d", "#ffdbac", "#d2a18c", "#a1665e")
    greys = ("#000000", "#303030", "#808080", "#c8c8c8", "#ffffff")
    picture = flat(*greys, "#d2a18c", "#c99a86", "#e8beac", "#6aa84f")
    graded = graded_to_palette(picture, ("#2a62c9",), 1.0)
    apart = delta_e(picture, graded)[30, 30::60]
    assert apart[:5].max() == 0
    assert apart[5:8].max() < 2.5
    assert apart[8] > 5
    lab = to_oklab(np.array([hex_to_rgb(code) for code in (*skins[-2:], "#2a62c9", "#6aa84f")], np.uint8))
    likely = skin_likeness(lab)
    assert likely[:2].min() > 0.6
    assert likely[2:].max() < 0.05


def test_a_grade_makes_no_edges() -> None:
    """Over a smooth ramp of hues neighbours stay neighbours."""
    hue = np.linspace(0, 2 * np.pi, 720)
    lab = np.stack([np.full(720, 0.6), 0.1 * np.cos(hue), 0.1 * np.sin(hue)], axis=1).astype(np.float32)
    ramp = np.repeat(from_oklab(lab)[None], 8, axis=0)
    graded = graded_to_palette(ramp, (GREEN, "#c2267e"), 1.0)
    steps = delta_e(graded[0, 1:], graded[0, :-1])
    assert steps.max() < 5.0
    assert float((steps > 2.5).mean()) < 0.01


def test_nothing_to_do_is_the_same_picture() -> None:
    assert graded_to_palette(plate(), (GREEN,), 0.0) is not None
    assert np.array_equal(graded_to_palette(plate(), (GREEN,), 0.0), plate())
    assert np.array_equal(graded_to_palette(plate(), ("#808080",), 1.0), plate())
    assert free_to_move(to_oklab(flat("#808080")), None).max() == 0
