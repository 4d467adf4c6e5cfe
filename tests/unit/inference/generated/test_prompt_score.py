"""The judge of prompts: used where its weights lie, and said to be absent where they do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPConfig, CLIPModel

from inference.engines.prompt_score import ClipScorer
from inference.errors import EngineUnavailable
from inference.generation import GenerateOptions
from inference.pipelines.generated.shot import generated_shot
from inference.pipelines.generated.spec import GeneratedInputs
from inference.registry import prompt_scorer
from inference.types import U8, Cutout
from tests.checkpoints.sefi import SPECIAL, byte_tokenizer
from tests.unit.inference.generated.painted import SPEC, Painted


def write_tiny_clip(folder: Path) -> None:
    """Random weights of CLIP's own architecture."""
    torch.manual_seed(0)
    text = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    vision = {**text, "image_size": 32, "patch_size": 8}
    ends = {"vocab_size": 256 + len(SPECIAL), "max_position_embeddings": 400, "eos_token_id": 256, "pad_token_id": 256}
    CLIPModel(CLIPConfig(text_config={**text, **ends}, vision_config=vision, projection_dim=8)).save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)


@pytest.fixture(scope="module")
def judged(options: GenerateOptions, tmp_path_factory: pytest.TempPathFactory) -> GenerateOptions:
    """The weights with a judge beside them."""
    folder = tmp_path_factory.mktemp("judged")
    assert options.weights_dir is not None
    for model in options.weights_dir.iterdir():
        (folder / model.name).symlink_to(model)
    write_tiny_clip(folder / "clip-vit-base-patch32")
    return replace(options, weights_dir=folder)


def pictures() -> list[U8]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (48, 64, 3), np.uint8) for _ in range(3)]


def test_it_says_how_to_get_its_weights(options: GenerateOptions) -> None:
    status = prompt_scorer(options).status()
    assert not status.available
    assert "hf download openai/clip-vit-base-patch32" in status.next_step


def test_scores_are_the_networks_own_cosines(judged: GenerateOptions) -> None:
    scorer = ClipScorer(judged)
    assert scorer.status().available
    scores = scorer.scores("a mug on slate", pictures())
    assert len(set(scores)) == 3
    assert all(-1 <= score <= 1 for score in scores)
    assert scorer.scores("a mug on slate", pictures()[1:2])[0] == pytest.approx(scores[1], abs=1e-6)
    # The byte tokenizer of tests writes no end, so that the first letter is what the network reads.
    assert scorer.scores("green vase", pictures()) != scores


def test_it_ranks_candidates_where_it_is_there(
    judged: GenerateOptions, options: GenerateOptions, photo: U8, cutout: Cutout, painted: Painted
) -> None:
    with_judge = generated_shot(SPEC, GeneratedInputs(photo, cutout), options=judged)
    without = generated_shot(SPEC, GeneratedInputs(photo, cutout), options=options)
    for candidate in with_judge.candidates:
        assert "prompt" in candidate.marks
        assert "prompt_cosine" in candidate.figures
        assert "generated.prompt_score_absent" not in candidate.reasons
    for candidate in without.candidates:
        assert "prompt" not in candidate.marks
        assert "generated.prompt_score_absent" in candidate.reasons


def test_damaged_weights_of_a_judge_do_not_stop_the_drawing(
    options: GenerateOptions, tmp_path: Path, photo: U8, cutout: Cutout, painted: Painted
) -> None:
    broken = tmp_path / "clip-vit-base-patch32"
    broken.mkdir()
    (broken / "config.json").write_text("{}")
    damaged = replace(options, weights_dir=tmp_path)
    with pytest.raises(EngineUnavailable):
        ClipScorer(damaged).scores("a mug", pictures())
    shot = generated_shot(replace(SPEC, candidates=1), GeneratedInputs(photo, cutout), options=damaged)
    assert "generated.prompt_score_absent" in shot.candidates[0].reasons
