"""Best of N: what can be measured puts the seeds in order, and the reasons are the measures."""

from __future__ import annotations

import numpy as np
import pytest

from inference.ops.appeal import grounding, rated, score, separation
from inference.pipelines.best_of import best_of, score_of
from inference.pipelines.product_shot import draft_shot, make_shot
from inference.ports import SceneOptions
from inference.types import Cutout, ShotSpec


def layers(product_colour: tuple[int, int, int], plate_colour: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    product = np.zeros((120, 120, 4), np.uint8)
    product[30:100, 40:80] = (*product_colour, 255)
    return product, np.full((120, 120, 3), plate_colour, np.uint8)


def test_separation_is_the_difference_across_the_outline() -> None:
    near = separation(*layers((200, 200, 200), (210, 210, 210)))
    far = separation(*layers((30, 30, 30), (230, 230, 230)))
    assert near < 5
    assert far > 60
    assert separation(np.zeros((50, 50, 4), np.uint8), np.zeros((50, 50, 3), np.uint8)) == 0


def test_separation_looks_at_the_weakest_part_of_the_outline() -> None:
    product, plate = layers((200, 60, 60), (230, 230, 230))
    plate[:, 75:] = (200, 60, 60)
    assert separation(product, plate) < 0.5 * separation(*layers((200, 60, 60), (230, 230, 230)))


def test_a_product_without_a_shadow_under_it_is_not_grounded() -> None:
    mask = np.zeros((100, 100), np.uint8)
    mask[20:80, 30:70] = 255
    light = np.full((100, 100), 255, np.uint8)
    shaded = light.copy()
    shaded[74:90, 25:75] = 90
    assert grounding(mask, light, 80) == 0
    assert grounding(mask, shaded, 80) == pytest.approx(1 - 90 / 255, abs=0.01)
    assert grounding(np.zeros_like(mask), shaded, 80) == 0


def test_marks_lie_between_0_and_1_and_the_score_is_their_weighted_mean() -> None:
    good = rated({"separation": 160, "grounding": 9, "fill": 0.6, "edge": 0.0, "palette": 0.0})
    usual = rated({"separation": 30, "grounding": 0.5, "fill": 0.6, "edge": 0.1})
    better = rated({"separation": 31, "grounding": 0.5, "fill": 0.6, "edge": 0.1})
    assert 0.5 < score(usual) < score(better) < 1
    poor = rated({"separation": 0, "grounding": 0, "fill": 0.0, "edge": 9.0, "palette": 30.0})
    assert set(good.values()) == {1.0}
    assert set(poor.values()) == {0.0}
    assert (score(good), score(poor)) == (1.0, 0.0)
    assert "palette" not in rated({"separation": 5, "grounding": 0.2, "fill": 0.5, "edge": 1.0})


def test_the_best_of_some_seeds_comes_first_with_its_figures(
    photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    spec = ShotSpec("synthetic", width=800, height=800, palette=("#c9d8c5",))
    seeds = (0, 1, 2, 3)
    found = best_of(photo, cutout, spec, seeds, longest_px=240, options=options)

    assert sorted(candidate.seed for candidate in found) == list(seeds)
    scores = [candidate.score for candidate in found]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) > 1
    first = found[0]
    assert set(first.figures) == {"separation", "grounding", "fill", "edge", "palette"}
    assert first.rgb.shape == (240, 240, 3)
    drawn = draft_shot(
        photo, cutout, ShotSpec("synthetic", 800, 800, ("#c9d8c5",), first.seed), longest_px=240, options=options
    )
    assert np.array_equal(first.rgb, drawn.rgb)


def test_a_finished_shot_is_scored_as_its_candidate_was(
    photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    spec = ShotSpec("synthetic", width=480, height=480, seed=2, palette=("#c9d8c5",))
    [candidate] = best_of(photo, cutout, spec, [2], longest_px=480, options=options)
    shot = make_shot(photo, cutout, spec, options=options)
    assert score_of(shot, longest_px=480) == pytest.approx(candidate.score, abs=0.001)
    assert score_of(shot, longest_px=240) == pytest.approx(candidate.score, abs=0.08), "also measured smaller"
