"""The networks that benchmarks measure have the published sizes; counted without making a single weight."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from inference.adapters import AdapterPlan
from inference.engines.adapters import trainer
from inference.engines.sefi.engine import sefi_engine
from inference.engines.sefi.semantic import load_semvae
from inference.errors import EngineUnavailable
from inference.generation import GenerateOptions
from inference.models import model_card, model_cards
from tests.checkpoints.learning_memory import MODELS, held_bytes, learning_memory, networks_of
from tests.checkpoints.published import random_klein, random_sefi
from tests.checkpoints.quiet import _quiet_and_small  # noqa: F401 - an autouse fixture
from tests.checkpoints.sefi import write_tiny_checkpoint
from tests.checkpoints.semantics import write_tiny_semantics

META = torch.device("meta")


def gigabytes(module: torch.nn.Module) -> float:
    """In bfloat16."""
    return 2 * sum(parameter.numel() for parameter in module.parameters()) / 1e9


@pytest.mark.parametrize(("size", "published_gb"), [("1b", 2.36), ("2b", 4.35), ("5b", 9.95)])
def test_a_sefi_transformer_has_the_size_of_the_published_file(size: str, published_gb: float) -> None:
    pipeline = random_sefi(size, "turbo", META)
    assert round(gigabytes(pipeline.transformer), 2) == pytest.approx(published_gb, abs=0.011)
    assert pipeline.transformer.config.in_channels == pipeline.config.semantic_channels + pipeline.codec.channels
    assert pipeline.transformer.config.joint_attention_dim == 3 * pipeline.text_encoder.config.text_config.hidden_size
    assert {parameter.dtype for parameter in pipeline.transformer.parameters()} == {torch.bfloat16}


def test_klein_has_about_four_billion_weights() -> None:
    pipeline = random_klein(META)
    assert 7.5 < gigabytes(pipeline.transformer) < 8.5
    assert pipeline.transformer.config.joint_attention_dim == 3 * pipeline.text_encoder.config.hidden_size


def test_making_them_leaves_the_default_dtype_alone() -> None:
    random_klein(META)
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize("name", MODELS)
def test_teaching_takes_what_the_registry_says_and_fits_24_gb(name: str) -> None:
    counted, card = learning_memory(name, AdapterPlan()), model_card(name)
    assert card.learn_gb == pytest.approx(counted.peak, abs=0.06)
    assert card.learn_adapter_gb == pytest.approx(counted.adapter, abs=0.006)
    assert card.learn_pass_gb == pytest.approx(counted.pass_, abs=0.006)
    assert learning_memory(name, AdapterPlan(size_px=1024)).peak < 24.0


def test_another_plan_takes_more_by_its_rank_and_its_tokens() -> None:
    usual, larger = (learning_memory("sefi-1b-base", plan) for plan in (AdapterPlan(), AdapterPlan(rank=32, batch=2)))
    assert larger.adapter == pytest.approx(2 * usual.adapter)
    assert larger.pass_ == pytest.approx(2 * usual.pass_, rel=0.02)
    assert larger.weights == usual.weights


def stored_bytes(path: Path, kept: Callable[[str], bool], value_bytes: int) -> int:
    """Of the tensors of a file whose names are ``kept``, as if each value had so many bytes."""
    with safe_open(path, "pt") as stream:
        return sum(stream.get_tensor(name).numel() for name in stream.keys() if kept(name)) * value_bytes  # noqa: SIM118


def test_what_is_counted_as_loaded_is_what_a_checkpoint_brings_into_memory(tmp_path: Path) -> None:
    """The files of a tiny SeFi Base, less what prompts never reach, are the bytes of the loaded family."""
    folder = write_tiny_checkpoint(tmp_path / "sefi-1b-base", "base", text_encoder_hidden_layers=(1, 2))
    write_tiny_semantics(tmp_path)
    licences = frozenset({"CC-BY-NC-4.0"})
    options = GenerateOptions(weights_dir=tmp_path, device="cpu", dtype="bfloat16", accepted_licences=licences)
    family = sefi_engine(model_card("sefi-1b-base"), options).loaded()

    def is_read(name: str) -> bool:
        dropped = ("lm_head.", "model.visual.", "model.language_model.norm.")
        return not name.startswith((*dropped, "model.language_model.layers.2.", "model.language_model.layers.3."))

    (text,) = (folder / "text_encoder").glob("*.safetensors")
    half = [(folder / "transformer", lambda _: True), (folder / "vae", lambda name: "num_batches" not in name)]
    files = stored_bytes(text, is_read, 2)
    for place, kept in half:
        (path,) = place.glob("*.safetensors")
        files += stored_bytes(path, kept, 2)
    (dino,) = (tmp_path / "dinov2-with-registers-large").glob("*.safetensors")
    files += stored_bytes(dino, lambda _: True, 4)
    files += 4 * sum(one.numel() for one in load_semvae(tmp_path / "semvae").state_dict().values())
    # Counters, rotary frequencies and SemVAE's statistics are in no file of weights.
    aside = [
        one
        for network in networks_of(family)
        for name, one in network.named_buffers()
        if name.split(".")[-1] in ("num_batches_tracked", "inv_freq", "original_inv_freq", "mean", "std")
    ]
    held = held_bytes(networks_of(family))
    assert held == files + sum(one.numel() * one.element_size() for one in aside)
    whole = stored_bytes(text, lambda _: True, 2) - stored_bytes(text, is_read, 2)
    assert whole > 0
    assert {one.dtype for one in family._semantic.dino.parameters()} == {torch.float32}


def test_every_model_that_can_learn_says_what_it_takes() -> None:
    for card in model_cards():
        assert (card.learn_gb > card.memory_gb) == ("adapters" in card.can), card.name


def test_too_little_memory_is_said_before_anything_is_taught(monkeypatch: pytest.MonkeyPatch) -> None:
    card, gpu = model_card("sefi-5b-base"), torch.device("cuda")
    monkeypatch.setattr(trainer, "free_bytes", lambda _device: int(1.8e9))
    trainer.require_room(card, AdapterPlan(), gpu)
    with pytest.raises(EngineUnavailable, match="smaller model") as caught:
        trainer.require_room(card, AdapterPlan(size_px=1024), gpu)
    assert caught.value.code == "generate.too_little_memory"
    monkeypatch.setattr(trainer, "free_bytes", lambda _device: int(1.6e9))
    with pytest.raises(EngineUnavailable):
        trainer.require_room(card, AdapterPlan(), gpu)
    trainer.require_room(card, AdapterPlan(), torch.device("cpu"))
