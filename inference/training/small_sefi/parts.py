"""The untrained networks in the released layout, at the sizes of a preset."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler
from tokenizers import pre_tokenizers
from torch import nn
from transformers import (
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersModel,
    Qwen2Tokenizer,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
)

from inference.engines.diffusion.text import language_model
from inference.engines.sefi.pipeline import SeFiPipeline
from inference.engines.sefi.semantic import CELL_PX, SemVAE
from inference.engines.sefi.transformer import SeFiTransformer2DModel
from inference.training.small_sefi.presets import TOKENS, Preset
from inference.training.small_sefi.words import vocabulary

_TEXT_WIDTH = 64
_TEXT_LAYERS = (1, 2)
_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
# A prompt is one turn; the space lets its first word be one token like all others.
_CHAT = "{% for m in messages %}<|im_start|> {% for c in m.content %}{{ c.text }}{% endfor %}<|im_end|>{% endfor %}"
_PATCH_PX = 14
_FIRST_LOG_VARIANCE = -5.0
SETTINGS: dict[str, Any] = {
    "is_turbo": False,
    "default_guidance_scale": 3.0,
    "default_num_inference_steps": 24,
    "delta_t": 0.1,
    "timestep_shift_alpha": 0.5,
    "text_encoder_hidden_layers": _TEXT_LAYERS,
    "max_sequence_length": TOKENS,
}


def codec(preset: Preset) -> Any:
    """The texture VAE, AutoencoderKLFlux2, in cells of 16 px; at first its latents have little noise, which would
    otherwise drown what the decoder should learn from."""
    vae = AutoencoderKLFlux2(
        block_out_channels=preset.encoder,
        decoder_block_out_channels=preset.decoder,
        latent_channels=preset.latent_channels,
        layers_per_block=1,
        norm_num_groups=4,
        sample_size=preset.side_px,
    )
    nn.init.constant_(vae.quant_conv.bias[preset.latent_channels :].data, _FIRST_LOG_VARIANCE)
    return vae


def transformer(preset: Preset) -> SeFiTransformer2DModel:
    """SeFi's transformer; at first every block leaves its input as it is and the velocities are 0, which lets a short
    training begin calmly (adaLN-Zero, Peebles and Xie 2023)."""
    network = SeFiTransformer2DModel(
        in_channels=preset.semantic_channels + 4 * preset.latent_channels,
        num_layers=preset.double,
        num_single_layers=preset.single,
        attention_head_dim=preset.head_size,
        num_attention_heads=preset.heads,
        joint_attention_dim=len(_TEXT_LAYERS) * _TEXT_WIDTH,
        timestep_guidance_channels=128,
        axes_dims_rope=(preset.head_size // 4,) * 4,
        rope_theta=200,
    )
    silent = (network.double_stream_modulation_img, network.double_stream_modulation_txt)
    for part in (*silent, network.single_stream_modulation, network.norm_out):
        nn.init.zeros_(part.linear.weight)
    nn.init.zeros_(network.proj_out.weight)
    return network


def text_encoder() -> Any:
    """A Qwen3-VL of width 64 that is never trained: random features of words in their order.

    The captions have a hundred words, so that nearly orthogonal random embeddings tell them apart; which word belongs
    to which is learned by the transformer's text stream. Embeddings have unit variance, so that features do.
    """
    vocabulary_size = 256 + len(_SPECIAL) + len(_merges())
    config = Qwen3VLConfig(
        text_config={
            "hidden_size": _TEXT_WIDTH,
            "intermediate_size": 2 * _TEXT_WIDTH,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 16,
            "vocab_size": vocabulary_size,
            "initializer_range": 0.1,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 10000.0,
                "mrope_section": [2, 3, 3],
                "mrope_interleaved": True,
            },
        },
        vision_config={
            "depth": 1,
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_heads": 2,
            "out_hidden_size": _TEXT_WIDTH,
            "patch_size": _PATCH_PX,
            "num_position_embeddings": 16,
            "deepstack_visual_indexes": [0],
        },
        tie_word_embeddings=False,
    )
    encoder = Qwen3VLForConditionalGeneration(config)
    nn.init.normal_(language_model(encoder).embed_tokens.weight)
    return encoder.eval().requires_grad_(False)


def tokenizer() -> Any:
    """A byte-level Qwen2 tokenizer for which each word of the small world, after a space, is one token."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = _merges()
    tokens = [*alphabet, *_SPECIAL, *("".join(merge) for merge in merges)]
    made = Qwen2Tokenizer(
        vocab={token: index for index, token in enumerate(tokens)},
        merges=merges,
        extra_special_tokens=list(_SPECIAL[1:]),
    )
    made.chat_template = _CHAT
    return made


def _merges() -> list[tuple[str, str]]:
    """Pair merges that join every word letter by letter behind its space (``Ġ``); each begins with a space, so that
    words can not disturb each other."""
    found: dict[tuple[str, str], None] = {}
    for word in vocabulary():
        for length in range(len(word)):
            found["Ġ" + word[:length], word[length]] = None
    return list(found)


def pipeline(vae: Any, network: SeFiTransformer2DModel, texts: Any, preset: Preset) -> SeFiPipeline:
    """The whole in the released layout."""
    return SeFiPipeline(
        transformer=network,
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=vae,
        text_encoder=texts,
        tokenizer=tokenizer(),
        semantic_channels=preset.semantic_channels,
        **SETTINGS,
    )


def semvae_shape(preset: Preset) -> dict[str, Any]:
    """Arguments of ``SemVAE``."""
    return {
        "feature_dim": preset.seeing,
        "latent_dim": preset.semantic_channels,
        "width": preset.seeing,
        "heads": 4,
        "blocks": 1,
        "mlp_ratio": 2.0,
    }


def seeing(preset: Preset) -> tuple[Any, SemVAE]:
    """The networks that play the parts of DINOv2 and SemVAE, untrained, in their layouts."""
    dino = Dinov2WithRegistersModel(
        Dinov2WithRegistersConfig(
            hidden_size=preset.seeing,
            num_hidden_layers=preset.seeing_layers,
            num_attention_heads=4,
            mlp_ratio=3,
            image_size=preset.side_px // CELL_PX * _PATCH_PX,
            patch_size=_PATCH_PX,
            num_register_tokens=2,
        )
    )
    return dino, SemVAE(**semvae_shape(preset))


def count(*modules: nn.Module) -> int:
    """Parameters of all."""
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


def device_of(name: str) -> torch.device:
    """``auto`` = CUDA where there is one."""
    automatic = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(automatic if name == "auto" else name)
