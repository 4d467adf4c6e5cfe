"""The networks that benchmarks measure have the published sizes; counted without making a single weight."""

from __future__ import annotations

import pytest
import torch

from inference.adapters import AdapterPlan
from inference.engines.adapters import trainer
from inference.errors import EngineUnavailable
from inference.models import model_card, model_cards
from tests.checkpoints.learning_memory import MODELS, learning_gb
from tests.checkpoints.published import random_klein, random_sefi

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
    counted = learning_gb(name, AdapterPlan())
    assert counted == pytest.approx(model_card(name).learn_gb, abs=0.1)
    assert counted < 24.0
    assert learning_gb(name, AdapterPlan(size_px=1024)) > counted


def test_every_model_that_can_learn_says_what_it_takes() -> None:
    for card in model_cards():
        assert (card.learn_gb > card.memory_gb) == ("adapters" in card.can), card.name


def test_too_little_memory_is_said_before_anything_is_taught(monkeypatch: pytest.MonkeyPatch) -> None:
    card, gpu = model_card("sefi-5b-base"), torch.device("cuda")
    monkeypatch.setattr(trainer, "free_bytes", lambda _device: int(5e9))
    trainer.require_room(card, AdapterPlan(), gpu)
    with pytest.raises(EngineUnavailable, match="smaller model") as caught:
        trainer.require_room(card, AdapterPlan(size_px=1024), gpu)
    assert caught.value.code == "generate.too_little_memory"
    monkeypatch.setattr(trainer, "free_bytes", lambda _device: int(4e9))
    with pytest.raises(EngineUnavailable):
        trainer.require_room(card, AdapterPlan(), gpu)
    trainer.require_room(card, AdapterPlan(), torch.device("cpu"))
