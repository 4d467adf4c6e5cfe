"""The rulers of the small SeFi's report: right on pictures whose content is known, wrong on others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from inference.adapters import AdapterPicture, AdapterPlan
from inference.generation import GenerateItem
from inference.training.small_sefi import measures, taught, trials
from inference.training.small_sefi.report import TRIALS, sheet
from inference.training.small_sefi.statistics import estimate, table
from inference.training.small_sefi.trials import Row
from inference.training.small_sefi.words import COLOURS
from inference.types import U8
from tests.checkpoints.quiet import _quiet_and_small  # noqa: F401 - an autouse fixture

SIDE = 96


def test_true_pictures_are_read_right() -> None:
    rows = trials.rulers(12, 128, 4100)
    for figure in ("colour", "place", "wall", "surface"):
        assert {row.figures[figure] for row in rows} == {1.0}, figure
    assert np.mean([row.figures["kind"] for row in rows]) > 0.9


def test_a_picture_of_something_else_is_not_mistaken() -> None:
    scenes = trials.plain_scenes(8, np.random.default_rng(1), 1)
    colours = list(COLOURS)
    for scene, rgb in enumerate(trials.pictures(scenes, SIDE)):
        own = colours[scenes.colour[scene, 0]]
        other = next(name for name in measures.CHROMATIC if name not in (own, "orange", "yellow", "pink", "red"))
        if other != own:
            assert measures.find(rgb, other) is None
    moved = replace(scenes, slot=(scenes.slot + 1) % 3)
    figures = [trials.adherence(rgb, moved, scene) for scene, rgb in enumerate(trials.pictures(scenes, SIDE))]
    assert all(one["place"] == 0.0 and one["all right"] == 0.0 for one in figures)


def test_the_band_of_a_taught_bottle_is_seen_and_missed() -> None:
    scenes = taught.bottles(3, taught.OWN, 5)
    for plain, rgb in zip(trials.pictures(scenes, 128), taught.banded(scenes, 128), strict=True):
        assert taught.band_share(plain, taught.OWN) == 0.0
        assert 0.35 < taught.band_share(rgb, taught.OWN) < 0.55
        assert measures.find(rgb, taught.OWN) is not None


def test_boxes_overlap_as_geometry_says() -> None:
    assert measures.overlap((0.0, 0.0, 0.5, 0.5), (0.0, 0.0, 0.5, 0.5)) == pytest.approx(1.0)
    assert measures.overlap((0.0, 0.0, 0.5, 0.5), (0.25, 0.0, 0.5, 0.5)) == pytest.approx(1 / 3)
    assert measures.overlap((0.0, 0.0, 0.2, 0.2), (0.5, 0.5, 0.2, 0.2)) == 0.0


def test_an_interval_holds_the_mean_and_differences_go_pair_by_pair() -> None:
    rng = np.random.default_rng(2)
    found = estimate(rng.normal(3.0, 1.0, 200))
    assert found.low < 3.0 < found.high
    assert found.high - found.low < 0.4
    blank = np.zeros((1, 1, 3), np.uint8)
    rows = [
        Row(name, key, {"x": level + 0.5 * up}, blank)
        for key, level in enumerate(rng.normal(0.0, 10.0, 20))
        for name, up in (("none", 0), ("some", 1))
    ]
    assert "(+0.50 [+0.50, +0.50])" in table(rows)


class Copyist:
    """Draws grey pictures and notes what it was asked for."""

    side_px = 64

    def __init__(self) -> None:
        self.asked: list[tuple[list[GenerateItem], dict[str, object]]] = []

    def draw(self, items: Sequence[GenerateItem], **options: object) -> list[U8]:
        self.asked.append((list(items), options))
        return [np.full((self.side_px, self.side_px, 3), 128, np.uint8) for _ in items]

    def teach(self, name: str, pictures: Sequence[AdapterPicture], plan: AdapterPlan) -> None:
        assert {picture.rgb.shape for picture in pictures} == {(self.side_px, self.side_px, 3)}
        assert not any("yellow" in picture.caption for picture in pictures)

    def pasted(self, pictures: Sequence[U8], others: Sequence[U8], keeps: Sequence[U8]) -> list[U8]:
        return list(others)


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_conditions_differ_in_one_thing_alone(trial: object) -> None:
    artist = Copyist()
    rows = trial.rows(artist, 4, 11)  # type: ignore[attr-defined]
    assert sheet(rows).ndim == 3
    assert table(rows).count("\n") >= 3
    seeds = [[item.seed for item in items] for items, _ in artist.asked]
    told = {tuple(item.prompt for item in items) for items, _ in artist.asked}
    name: str = trial.name  # type: ignore[attr-defined]
    if name == "candidates":
        assert seeds[1] == seeds[0][::4], "what is drawn in full is the best preview of each prompt"
        return
    assert all(one == seeds[0] for one in seeds)
    assert len(told) == (2 if name in ("prompts", "adapters") or name.startswith("layouts") else 1)
