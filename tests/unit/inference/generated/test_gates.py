"""Candidates are rejected, ranked and drawn in full; all of them come back, and all that made them is written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference.errors import InputRejected
from inference.generation import GenerateOptions, GenerateRequest, LayoutObject
from inference.models import model_card
from inference.pipelines.generated.canvas import drawn_size
from inference.pipelines.generated.judging import marked, ranked, score
from inference.pipelines.generated.result import GeneratedCandidate, GeneratedShot
from inference.pipelines.generated.shot import generated_shot
from inference.pipelines.generated.spec import GeneratedInputs, GeneratedSpec, PaletteMeans
from inference.pipelines.generated.verify import placement_of
from inference.recipe import recipe_hash
from inference.scene import SceneForm
from inference.types import U8, Cutout
from tests.unit.inference.generated.painted import GREEN, SPEC, Painted


@pytest.fixture
def made(photo: U8, cutout: Cutout) -> Any:
    def make(spec: GeneratedSpec = SPEC, **inputs: Any) -> GeneratedShot:
        return generated_shot(spec, GeneratedInputs(photo, cutout, **inputs), options=GenerateOptions())

    return make


def scene_with_more_product(size: tuple[int, int]) -> U8:
    """The red of the product goes on beside it."""
    picture = np.full((*size, 3), 170, np.uint8)
    height, width = size
    picture[int(0.4 * height) : int(0.8 * height), int(0.3 * width) : int(0.72 * width)] = (180, 40, 30)
    return picture


def test_a_candidate_that_drew_more_product_is_rejected_and_another_wins(painted: Painted, made: Any) -> None:
    painted.paint = lambda seed, size, request: (
        scene_with_more_product(size) if seed == 0 else np.full((*size, 3), 170, np.uint8)
    )
    shot = made()
    assert [candidate.seed for candidate in shot.candidates] == [1, 2, 0]
    assert "generated.product_extended" in shot.candidates[-1].rejected
    assert shot.candidates[-1].figures["extension_iou"] < 0.98
    assert shot.measures["extension_iou"] >= 0.98
    assert shot.recipe["parameters"]["chosen_seed"] == 1


def test_an_edit_that_draws_more_of_the_product_is_rejected_where_it_drew(
    painted: Painted, made: Any, photo: U8, cutout: Cutout
) -> None:
    """The same gate as for a scene; what stood in the picture before an edit is not held against it."""
    shot = made(replace(SPEC, candidates=1))
    inputs = {"picture": shot.master, "placement": placement_of(shot.recipe)}
    edit = replace(SPEC, mode="edit", instruction="a red box beside it", region=(0.0, 0.0, 1.0, 1.0))
    painted.paint = lambda seed, size, request: (
        np.full((*size, 3), 170, np.uint8) if seed == 1 else scene_with_more_product(size)
    )
    changed = made(edit, **inputs)
    assert changed.recipe["parameters"]["chosen_seed"] == 1
    rejected = [candidate.rejected for candidate in changed.candidates]
    assert rejected[0] == ()
    assert all("generated.product_extended" in codes for codes in rejected[1:])
    assert changed.measures["extension_iou"] >= 0.98
    painted.paint = lambda seed, size, request: scene_with_more_product(size)
    with pytest.raises(InputRejected) as caught:
        made(edit, **inputs)
    assert caught.value.code == "generated.no_candidate_passed"
    above = made(replace(edit, region=(0.0, 0.0, 1.0, 0.12)), **inputs)
    assert (above.measures["extension_iou"], above.measures["product_count"]) == (1.0, 1.0)


def test_when_all_fail_it_says_how_many_failed_what(painted: Painted, made: Any) -> None:
    painted.paint = lambda seed, size, request: scene_with_more_product(size)
    with pytest.raises(InputRejected) as caught:
        made()
    assert caught.value.code == "generated.no_candidate_passed"
    assert (caught.value.params["candidates"], caught.value.params["product_extended"]) == (3, 3)
    assert not caught.value.retryable
    assert len(painted.requests) == 1


def test_a_winner_that_fails_in_full_makes_room_for_the_next(painted: Painted, made: Any) -> None:
    painted.paint = lambda seed, size, request: (
        scene_with_more_product(size) if len(request.items) == 1 and seed == 0 else np.full((*size, 3), 170, np.uint8)
    )
    shot = made()
    assert shot.recipe["parameters"]["chosen_seed"] == 1
    assert [candidate.seed for candidate in shot.candidates] == [1, 0, 2]


def greener(seed: int, size: tuple[int, int], _: object) -> U8:
    share = (0.1, 0.7, 0.4)[seed]
    picture = np.full((*size, 3), (120, 110, 160), np.uint8)
    picture[: int(share * size[0])] = (0x1B, 0x4D, 0x3E)
    return picture


def test_the_palette_ranks(painted: Painted, made: Any) -> None:
    painted.paint = greener
    shot = made()
    assert [candidate.seed for candidate in shot.candidates] == [1, 2, 0]
    coverages = [candidate.figures["palette_coverage"] for candidate in shot.candidates]
    assert coverages == sorted(coverages, reverse=True)
    assert shot.measures["palette_coverage"] == pytest.approx(coverages[0], abs=0.02)
    unranked = made(replace(SPEC, palette_means=PaletteMeans(rank=False, grade=0.0)))
    assert all("palette" not in candidate.marks for candidate in unranked.candidates)
    assert unranked.candidates[0].figures["palette_coverage"] > 0


def test_the_full_picture_starts_from_the_preview_with_its_seed(painted: Painted, made: Any) -> None:
    painted.paint = greener
    shot = made()
    preview, full = painted.requests
    assert [item.seed for item in preview.items] == [0, 1, 2]
    assert (preview.width, full.width) == (128, 160)
    assert [item.seed for item in full.items] == [1]
    reference = full.items[0].reference
    assert reference is not None
    assert 0 < reference.strength < 1
    assert reference.rgb.shape == (160, 160, 3)
    assert shot.measures["preview_likeness"] > 0.9


def test_a_preview_as_large_as_the_picture_is_the_picture(painted: Painted, made: Any) -> None:
    shot = made(replace(SPEC, width=128, height=128))
    assert len(painted.requests) == 1
    assert np.array_equal(shot.master, shot.candidates[0].rgb)


def test_each_mean_of_the_palette_can_be_used_alone(painted: Painted, made: Any) -> None:
    painted.paint = greener
    scene = SceneForm(palette=(GREEN,))
    none = PaletteMeans(words=False, rank=False, grade=0.0, pull=0.0)
    asked = {}
    for name, means in {
        "none": none,
        "words": replace(none, words=True),
        "grade": replace(none, grade=1.0),
        "pull": replace(none, pull=0.2),
    }.items():
        painted.requests.clear()
        shot = made(replace(SPEC, scene=scene, candidates=1, palette_means=means))
        item = painted.requests[0].items[0]
        asked[name] = ("dark green" in item.prompt, item.palette, item.pull, shot.measures)
    assert [asked[name][0] for name in asked] == [False, True, False, False]
    assert [bool(asked[name][1]) for name in asked] == [False, False, False, True]
    assert asked["pull"][2] == 0.2
    plain, graded = asked["none"][3], asked["grade"][3]
    assert plain["palette_wasserstein"] == plain["drawn_wasserstein"]
    assert graded["palette_wasserstein"] < graded["drawn_wasserstein"]


def test_the_product_is_held_early_in_texture_and_always_in_meaning(painted: Painted, made: Any) -> None:
    made()
    reference = painted.requests[0].items[0].reference
    assert reference is not None
    assert reference.keep is not None
    assert (reference.hold_texture, reference.hold_semantics) == (0.5, 1.0)
    assert 0.03 < float((reference.keep > 0).mean()) < 0.5


def test_reimagined_lets_go_as_far_as_it_is_asked_to(painted: Painted, made: Any) -> None:
    holds = []
    for strength in (0.0, 0.3, 0.6, 1.0):
        painted.requests.clear()
        made(replace(SPEC, mode="reimagined", strength=strength))
        reference = painted.requests[0].items[0].reference
        assert reference is not None
        holds.append((reference.hold_texture, reference.hold_semantics))
    assert holds == sorted(holds, reverse=True)
    assert holds[-1] == (0.0, 0.0)
    assert holds[0][1] == 1.0


def test_a_style_travels_beside_the_product_in_the_shape_of_the_picture(painted: Painted, made: Any) -> None:
    style = np.zeros((100, 400, 3), np.uint8)
    style[:, 150:250] = 255
    made(replace(SPEC, style_strength=0.7), style=style)
    sent = painted.requests[0].items[0].style
    assert sent is not None
    assert (sent.rgb.shape, sent.strength) == ((128, 128, 3), 0.7)
    assert sent.rgb.min() > 250  # the middle of the style
    made(replace(SPEC, style_strength=0.0), style=style)
    assert painted.requests[-1].items[0].style is None


def test_a_larger_picture_is_drawn_at_what_the_model_can_and_the_product_at_full_sharpness(
    painted: Painted, made: Any
) -> None:
    shot = made(replace(SPEC, width=400, height=300, candidates=1))
    assert (painted.requests[-1].width, painted.requests[-1].height) == (192, 144)
    assert shot.master.shape == (300, 400, 3)
    assert shot.gate is not None
    assert shot.gate.max_abs_diff == 0


@pytest.mark.parametrize(
    ("asked", "longest", "size"),
    [
        ((1024, 1024), 512, (512, 512)),
        ((1080, 1350), None, (1088, 1344)),
        ((1600, 400), 512, (1024, 256)),
        ((3000, 3000), None, (1536, 1536)),
        ((100, 100), None, (256, 256)),
    ],
)
def test_sizes_that_a_model_draws(asked: tuple[int, int], longest: int | None, size: tuple[int, int]) -> None:
    assert drawn_size(model_card("sefi-1b-turbo"), *asked, longest_px=longest) == size


def test_equal_requests_have_equal_hashes_and_other_ones_other(painted: Painted, made: Any) -> None:
    first, again = made(), made()
    other = made(replace(SPEC, seed=9))
    assert recipe_hash(first.recipe) == recipe_hash(again.recipe) != recipe_hash(other.recipe)
    for key in ("prompt", "graph", "model", "versions", "inputs", "cutout", "code"):
        assert first.recipe[key]


def candidates(*scores: tuple[float, bool]) -> Sequence[GeneratedCandidate]:
    blank = np.zeros((1, 1, 3), np.uint8)
    return [
        GeneratedCandidate(seed, blank, () if passed else ("x",), {}, {}, value)
        for seed, (value, passed) in enumerate(scores)
    ]


def test_ranking_is_by_score_among_those_that_passed() -> None:
    order = ranked(candidates((0.2, True), (0.9, False), (0.7, True), (0.2, True)))
    assert [candidate.seed for candidate in order] == [2, 0, 3, 1]


def test_what_was_not_measured_has_no_mark_and_no_weight() -> None:
    assert marked({}) == {}
    assert score({}) == 0.0
    assert score({"layout": 0.8}) == 0.8
    assert marked({"prompt_cosine": 0.35})["prompt"] == 1.0
    assert marked({"prompt_cosine": 0.1})["prompt"] == 0.0


def test_an_editor_gets_the_product_in_words_and_the_pixels_are_pasted_all_the_same(
    painted: Painted, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = replace(model_card("qwen-image-edit-2509"), min_px=32, max_px=192)
    monkeypatch.setattr(painted, "card", editor, raising=False)
    shot = made(replace(SPEC, candidates=1, scene=SceneForm(surface="oak", props=("lemons",))))
    item = painted.requests[0].items[0]
    assert item.reference is not None
    assert (item.reference.keep, item.reference.strength, item.layout) == (None, 1.0, ())
    assert "exact product" in item.prompt
    assert shot.gate is not None
    assert shot.gate.max_abs_diff == 0
    assert "generated.layout_not_told" in shot.candidates[0].reasons


def test_a_prompt_too_long_for_a_layout_is_drawn_without_and_says_so(painted: Painted, made: Any) -> None:
    def unheard(seed: int, size: tuple[int, int], request: GenerateRequest) -> U8:
        if request.items[0].layout:
            raise InputRejected("generate.layout_phrase", "the words come too late")
        return np.full((*size, 3), 170, np.uint8)

    painted.paint = unheard
    shot = made(replace(SPEC, candidates=1, scene=SceneForm(surface="oak", props=("lemons",))))
    assert [bool(request.items[0].layout) for request in painted.requests][:2] == [True, False]
    assert "generated.layout_left_out" in shot.candidates[0].reasons
    assert "generated.layout_not_told" not in shot.candidates[0].reasons


def test_words_of_the_product_reach_only_the_place_where_it_is_pasted(painted: Painted, made: Any) -> None:
    scene = SceneForm(surface="oak", props=("lemons",))
    shot = made(replace(SPEC, scene=scene))
    product = shot.scene.graph.product
    for request in painted.requests:
        for item in request.items:
            assert item.layout == (*shot.scene.layout, LayoutObject("a red box", product.box))
            assert all(one.phrase.lower() in item.prompt.lower() for one in item.layout)
    painted.requests.clear()
    made(replace(SPEC, candidates=1, mode="reimagined", scene=scene))
    assert [one.phrase for one in painted.requests[0].items[0].layout] == [one.phrase for one in shot.scene.layout]
    painted.requests.clear()
    alone = made(replace(SPEC, candidates=1, scene=SceneForm()))
    assert [one.phrase for one in painted.requests[0].items[0].layout] == ["a red box"]
    assert "generated.layout_not_told" not in alone.candidates[0].reasons
