"""SeFi-Image as its authors' own code keeps it, with random weights: before anybody converted it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler
from safetensors.torch import save_file

from inference.engines.sefi.convert import original_state
from inference.engines.sefi.transformer import SeFiTransformer2DModel
from tests.checkpoints.sefi import byte_tokenizer, tiny_text_encoder, tiny_vae

_TEXT_ENCODER = "Qwen3-VL-2B-Instruct"


def tiny_old_vae(seed: int = 0) -> AutoencoderKL:
    """The kind of codec from before FLUX.2: one scale and one shift for all of its 3 channels; cells of 16 px."""
    torch.manual_seed(seed)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 8, 8),
        latent_channels=3,
        norm_num_groups=4,
        scaling_factor=0.4,
        shift_factor=0.1,
    ).eval()


def write_tiny_original(
    folder: Path, transformer: SeFiTransformer2DModel, config: Mapping[str, Any], *, vae: Any = None
) -> Path:
    """``config`` is its ``sefi_config.yaml``; the text encoder lies under the name of the model that it is."""
    shapes = {key: value for key, value in transformer.config.items() if not key.startswith("_")}
    (folder / "transformer").mkdir(parents=True)
    (folder / "transformer" / "config.json").write_text(
        json.dumps({**shapes, "_class_name": "Flux2Transformer2DModel", "guidance_embeds": False})
    )
    state = {key: value.contiguous() for key, value in original_state(transformer.state_dict()).items()}
    save_file(state, folder / "transformer" / "diffusion_pytorch_model.safetensors")
    (vae or tiny_vae()).save_pretrained(folder / "vae")
    FlowMatchEulerDiscreteScheduler().save_pretrained(folder / "scheduler")
    tiny_text_encoder().save_pretrained(folder / _TEXT_ENCODER)
    byte_tokenizer().save_pretrained(folder / _TEXT_ENCODER)
    read = {"model_name": "qwen3vl_2b", **config.get("model", {}).get("text_encoder", {})}
    whole = {**config, "model": {**config.get("model", {}), "text_encoder": read}}
    (folder / "sefi_config.yaml").write_text(yaml.safe_dump(whole))
    return folder
