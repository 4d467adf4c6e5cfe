"""Random weights at the published sizes, made on the device in seconds: for measuring time and memory, not pictures."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import (
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
)
from transformers import Qwen3Config, Qwen3ForCausalLM, Qwen3VLConfig, Qwen3VLForConditionalGeneration

from inference.engines.sefi.pipeline import SeFiPipeline
from inference.engines.sefi.transformer import SeFiTransformer2DModel
from tests.checkpoints.sefi import SETTINGS, byte_tokenizer

TOKENS = 512
VOCABULARY = 151936
TRANSFORMERS: dict[str, dict[str, Any]] = {
    "1b": {"num_attention_heads": 16, "num_layers": 4, "num_single_layers": 12, "joint_attention_dim": 6144},
    "2b": {"num_attention_heads": 20, "num_layers": 4, "num_single_layers": 16, "joint_attention_dim": 6144},
    "5b": {"num_attention_heads": 26, "num_layers": 6, "num_single_layers": 21, "joint_attention_dim": 7680},
}
# Text towers of Qwen3-VL-2B and -4B; klein reads its prompts with a Qwen3-4B of the second shape.
SMALL_TEXT: dict[str, Any] = {
    "hidden_size": 2048,
    "intermediate_size": 6144,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": VOCABULARY,
}
LARGE_TEXT: dict[str, Any] = {
    **SMALL_TEXT,
    "hidden_size": 2560,
    "intermediate_size": 9728,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
}
ROTARY = {
    "rope_parameters": {
        "rope_type": "default",
        "rope_theta": 5000000.0,
        "mrope_section": [24, 20, 20],
        "mrope_interleaved": True,
    }
}


def random_sefi(size: str, kind: str, device: torch.device) -> SeFiPipeline:
    """SeFi ``1b``, ``2b`` or ``5b``; ``base`` or ``turbo``; bfloat16."""
    text = {**(LARGE_TEXT if size == "5b" else SMALL_TEXT), **ROTARY}
    with _half_precision(device):
        config = Qwen3VLConfig(text_config=text, vision_config={"depth": 1, "out_hidden_size": text["hidden_size"]})
        parts = {
            "transformer": SeFiTransformer2DModel(in_channels=144, **TRANSFORMERS[size]),
            "vae": AutoencoderKLFlux2(),
            "text_encoder": Qwen3VLForConditionalGeneration(config),
        }
    return SeFiPipeline(
        **{name: part.eval().requires_grad_(False) for name, part in parts.items()},
        scheduler=FlowMatchEulerDiscreteScheduler(),
        tokenizer=byte_tokenizer(),
        max_sequence_length=TOKENS,
        **SETTINGS[kind],
    )


def random_klein(device: torch.device) -> Flux2KleinPipeline:
    """FLUX.2 klein 4B; bfloat16."""
    with _half_precision(device):
        transformer = Flux2Transformer2DModel(
            num_attention_heads=24,
            num_layers=5,
            num_single_layers=20,
            joint_attention_dim=7680,
            guidance_embeds=False,
        )
        parts = {
            "transformer": transformer,
            "vae": AutoencoderKLFlux2(),
            "text_encoder": Qwen3ForCausalLM(Qwen3Config(**LARGE_TEXT)),
        }
    pipeline = Flux2KleinPipeline(
        **{name: part.eval().requires_grad_(False) for name, part in parts.items()},
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        tokenizer=byte_tokenizer(),
        is_distilled=True,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


class _half_precision:  # noqa: N801 - reads as a statement
    """Modules made inside have bfloat16 weights on ``device``."""

    def __init__(self, device: torch.device) -> None:
        self._device, self._before = device, torch.get_default_dtype()

    def __enter__(self) -> None:
        torch.set_default_dtype(torch.bfloat16)
        self._device.__enter__()

    def __exit__(self, *raised: Any) -> None:
        self._device.__exit__(*raised)
        torch.set_default_dtype(self._before)
