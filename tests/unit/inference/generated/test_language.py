"""A language model beside the weights: asked where the options name it, and held to the schema."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from inference.engines.language import LocalLanguageModel
from inference.errors import EngineUnavailable
from inference.generation import GenerateOptions
from inference.pipelines.generated.shot import generated_shot
from inference.pipelines.generated.spec import GeneratedInputs
from inference.registry import language_model
from inference.scene import SceneForm
from inference.scene.parsing import parse_prompt
from inference.types import U8, Cutout
from tests.checkpoints.sefi import SPECIAL, byte_tokenizer
from tests.unit.inference.generated.painted import SPEC, Painted

WORDS = "a blue fox left of the box"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with random weights, which has nothing sensible to say."""
    folder = tmp_path_factory.mktemp("planners")
    torch.manual_seed(0)
    config = Qwen3Config(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        vocab_size=256 + len(SPECIAL),
        eos_token_id=256,
        bos_token_id=256,
    )
    Qwen3ForCausalLM(config).save_pretrained(folder / "reader")
    byte_tokenizer().save_pretrained(folder / "reader")
    return folder


def test_none_is_asked_unless_one_is_named(weights: Path) -> None:
    assert language_model(GenerateOptions(weights_dir=weights)) is None
    assert language_model(GenerateOptions(weights_dir=weights, planner="reader")) is not None


def test_one_that_is_not_there_is_refused(weights: Path) -> None:
    for options in (GenerateOptions(planner="reader"), GenerateOptions(weights_dir=weights, planner="other")):
        with pytest.raises(EngineUnavailable) as caught:
            language_model(options)
        assert caught.value.code == "generate.weights_missing"


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EngineUnavailable) as caught:
        LocalLanguageModel(tmp_path).complete("hello", most_tokens=4)
    assert caught.value.code == "generate.checkpoint_incompatible"


def test_the_same_words_get_the_same_answer(weights: Path) -> None:
    model = LocalLanguageModel(weights / "reader")
    assert model.name == "reader"
    first, second = (model.complete("a scene", most_tokens=12) for _ in range(2))
    assert first == second
    assert model.complete("a scene", most_tokens=3) != first


def test_nonsense_leaves_it_to_the_rules_and_the_recipe_says_who_was_asked(
    weights: Path, painted: Painted, photo: U8, cutout: Cutout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.scene.planner._ANSWER_TOKENS", 8)
    spec = replace(SPEC, candidates=1, scene=SceneForm(words=WORDS))
    options = GenerateOptions(weights_dir=weights, planner="reader")
    asked = generated_shot(spec, GeneratedInputs(photo, cutout), options=options)
    alone = generated_shot(spec, GeneratedInputs(photo, cutout), options=GenerateOptions())
    assert asked.recipe["graph"] == alone.recipe["graph"]
    assert asked.recipe["versions"]["words_read_by"] == "reader"
    assert alone.recipe["versions"]["words_read_by"] == "rules"


@pytest.mark.parametrize("planner", ["nobody", "damaged"])
def test_while_the_model_is_away_rules_read_the_words_and_the_shot_says_so(
    weights: Path, painted: Painted, photo: U8, cutout: Cutout, planner: str
) -> None:
    (weights / "damaged").mkdir(exist_ok=True)
    (weights / "damaged" / "config.json").write_text("{}")
    spec = replace(SPEC, candidates=1, scene=SceneForm(words=WORDS))
    options = GenerateOptions(weights_dir=weights, planner=planner)
    shot = generated_shot(spec, GeneratedInputs(photo, cutout), options=options)
    assert shot.warnings[0] == "generated.planner_away"
    assert shot.recipe["warnings"][0] == "generated.planner_away"
    assert shot.recipe["versions"]["words_read_by"] == "rules"
    assert shot.recipe["graph"]["objects"][1]["label"] == "blue fox"


def test_a_valid_answer_is_followed(painted: Painted, photo: U8, cutout: Cutout) -> None:
    class Knowing:
        name = "knowing"

        def complete(self, instruction: str, **_: Any) -> str:
            return json.dumps(parse_prompt("a blue fox behind the box", "a red box").graph.to_json())

    spec = replace(SPEC, candidates=1, scene=SceneForm(words=WORDS))
    shot = generated_shot(spec, GeneratedInputs(photo, cutout), options=GenerateOptions(), planner=Knowing())
    assert [(one["subject"], one["relation"]) for one in shot.recipe["graph"]["relations"]] == [
        ("blue-fox-0", "behind")
    ]
