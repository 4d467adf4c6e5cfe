"""SeFi-Image with random weights: tiny for tests, at the published sizes for benchmarks.

python -m tests.checkpoints.sefi OUT [--turbo]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler
from tokenizers import pre_tokenizers
from transformers import Qwen2Tokenizer, Qwen3VLConfig, Qwen3VLForConditionalGeneration

from inference.engines.sefi.pipeline import SeFiPipeline
from inference.engines.sefi.transformer import SeFiTransformer2DModel

SEMANTIC_CHANNELS = 4
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.content is string %}{{ m.content }}"
    "{% else %}{% for c in m.content %}{{ c.text }}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SETTINGS = {
    "base": {"is_turbo": False, "timestep_shift_alpha": 0.3, "default_num_inference_steps": 50},
    "turbo": {
        "is_turbo": True,
        "timestep_shift_alpha": 1.0,
        "default_num_inference_steps": 4,
        "default_guidance_scale": 1.0,
    },
}


def tiny_transformer(seed: int = 0, **config: Any) -> SeFiTransformer2DModel:
    """A few thousand weights; ``config`` replaces single keys. Its output depends on all of its inputs."""
    torch.manual_seed(seed)
    small: dict[str, Any] = {
        "in_channels": SEMANTIC_CHANNELS + 16,
        "num_layers": 1,
        "num_single_layers": 1,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "joint_attention_dim": 96,
        "timestep_guidance_channels": 32,
        "axes_dims_rope": (4, 4, 4, 4),
    }
    return SeFiTransformer2DModel(**{**small, **config}).eval().requires_grad_(False)


def tiny_vae(seed: int = 0) -> AutoencoderKLFlux2:
    """Sixteen texture channels after patchifying, cells of 16 px, running statistics that are not the identity."""
    torch.manual_seed(seed)
    vae = AutoencoderKLFlux2(
        block_out_channels=(8, 8, 16, 16),
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=4,
        sample_size=64,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )
    vae.bn.running_mean.normal_(0.0, 0.3)
    vae.bn.running_var.uniform_(0.5, 1.5)
    return vae.eval().requires_grad_(False)


def tiny_text_encoder(seed: int = 0) -> Qwen3VLForConditionalGeneration:
    """Four layers of width 32 over bytes."""
    torch.manual_seed(seed)
    config = Qwen3VLConfig(
        text_config={
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 4,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 16,
            "vocab_size": 256 + len(SPECIAL),
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 5000000.0,
                "mrope_section": [2, 3, 3],
                "mrope_interleaved": True,
            },
        },
        vision_config={
            "depth": 1,
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_heads": 2,
            "out_hidden_size": 32,
            "patch_size": 14,
            "deepstack_visual_indexes": [0],
        },
        tie_word_embeddings=False,
    )
    return Qwen3VLForConditionalGeneration(config).eval().requires_grad_(False)


def byte_tokenizer() -> Qwen2Tokenizer:
    """One token a byte, and the chat template of one turn."""
    vocabulary = {character: index for index, character in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Qwen2Tokenizer(
        vocab={**vocabulary, **{token: 256 + index for index, token in enumerate(SPECIAL)}},
        merges=[],
        extra_special_tokens=list(SPECIAL[1:]),
    )
    tokenizer.chat_template = CHAT
    return tokenizer


def tiny_pipeline(kind: str = "base", seed: int = 0, **settings: Any) -> SeFiPipeline:
    """A whole pipeline that draws 64 x 64 px in milliseconds; ``settings`` replace configuration keys."""
    config: dict[str, Any] = {
        "semantic_channels": SEMANTIC_CHANNELS,
        "text_encoder_hidden_layers": (1, 2, 3),
        "max_sequence_length": 48,
        **SETTINGS[kind],
        **settings,
    }
    return SeFiPipeline(
        transformer=tiny_transformer(seed),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=tiny_vae(seed),
        text_encoder=tiny_text_encoder(seed),
        tokenizer=byte_tokenizer(),
        **config,
    )


def write_tiny_checkpoint(folder: Path, kind: str = "turbo", seed: int = 0, **settings: Any) -> Path:
    """The tiny pipeline in the layout of the released folders; ``settings`` replace keys of its configuration."""
    tiny_pipeline(kind, seed, **settings).save_pretrained(folder)
    return folder


if __name__ == "__main__":
    write_tiny_checkpoint(Path(sys.argv[1]), "turbo" if "--turbo" in sys.argv else "base")
