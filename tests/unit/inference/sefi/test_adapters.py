"""LoRA adapters by PEFT: added, scaled, switched and taken off again without touching the weights below."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from peft import LoraConfig
from torch import Tensor

from inference.engines.sefi.transformer import SeFiTransformer2DModel
from tests.checkpoints.sefi import tiny_transformer

# Two adapters in one model are what is tested here; PEFT asks whether they are meant.
pytestmark = pytest.mark.filterwarnings("ignore:Already found a `peft_config`")
TARGETS = ["to_q", "to_k", "to_v", "to_out.0", "to_qkv_mlp_proj"]


def adapted() -> SeFiTransformer2DModel:
    """Two adapters that do something (LoRA starts as nothing)."""
    transformer = tiny_transformer()
    for seed, name in enumerate(("brand", "product")):
        torch.manual_seed(seed)
        transformer.add_adapter(LoraConfig(r=2, lora_alpha=2, target_modules=TARGETS), adapter_name=name)
    for name, parameter in transformer.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return transformer


@torch.no_grad()
def velocity(transformer: SeFiTransformer2DModel, scale: float | None = None) -> Tensor:
    generator = torch.Generator().manual_seed(4)
    ids = torch.zeros(6, 4, dtype=torch.long)
    level = torch.full((1,), 0.5)
    return transformer(
        torch.randn(1, 6, 20, generator=generator),
        level,
        level,
        torch.randn(1, 6, 96, generator=generator),
        ids,
        ids,
        joint_attention_kwargs=None if scale is None else {"scale": scale},
    ).sample


def test_adapters_change_the_picture_and_can_be_switched() -> None:
    plain, transformer = velocity(tiny_transformer()), adapted()
    outputs = {}
    for name in ("brand", "product"):
        transformer.set_adapter(name)
        outputs[name] = velocity(transformer)
        assert not torch.allclose(outputs[name], plain, atol=1e-3)
    assert not torch.allclose(outputs["brand"], outputs["product"], atol=1e-3)
    transformer.disable_adapters()
    assert torch.equal(velocity(transformer), plain)


def test_the_scale_of_an_adapter_is_a_matter_of_the_call() -> None:
    transformer = adapted()
    transformer.set_adapter("brand")
    full = velocity(transformer)
    assert torch.allclose(velocity(transformer, scale=0.0), velocity(tiny_transformer()), atol=1e-6)
    assert torch.equal(velocity(transformer, scale=1.0), full)
    assert torch.equal(velocity(transformer), full)


def test_a_saved_adapter_comes_back(tmp_path: Path) -> None:
    transformer = adapted()
    transformer.set_adapter("brand")
    transformer.save_lora_adapter(tmp_path, adapter_name="brand")
    fresh = tiny_transformer()
    (file,) = tmp_path.iterdir()
    assert file.suffix == ".safetensors"
    fresh.load_lora_adapter(
        str(tmp_path), adapter_name="brand", prefix=None, weight_name=file.name, use_safetensors=True
    )
    assert torch.allclose(velocity(fresh), velocity(transformer), atol=1e-6)


def test_only_adapters_learn() -> None:
    transformer = tiny_transformer().train()
    transformer.add_adapter(LoraConfig(r=2, target_modules=TARGETS))
    learning = {name for name, parameter in transformer.named_parameters() if parameter.requires_grad}
    assert learning
    assert all("lora_" in name for name in learning)


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match="brand"):
        adapted().add_adapter(LoraConfig(r=2, target_modules=TARGETS), adapter_name="brand")
