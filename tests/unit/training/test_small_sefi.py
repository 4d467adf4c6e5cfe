"""The small SeFi: its pictures show what their captions say, and a whole run does what it should."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.engines.diffusion.text import PromptEncoder
from inference.engines.sefi.pipeline import SeFiPipeline
from inference.engines.sefi.semantic import load_semantic_encoder
from inference.training.small_sefi import parts
from inference.training.small_sefi.clock import Clock
from inference.training.small_sefi.flow import embedded
from inference.training.small_sefi.pool import CLASSES, cell_labels, make_pool
from inference.training.small_sefi.presets import PRESETS, TOKENS
from inference.training.small_sefi.render import boxes, draw
from inference.training.small_sefi.saving import NAME
from inference.training.small_sefi.scenes import Says, Scenes, caption, random_scenes
from inference.training.small_sefi.train import Run, Settings
from inference.training.small_sefi.words import COLOURS, KINDS, vocabulary
from tests.checkpoints.quiet import _quiet_and_small  # noqa: F401 - an autouse fixture

CPU = torch.device("cpu")
TINY = PRESETS["tiny"]


def some_scenes(count: int = 12, seed: int = 5) -> Scenes:
    return random_scenes(count, np.random.default_rng(seed))


def test_a_caption_names_each_object_from_left_to_right() -> None:
    scenes = some_scenes(40)
    for scene in range(len(scenes)):
        text = caption(scenes, scene, Says(places=False, surface=False, wall=False, light=False))
        names = [part.removeprefix("an ").removeprefix("a ") for part in text.split(" and ")]
        assert names == [scenes.name(scene, column) for column in scenes.objects(scene)]
        assert list(scenes.middle[scene, scenes.objects(scene)]) == sorted(scenes.middle[scene, scenes.objects(scene)])
    full = caption(scenes, 0, Says())
    assert " before a " in full
    assert full.rpartition(" , ")[2].startswith("light from the ")


def test_the_same_seed_draws_the_same_pictures() -> None:
    first, again = (draw(some_scenes(), 48).images for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, draw(some_scenes(seed=6), 48).images)


def test_what_is_covered_lies_where_the_scene_says_and_has_its_colour() -> None:
    scenes = some_scenes(30)
    drawn = draw(scenes, 128)
    found = boxes(drawn.coverage)
    for scene in range(len(scenes)):
        for column in scenes.objects(scene):
            seen = drawn.coverage[scene, column] > 0.99
            left, _, width, _ = found[scene, column].tolist()
            if float(seen.float().mean()) < 0.01:
                continue  # hidden behind another
            assert left - 0.02 <= scenes.middle[scene, column] <= left + width + 0.02
            wanted = torch.tensor(list(COLOURS.values())[scenes.colour[scene, column]]) / 255.0
            nearest = (drawn.images[scene].permute(1, 2, 0)[seen] - wanted).abs().amax(dim=1).min()
            assert nearest < 0.12


def test_cell_labels_share_out_every_cell() -> None:
    scenes = some_scenes()
    labels = cell_labels(scenes, draw(scenes, 64))
    assert torch.allclose(labels[:, :CLASSES].sum(dim=1), torch.ones(len(scenes), 4, 4), atol=1e-3)
    kinds = labels[:, 2:CLASSES].amax(dim=(2, 3)) > 0.02
    for scene in range(len(scenes)):
        told = {KINDS[place] for place in kinds[scene].nonzero().flatten()}
        assert told <= {KINDS[scenes.kind[scene, column]] for column in scenes.objects(scene)}


def test_every_word_is_one_token_and_the_longest_caption_fits() -> None:
    tokenizer = parts.tokenizer()
    for word in vocabulary():
        assert len(tokenizer(f" {word}")["input_ids"]) == 1, word
    longest = "a yellow candle on the left and an orange bottle in the middle and a purple candle on the right"
    longest += " on marble before a cream wall , light from the right"
    prompts = PromptEncoder(parts.text_encoder(), tokenizer, layers=(1, 2), length=TOKENS)
    assert int(prompts.tokens_of(longest, "light from the right").sum()) == 4


def test_cached_embeddings_are_those_of_the_engine() -> None:
    texts, tokenizer = parts.text_encoder(), parts.tokenizer()
    encoder = PromptEncoder(texts, tokenizer, layers=(1, 2), length=TOKENS)
    prompts = ["a red mug on oak", ""]
    assert torch.equal(embedded(texts, tokenizer, prompts), encoder.embed(prompts, dtype=torch.float32))


def test_stages_share_the_time_and_leave_what_they_do_not_need() -> None:
    now = 0.0
    clock = Clock(100.0, now=lambda: now)
    first = clock.stage("codec")
    now = 19.0
    assert first.share == pytest.approx(0.5)
    assert not first.is_over()
    now = 38.0
    assert first.is_over()
    later = Clock(100.0, elapsed_s=21.5, now=lambda: now).stage("codec", begun_s=5.0)
    assert later.share == pytest.approx(0.5)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("small") / "weights"
    Run(Settings(out, TINY, 3.0, CPU)).run()
    return out


def lines(out: Path, stage: str) -> list[dict[str, float]]:
    rows = (json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines())
    return [row for row in rows if row["stage"] == stage]


def test_a_run_writes_folders_that_the_engine_loads_strictly(trained: Path) -> None:
    pipeline = SeFiPipeline.from_pretrained(trained / NAME)
    side = TINY.side_px
    images = pipeline("a red mug on oak", height=side, width=side, num_inference_steps=3, output_type="np").images
    assert images.shape == (1, side, side, 3)
    encoder = load_semantic_encoder(trained / "semvae", trained / "dinov2-with-registers-large")
    latents = encoder.encode(make_pool(64, side, 3, CPU).pictures(slice(0, 64)))
    assert latents.shape[1] == TINY.semantic_channels
    assert float(latents.mean()) == pytest.approx(0.0, abs=0.2)
    assert float(latents.std()) == pytest.approx(1.0, abs=0.25)
    assert (trained / "sheet.jpg").is_file()
    assert lines(trained, "done")[0]["bytes"] < 2_000_000


def test_an_interrupted_run_goes_on_where_it_was(trained: Path, tmp_path: Path) -> None:
    kept = torch.load(trained.with_name("weights-state") / "last.pt", weights_only=True)
    out = tmp_path / "again"
    state = tmp_path / "again-state"
    state.mkdir()
    kept["flow"]["is_done"] = False
    kept["flow"]["step"] = 7
    kept["elapsed_s"] = 1e9
    torch.save(kept, state / "last.pt")
    Run(replace(Settings(out, TINY, 3.0, CPU), seed=20261127)).run()
    assert not lines(out, "codec")[0].get("loss")
    assert [row["step"] for row in lines(out, "flow")] == [8]
    before = torch.load(trained.with_name("weights-state") / "last.pt", weights_only=True)["codec"]["modules"]["vae"]
    after = torch.load(state / "last.pt", weights_only=True)["codec"]["modules"]["vae"]
    assert all(torch.equal(before[name], after[name]) for name in before if not name.startswith("bn."))
