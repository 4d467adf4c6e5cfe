"""The judge of prompts: used where its weights lie, and said to be absent where they do not."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from inference.engines.prompt_score import ClipScorer
from inference.errors import EngineUnavailable
from inference.generation import GenerateOptions
from inference.pipelines.generated.shot import generated_shot
from inference.pipelines.generated.spec import GeneratedInputs
from inference.registry import prompt_scorer
from inference.types import U8, Cutout
from tests.checkpoints.clip import write_tiny_clip
from tests.unit.inference.generated.painted import SPEC, Painted


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
    assert scorer.scores("a mug on oak", pictures()) != scores


@pytest.mark.parametrize("is_pickled", [False, True], ids=["safetensors", "pickle"])
@pytest.mark.parametrize("has_fast_tokenizer", [False, True], ids=["vocab and merges", "tokenizer.json too"])
def test_the_published_files_are_read(tmp_path: Path, is_pickled: bool, has_fast_tokenizer: bool) -> None:
    folder = write_tiny_clip(
        tmp_path / "clip-vit-base-patch32", is_pickled=is_pickled, has_fast_tokenizer=has_fast_tokenizer
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.convert_ids_to_tokens(tokenizer("A mug, slate")["input_ids"]) == [
        *("<|startoftext|>", "a</w>", "mug</w>", ",</w>", "slate</w>", "<|endoftext|>")
    ]
    scorer = ClipScorer(GenerateOptions(weights_dir=tmp_path))
    # The last word counts, so the network reads the end of the text; case does not.
    assert scorer.scores("a mug on slate", pictures()) != scorer.scores("a mug on oak", pictures())
    assert scorer.scores("A MUG on slate", pictures()) == scorer.scores("a mug on slate", pictures())


def test_a_text_that_is_longer_than_it_reads_is_cut(judged: GenerateOptions) -> None:
    scorer = ClipScorer(judged)
    beginning = "a b " * 40
    assert scorer.scores(beginning + "mug", pictures()) == scorer.scores(beginning + "slate", pictures())


def test_positions_that_old_files_hold_do_no_harm(tmp_path: Path) -> None:
    file = write_tiny_clip(tmp_path / "clip-vit-base-patch32") / "model.safetensors"
    scorer = ClipScorer(GenerateOptions(weights_dir=tmp_path))
    expected = scorer.scores("a mug", pictures())
    positions = {"text_model.embeddings.position_ids": torch.arange(77)[None]}
    save_file({**load_file(file), **positions}, file, metadata={"format": "pt"})
    assert ClipScorer(GenerateOptions(weights_dir=tmp_path)).scores("a mug", pictures()) == expected


def test_weights_with_a_gap_do_not_judge(tmp_path: Path) -> None:
    file = write_tiny_clip(tmp_path / "clip-vit-base-patch32") / "model.safetensors"
    state = load_file(file)
    del state["visual_projection.weight"]
    save_file(state, file, metadata={"format": "pt"})
    with pytest.raises(EngineUnavailable, match=r"visual_projection\.weight"):
        ClipScorer(GenerateOptions(weights_dir=tmp_path)).scores("a mug", pictures())


def test_it_ranks_candidates_where_it_is_there(
    judged: GenerateOptions, options: GenerateOptions, photo: U8, cutout: Cutout, painted: Painted
) -> None:
    with_judge = generated_shot(SPEC, GeneratedInputs(photo, cutout), options=judged)
    without = generated_shot(SPEC, GeneratedInputs(photo, cutout), options=options)
    for candidate in with_judge.candidates:
        assert "prompt" in candidate.marks
        assert "prompt_cosine" in candidate.figures
        assert "generated.prompt_score_absent" not in candidate.reasons
    assert re.fullmatch("clip-vit-base-patch32@files:[0-9a-f]{24}", with_judge.recipe["versions"]["judged_by"])
    assert "judged_by" not in without.recipe["versions"]
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
