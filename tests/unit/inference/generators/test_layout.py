"""Objects with boxes: which words reach which cells, and that a picture listens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from inference.engines.diffusion.graphs import Recorded, Recording
from inference.engines.diffusion.layout import attention_mask, mask_of
from inference.engines.diffusion.requests import check
from inference.engines.diffusion.shelf import Shelf
from inference.engines.flux2_klein.engine import klein_engine
from inference.engines.sefi.engine import sefi_engine
from inference.errors import InputRejected
from inference.generation import (
    GenerateItem,
    GenerateOptions,
    GenerateRequest,
    LayoutObject,
    ReferencePicture,
    batch_key,
)
from inference.models import model_card
from tests.unit.inference.generators.conftest import small
from tests.unit.inference.generators.taping import Recorder

MUG = LayoutObject("blue mug", (0.0, 0.0, 0.5, 0.5))
SOAP = LayoutObject("soap", (0.5, 0.5, 0.5, 0.5))
PROMPT = "a blue mug, soap"


def words(*indices: int) -> torch.Tensor:
    chosen = torch.zeros(6, dtype=torch.bool)
    chosen[list(indices)] = True
    return chosen


def test_a_cell_hears_the_words_of_its_own_object_and_nobodys() -> None:
    mask = attention_mask([MUG, SOAP], [words(1, 2), words(4)], 6, (2, 2))[0]
    hears = mask[6:, :6].int().tolist()
    assert hears == [
        [1, 1, 1, 1, 0, 1],
        [1, 0, 0, 1, 0, 1],
        [1, 0, 0, 1, 0, 1],
        [1, 0, 0, 1, 1, 1],
    ]
    assert torch.equal(mask[:6, 6:], mask[6:, :6].T)
    assert bool(mask[:6, :6].all())


def test_cells_of_two_objects_do_not_see_each_other_while_boxes_hold() -> None:
    sees = attention_mask([MUG, SOAP], [words(1, 2), words(4)], 6, (2, 2))[0, 6:, 6:]
    assert sees.int().tolist() == [
        [1, 1, 1, 0],
        [1, 1, 1, 1],
        [1, 1, 1, 1],
        [0, 1, 1, 1],
    ]
    everywhere = replace(SOAP, box=(0.0, 0.0, 1.0, 1.0))
    assert bool(attention_mask([MUG, everywhere], [words(1), words(4)], 6, (2, 2))[0, 6:, 6:].all())


def test_where_boxes_overlap_both_are_heard() -> None:
    mask = attention_mask([MUG, replace(SOAP, box=(0.0, 0.0, 1.0, 1.0))], [words(1), words(4)], 6, (2, 2))[0]
    assert mask[6, :6].tolist() == [True] * 6
    assert mask[9, :6].tolist() == [True, False, True, True, True, True]


def test_a_box_smaller_than_a_cell_still_has_one() -> None:
    tiny = LayoutObject("soap", (0.55, 0.05, 0.02, 0.02))
    mask = attention_mask([tiny], [words(4)], 6, (2, 2))[0]
    assert mask[6:, 4].tolist() == [False, True, False, False]


@pytest.fixture
def engine(options: GenerateOptions) -> Any:
    return sefi_engine(small("sefi-1b-turbo"), options)


def test_phrases_are_found_in_the_tokens_of_the_prompt(engine: Any) -> None:
    prompts = engine.loaded().prompts
    chosen = prompts.tokens_of(PROMPT, "Blue Mug")
    assert int(chosen.sum()) == len("blue mug")
    assert int(prompts.tokens_of("soap and soap", "soap").sum()) == 2 * len("soap")
    assert not prompts.tokens_of(PROMPT, "lamp").any()
    everything = mask_of(prompts, PROMPT, (), (2, 3))
    assert bool(everything.all())


def ask(*layouts: tuple[LayoutObject, ...], **changes: Any) -> GenerateRequest:
    items = tuple(GenerateItem(PROMPT, 3, layout=layout) for layout in layouts)
    return GenerateRequest(items, **{"width": 64, "height": 64, "layout_share": 1.0, **changes})


def gap(left: Any, right: Any) -> int:
    return int(np.abs(left.rgb.astype(int) - right.rgb.astype(int)).max())


def changed(left: Any, right: Any) -> float:
    """The share of samples that differ; rounding alone flips very few."""
    return float((left.rgb != right.rgb).mean())


def test_pictures_with_places_are_replayed_and_are_the_same_pictures(engine: Any) -> None:
    """With two layouts of one shape: what a replay reads is the mask of its own request."""
    requests = [ask((MUG, SOAP)), ask((SOAP, replace(MUG, box=(0.2, 0.3, 0.4, 0.5))))]
    plain = [engine.generate(request)[0].rgb for request in requests]
    assert (plain[0] != plain[1]).any()
    shelf, recorder = Shelf[Recording](1 << 30), Recorder()
    transformer = engine.loaded().transformer
    transformer.forward = Recorded(transformer.forward, shelf, record=recorder)
    with shelf.opening():
        replayed = [engine.generate(request)[0].rgb for request in requests]
    assert all((one == other).all() for one, other in zip(plain, replayed, strict=True))
    assert recorder.made == 1


def test_a_layout_changes_its_own_picture_alone(engine: Any) -> None:
    plain = engine.generate(ask((), ()))
    placed = engine.generate(ask((), (MUG, SOAP)))
    alone = engine.generate(ask((MUG, SOAP)))
    assert changed(plain[0], placed[0]) < 0.01 < changed(plain[1], placed[1])
    assert changed(placed[1], alone[0]) < 0.01
    assert changed(plain[0], engine.generate(ask((MUG, SOAP), layout_share=0.0))[0]) < 0.01


def test_klein_listens_too_and_its_reference_is_seen_by_all(options: GenerateOptions) -> None:
    klein = klein_engine(small("flux2-klein-4b"), options)
    reference = ReferencePicture(np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8))
    request = ask((MUG, SOAP))
    shown = replace(request, items=(replace(request.items[0], reference=reference),))
    without = replace(shown, items=(replace(shown.items[0], layout=()),))
    assert gap(klein.generate(shown)[0], klein.generate(without)[0]) > 0


def test_an_object_that_the_prompt_does_not_name_is_refused(engine: Any) -> None:
    with pytest.raises(InputRejected, match="lamp") as caught:
        engine.generate(ask((LayoutObject("lamp", (0, 0, 1, 1)),)))
    assert caught.value.code == "generate.layout_phrase"


@pytest.mark.parametrize(
    "one",
    [
        LayoutObject("soap", (0.6, 0.0, 0.5, 0.5)),
        LayoutObject("soap", (-0.1, 0.0, 0.5, 0.5)),
        LayoutObject("soap", (0.0, 0.0, 0.0, 0.5)),
        LayoutObject(" ", (0.0, 0.0, 0.5, 0.5)),
    ],
)
def test_boxes_outside_the_picture_are_refused(one: LayoutObject) -> None:
    with pytest.raises(InputRejected) as caught:
        check(model_card("sefi-1b-turbo"), ask((one,), width=512, height=512))
    assert caught.value.code == "generate.bad_layout"


def test_items_with_a_layout_have_a_pass_of_their_own() -> None:
    keys = [
        batch_key("m", ask(())),
        batch_key("m", ask((MUG,))),
        batch_key("m", ask((MUG,), layout_share=0.5)),
    ]
    assert len(set(keys)) == 3
    assert batch_key("m", ask(())) == batch_key("m", ask((), layout_share=0.5))
