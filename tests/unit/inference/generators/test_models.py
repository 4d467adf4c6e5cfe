from __future__ import annotations

import re

import pytest

from inference.errors import InputRejected
from inference.generation import GenerateOptions
from inference.models import model_card, model_cards, part_card
from inference.pipelines.generate import models
from inference.registry import _GENERATORS


def test_the_default_generator_may_be_used_where_the_service_is_sold() -> None:
    first = model_cards()[0]
    assert (first.name, first.kind, first.is_commercial) == ("flux2-klein-4b", "generate", True)


def test_every_model_has_an_engine_and_possible_defaults() -> None:
    for card in model_cards():
        assert card.engine in _GENERATORS
        assert not card.steps or card.default_steps in card.steps
        assert card.guidance[0] <= card.default_guidance <= card.guidance[1]
        for side in (side for size in card.sizes for side in size):
            assert side % card.multiple_px == 0
            assert card.min_px <= side <= card.max_px


def test_names_and_hub_ids_are_used_once() -> None:
    assert len({card.name for card in model_cards()}) == len(model_cards())
    assert len({card.hub_id for card in model_cards()}) == len(model_cards())


def test_all_published_sefi_models_are_there_and_none_is_commercial() -> None:
    sefi = [card for card in model_cards() if card.engine == "sefi"]
    assert {card.hub_id.removeprefix("SeFi-Image/SeFi-Image-") for card in sefi} == {
        f"{variant}-diffusers"
        for variant in ("1B-Base", "2B-Base", "5B-Base", "5B-RL", "1B-turbo", "2B-turbo", "5B-turbo")
    }
    assert {(card.licence, card.is_commercial) for card in sefi} == {("CC-BY-NC-4.0", False)}


def test_turbo_takes_its_steps_and_no_guidance() -> None:
    card = model_card("sefi-5b-turbo")
    assert (card.steps, card.guidance) == ((4, 8, 10), (1.0, 1.0))


def test_foreign_code_is_marked() -> None:
    assert [card.name for card in model_cards() if card.needs_remote_code] == ["deepgen-1"]


def test_an_unknown_model_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputRejected, match="flux2-klein-4b") as caught:
        model_card("sefi-9b")
    assert caught.value.code == "generate.unknown_model"


def test_commits_are_whole_or_absent() -> None:
    parts = [part_card(name) for name in ("semvae", "dinov2-with-registers-large", "clip-vit-base-patch32")]
    for card in (*model_cards(), *parts):
        assert re.fullmatch("([0-9a-f]{40})?", card.revision), card.name
    assert len({card.revision for card in (*model_cards(), *parts) if card.revision}) == 8
    assert all(part.revision for part in parts)
    assert not part_card("semvae").is_commercial


def test_an_interface_can_list_all_models_without_weights() -> None:
    states = models(GenerateOptions())
    assert [state.card for state in states] == list(model_cards())
    assert not any(state.status.available for state in states)
    assert all(state.status.next_step for state in states)
