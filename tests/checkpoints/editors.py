"""Editors that follow instructions, with tiny random weights in the layout of the published folders.

Their pipelines work on a megapixel whatever the picture, so the codecs have cells of 32 px here, which keeps the number
of tokens small, and few channels.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLQwenImage,
    FlowMatchEulerDiscreteScheduler,
    LongCatImageEditPipeline,
    LongCatImageTransformer2DModel,
    QwenImageEditPlusPipeline,
    QwenImageTransformer2DModel,
)

from tests.checkpoints import pictured

_LOUDER = 10.0


def write_tiny_qwen_edit(folder: Path) -> Path:
    """Qwen-Image-Edit 2509 and 2511."""
    torch.manual_seed(0)
    parts: dict[str, Any] = {
        "transformer": QwenImageTransformer2DModel(
            in_channels=16,
            out_channels=4,
            num_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=pictured.WIDTH,
            axes_dims_rope=(8, 4, 4),
        ),
        "vae": AutoencoderKLQwenImage(
            base_dim=4,
            z_dim=4,
            dim_mult=[1, 2, 4, 4, 4],
            num_res_blocks=1,
            temperal_downsample=[False, False, True, True],
            latents_mean=[0.0] * 4,
            latents_std=[20.0] * 4,
        ),
    }
    return _written(folder, QwenImageEditPlusPipeline, parts, "processor")


def write_tiny_longcat_edit(folder: Path) -> Path:
    """LongCat-Image-Edit and its Turbo."""
    torch.manual_seed(0)
    parts: dict[str, Any] = {
        "transformer": LongCatImageTransformer2DModel(
            in_channels=64,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=pictured.WIDTH,
            pooled_projection_dim=pictured.WIDTH,
            axes_dims_rope=[8, 4, 4],
        ),
        "vae": AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 5,
            up_block_types=("UpDecoderBlock2D",) * 5,
            block_out_channels=(4, 4, 8, 8, 8),
            latent_channels=16,
            norm_num_groups=4,
            scaling_factor=0.02,
            shift_factor=0.11,
        ),
    }
    return _written(folder, LongCatImageEditPipeline, parts, "text_processor")


def _written(folder: Path, pipeline: type, parts: dict[str, Any], processor: str) -> Path:
    """``parts`` and what all editors have; ``processor`` is what the pipeline calls what reads words and pictures."""
    parts |= {
        "scheduler": FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        "tokenizer": pictured.tokenizer(),
        "text_encoder": pictured.text_encoder(),
    }
    index: dict[str, Any] = {"_class_name": pipeline.__name__}
    _heed(parts["transformer"])
    for name, part in parts.items():
        part.save_pretrained(folder / name)
        library = "transformers" if name in ("tokenizer", "text_encoder") else "diffusers"
        index[name] = [library, type(part).__name__]
    pictured.write_processor(folder / processor)
    index[processor] = ["transformers", "Qwen2VLProcessor"]
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


@torch.no_grad()
def _heed(transformer: torch.nn.Module) -> None:
    """Random weights hardly listen; these do, so that another instruction is another picture."""
    for name, weight in transformer.named_parameters():
        if name.startswith(("context_embedder", "txt_in", "proj_out")):
            weight.mul_(_LOUDER)
