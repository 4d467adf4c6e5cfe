"""FLUX.2 klein with random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, Flux2KleinPipeline, Flux2Transformer2DModel
from transformers import Qwen3Config, Qwen3ForCausalLM

from tests.checkpoints.sefi import SPECIAL, byte_tokenizer, tiny_vae


def tiny_klein_transformer(seed: int = 0) -> Flux2Transformer2DModel:
    """A few thousand weights."""
    torch.manual_seed(seed)
    transformer = Flux2Transformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=96,
        timestep_guidance_channels=32,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    return transformer.eval().requires_grad_(False)


def tiny_klein(seed: int = 0) -> Flux2KleinPipeline:
    """A whole distilled pipeline that draws small pictures in milliseconds."""
    transformer = tiny_klein_transformer(seed)
    text: dict[str, Any] = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 28,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "vocab_size": 256 + len(SPECIAL),
    }
    pipeline = Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, time_shift_type="exponential"),
        vae=tiny_vae(seed),
        text_encoder=Qwen3ForCausalLM(Qwen3Config(**text)).eval().requires_grad_(False),
        tokenizer=byte_tokenizer(),
        transformer=transformer,
        is_distilled=True,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def write_tiny_klein(folder: Path, seed: int = 0) -> Path:
    """The tiny pipeline as a folder."""
    tiny_klein(seed).save_pretrained(folder)
    return folder
