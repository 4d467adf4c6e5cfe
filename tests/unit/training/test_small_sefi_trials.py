"""The trials of the small SeFi on a checkpoint with random weights: what they ask, measure and keep."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inference.engines.sefi.semantic import SemanticEncoder
from inference.pipelines.generated.judging import score
from inference.pipelines.generated.result import GeneratedCandidate
from inference.training.small_sefi import judged, parts, report, slid, statistics, taught, trials
from inference.training.small_sefi.artist import Artist
from inference.training.small_sefi.asked import placed, product_of, story_of
from inference.training.small_sefi.journal import Journal
from inference.training.small_sefi.presets import PRESETS
from inference.training.small_sefi.saving import export
from inference.training.small_sefi.trials import BRANDS, NONE, Row
from tests.checkpoints.quiet import _quiet_and_small  # noqa: F401 - an autouse fixture

TINY = PRESETS["tiny"]
SIDE = 64
SEED = 11


@pytest.fixture(scope="module")
def artist(tmp_path_factory: pytest.TempPathFactory) -> Artist:
    """Random weights that draw noise, two steps a picture."""
    out = tmp_path_factory.mktemp("random")
    torch.manual_seed(3)
    network = parts.transformer(TINY)
    for name, weight in network.named_parameters():
        if weight.ndim == 2 and not weight.any():
            torch.nn.init.normal_(network.get_parameter(name), std=0.05)
    pipeline = parts.pipeline(parts.codec(TINY).eval(), network, parts.text_encoder(), TINY)
    export(out, pipeline, SemanticEncoder(*parts.seeing(TINY)), TINY)
    return Artist(out, SIDE, device="cpu", steps=2, adapters=tmp_path_factory.mktemp("adapters"))


def by_condition(rows: list[Row]) -> dict[str, list[Row]]:
    return {name: [row for row in rows if row.condition == name] for name in statistics.conditions(rows)}


AT_ONCE: dict[str, tuple[Callable[[Artist, int, int], list[Row]], int]] = {
    "prompts": (trials.prompts, 3),
    "references": (trials.references, 6),
    "palettes": (trials.palettes, 4),
    "one": (trials.layouts_of_one, 6),
    "two": (trials.layouts_of_two, 6),
    "against": (trials.layouts_against, 6),
    "candidates": (lambda artist, count, seed: trials.candidates(artist, count, 2, seed), 2),
}
BY_KEY: dict[str, tuple[Callable[[Artist, int, int], judged.ByKey], int]] = {
    "words": (judged.words_of_the_product, 5),
    "words alone": (judged.words_of_a_lone_product, 3),
    "reimagined": (slid.reimagined, 7),
    "styles": (slid.styles, 5),
    "edits": (slid.edits, 5),
}
# Figures that are no shares of something: distances and levels.
UNBOUNDED = {"product dE00", "wasserstein", "spill", "wall dE00", "surface dE00", "changed dE00", "outside"}


def are_sound(rows: list[Row], conditions: int, keys: range) -> None:
    """Every condition has each key once; shares are shares; pictures are pictures."""
    found = by_condition(rows)
    assert len(found) == conditions
    for of in found.values():
        assert [row.key for row in of] == list(keys)
    for row in rows:
        assert row.rgb.shape == (SIDE, SIDE, 3)
        assert row.rgb.dtype == np.uint8
        for name, value in row.figures.items():
            assert np.isfinite(value), name
            assert 0.0 <= value <= (1000.0 if name in UNBOUNDED else 1.5), name
    assert statistics.table(rows).count("\n") >= len(found)


@pytest.mark.parametrize("name", AT_ONCE)
def test_a_trial_measures_every_prompt_under_every_condition(artist: Artist, name: str) -> None:
    make, conditions = AT_ONCE[name]
    are_sound(make(artist, 2, SEED), conditions, range(2))


@pytest.mark.parametrize("name", BY_KEY)
def test_a_trial_by_key_measures_its_prompt_under_every_condition(artist: Artist, name: str) -> None:
    make, conditions = BY_KEY[name]
    are_sound(make(artist, 2, SEED)(1), conditions, range(1, 2))


def test_every_trial_of_the_report_is_run_here() -> None:
    assert len(report.TRIALS) == len(AT_ONCE) + len(BY_KEY) + len(("adapters", "judging", "palette means"))


def test_measures_are_right_on_true_pictures() -> None:
    told = statistics.table(trials.rulers(6, 128, SEED))
    assert "| true pictures | 1.00 [1.00, 1.00] | 1.00 [1.00, 1.00] |" in told


def test_a_mask_of_no_steps_changes_nothing_and_one_of_all_steps_does(artist: Artist) -> None:
    found = by_condition(trials.layouts_of_two(artist, 1, SEED))
    plain, held = found[NONE][0].rgb, found["all steps"][0].rgb
    again = by_condition(trials.layouts_of_two(artist, 1, SEED))[NONE][0].rgb
    assert np.array_equal(plain, again)
    assert not np.array_equal(plain, held)


def test_the_adapter_that_is_taught_changes_what_is_drawn(artist: Artist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taught, "PLAN", replace(taught.PLAN, steps=3, batch=2, rate=0.05))
    monkeypatch.setattr(taught, "_PICTURES", 2)
    rows = taught.adapters(artist, 1, SEED)
    are_sound(rows, 3, range(1))
    pictures = [row.rgb for row in rows]
    assert not np.array_equal(pictures[0], pictures[2])
    lesson = taught.bottles(2, taught.OWN, SEED)
    assert taught.band_share(taught.banded(lesson, 128)[0], taught.OWN) == pytest.approx(0.45, abs=0.1)
    assert taught.band_share(trials.pictures(lesson, 128)[0], taught.OWN) == 0.0


def test_the_product_stands_where_it_was_photographed_to_the_last_pixel(artist: Artist) -> None:
    scenes = trials.plain_scenes(2, np.random.default_rng(SEED), 1)
    product = product_of(scenes, 0, scenes.objects(0)[0], SIDE)
    story = story_of(artist, product.spec(artist, "exact"), product.inputs(), "a red mug")
    assert story.prompt == "a red mug"
    there = placed(story)
    assert np.array_equal(there.mask > 127, product.alpha > 127)
    inside = there.mask == 255
    assert np.array_equal(there.layer[inside][:, :3], product.photo[inside])


def test_an_edit_changes_more_with_its_strength_and_nothing_outside(artist: Artist) -> None:
    rows = slid.edits(artist, 1, SEED)(0)
    assert [row.figures["outside"] for row in rows] == [0.0] * len(rows)
    assert rows[0].figures["changed dE00"] < rows[-1].figures["changed dE00"]


def test_a_grade_alone_keeps_what_was_drawn_and_a_pull_draws_something_else(
    artist: Artist, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, bool, float]] = []
    draw = judged.draw_candidates

    def noted(story: Any, **rest: Any) -> Any:
        means = story.spec.palette_means
        seen.append((story.prompt, means.words, means.pull))
        return draw(story, **rest)

    monkeypatch.setattr(judged, "draw_candidates", noted)
    monkeypatch.setattr(judged, "EACH", 1)
    rows = judged.palette_means(artist, 1, SEED)(0)
    are_sound(rows, 1 + len(judged.MEANS), range(1))
    pictures = {row.condition: row.rgb for row in rows}
    assert np.array_equal(pictures[NONE], pictures["rank of 4"])  # of one candidate
    assert not np.array_equal(pictures[NONE], pictures["pull 0.15"])
    assert [one[1:] for one in seen] == [(False, 0.0), (True, 0.0), (False, 0.15), (True, 0.15)]
    assert [" before a " in one[0] for one in seen] == [False, True, False, True]


def test_colours_are_told_as_the_nearest_surface_and_wall() -> None:
    told = [judged.in_words(brand) for brand in BRANDS]
    assert told[0] == " on clay before a forest wall"
    assert "before a navy wall" in told[1]
    assert judged.in_words(["#28325a"]).endswith(" before a navy wall")


def test_judging_measures_every_choice_and_none_is_better_than_by_the_figures_themselves(artist: Artist) -> None:
    photo, none, *others = rows = judged.judging(artist, 1, SEED)(0)
    are_sound(rows, 9, range(1))
    assert photo.figures == {}
    assert none.condition == NONE
    best = judged._truth(others[-1].figures)
    assert all(judged._truth(row.figures) <= best for row in (none, *others))


def test_gates_come_first_then_marks_and_the_reader_counts_where_it_reads() -> None:
    def candidate(seed: int, palette: float, layout: float, *rejected: str) -> GeneratedCandidate:
        marks = {"palette": palette, "layout": layout}
        figures = {
            "palette_coverage": palette,
            "palette_recall": palette,
            "palette_wasserstein": 30.0 * (1 - palette),
            "presence": layout,
            "calm": layout,
        }
        return GeneratedCandidate(seed, np.zeros((2, 2, 3), np.uint8), rejected, figures, marks, score(marks))

    def figures(passed: float, kind: float) -> dict[str, float]:
        wanted = dict.fromkeys(("there", "in its box", "coverage", "recall"), 0.5)
        return {"gates passed": passed, "drawn again": 0.0, "kind": kind, **wanted}

    four = [
        candidate(0, 0.9, 0.9, "generated.product_extended"),
        candidate(1, 0.6, 0.1),
        candidate(2, 0.2, 0.9),
        candidate(3, 0.5, 0.4),
    ]
    found = {0: figures(0.0, 1.0), 1: figures(1.0, 0.0), 2: figures(1.0, 0.0), 3: figures(1.0, 1.0)}
    won = {condition: one.seed for condition, one in judged._choices(four, found).items()}
    assert won == {
        NONE: 0,
        "gates alone": 1,
        "best of 2": 1,
        "best of 4": 2,
        "best of 4 by palette alone": 1,
        "best of 4 by layout alone": 2,
        "best of 4 with a faultless reader": 3,
        "best of 4 by these figures": 3,
    }


def some_rows(key: int) -> list[Row]:
    return [
        Row(NONE, key, {"share": 0.1 * key}, np.full((4, 6, 3), (10 + key, 20, 200), np.uint8)),
        Row("for the sheet", key, {}, np.zeros((4, 6, 3), np.uint8)),
    ]


def test_kept_rows_are_read_again_and_not_made_again(tmp_path: Path) -> None:
    about = {"steps": 2, "weights": "one"}
    made: list[int] = []

    def make(key: int) -> list[Row]:
        made.append(key)
        return some_rows(key)

    for _ in range(2):
        journal = Journal(tmp_path / "rows", about)
        rows = [journal.rows(key, lambda key=key: make(key)) for key in range(2)]  # type: ignore[misc]
    assert made == [0, 1]
    assert rows[1][0].figures == {"share": 0.1}
    assert rows[1][0].condition == NONE
    assert np.array_equal(rows[1][0].rgb, some_rows(1)[0].rgb)
    assert rows[1][1].figures == {}
    Journal(tmp_path / "rows", {**about, "weights": "other"}).rows(1, lambda: make(1))
    assert made == [0, 1, 1]


def test_a_report_goes_on_where_it_was_stopped(artist: Artist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def make(_artist: Artist, _count: int, _seed: int) -> judged.ByKey:
        def rows(key: int) -> list[Row]:
            asked.append(key)
            if len(asked) == 2:
                raise KeyboardInterrupt
            return some_rows(key)

        return rows

    monkeypatch.setattr(report, "TRIALS", (report.Trial("long", "Long", "Takes long.", report.key_by_key(make)),))
    monkeypatch.setattr(report.trials, "rulers", lambda *_: some_rows(0))
    with pytest.raises(KeyboardInterrupt):
        report.report(artist, tmp_path / "report.md", 3, [])
    report.report(artist, tmp_path / "report.md", 3, [])
    assert asked == [0, 1, 1, 2]
    assert "| none | 0.10 [0.00, 0.20] |" in (tmp_path / "report.md").read_text()
    kept = json.loads((tmp_path / "report-long-rows" / "0000.json").read_text())
    assert kept["about"]["weights"] == artist.weights_sha256
