"""Original SeFi checkpoints to the ``-diffusers`` layout.

    python -m inference.engines.sefi.convert ORIGINAL OUT --length TOKENS [--turbo] [--dtype bfloat16]

The original transformer keeps everything but ``dual_time_embed`` below ``backbone.``; the rest of an original folder
(``vae``, ``text_encoder``, ``scheduler``) has the same layout already. What can not be mapped one to one is an error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from inference.engines.diffusion.codec import TextureCodec
from inference.engines.diffusion.errors import incompatible, missing
from inference.engines.sefi.loading import load_component
from inference.engines.sefi.pipeline import SeFiPipeline
from inference.engines.sefi.transformer import SeFiTransformer2DModel
from inference.errors import InferenceError

_BACKBONE = "backbone."
_OWN = "dual_time_embed."
_WRAPPER = "module."
_NOT_OURS = ("guidance_embeds",)
_BASE: dict[str, Any] = {"timestep_shift_alpha": 0.3, "default_num_inference_steps": 50, "default_guidance_scale": 4.0}
_TURBO: dict[str, Any] = {"timestep_shift_alpha": 1.0, "default_num_inference_steps": 4, "default_guidance_scale": 1.0}


def converted_state(original: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Keys of an original transformer as ours.

    Raises:
        EngineUnavailable: a key is neither below ``backbone.`` nor below ``dual_time_embed.``, or two fall together.
    """
    state: dict[str, Tensor] = {}
    for key, tensor in original.items():
        plain = key.removeprefix(_WRAPPER)
        name = plain.removeprefix(_BACKBONE)
        if name == plain and not plain.startswith(_OWN):
            raise incompatible(f"the key {key} does not belong to an original SeFi transformer")
        if name in state:
            raise incompatible(f"two keys of the checkpoint mean {name}")
        state[name] = tensor
    return state


def original_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of ``converted_state``, for people who go on with the authors' training code."""
    return {key if key.startswith(_OWN) else _BACKBONE + key: tensor for key, tensor in state.items()}


def converted_transformer(folder: Path, dtype: torch.dtype) -> SeFiTransformer2DModel:
    """The transformer of an original folder (``config.json`` and safetensors), loaded strictly.

    Raises:
        EngineUnavailable: files are missing or do not fit.
    """
    config = folder / "config.json"
    shards = sorted(folder.glob("*.safetensors"))
    if not config.is_file() or not shards:
        raise missing(str(folder), "name the transformer folder of an original checkpoint")
    try:
        model = SeFiTransformer2DModel(**_known(json.loads(config.read_text(encoding="utf-8")))).to(dtype)
        state = converted_state(_merged(load_file(shard) for shard in shards))
        model.load_state_dict({key: tensor.to(dtype) for key, tensor in state.items()}, strict=True)
    except (RuntimeError, TypeError, ValueError) as error:
        raise incompatible(f"{folder} does not fit its own config.json: {error}") from error
    return model


def convert(
    original: Path,
    out: Path,
    *,
    is_turbo: bool,
    dtype: torch.dtype,
    max_sequence_length: int,
    text_encoder: Path | None = None,
    vae: Path | None = None,
) -> None:
    """Write ``original`` to ``out`` in the ``-diffusers`` layout.

    Args:
        text_encoder, vae: where they lie, if not in the folders of that name; the tokenizer lies in ``tokenizer`` or
            beside the text encoder's weights.

    Raises:
        EngineUnavailable: files are missing or do not fit; nothing was written then.
    """
    encoder, tokenizer = text_encoder or original / "text_encoder", original / "tokenizer"
    folders = {
        "vae": vae or original / "vae",
        "text_encoder": encoder,
        "tokenizer": tokenizer if tokenizer.is_dir() else encoder,
        "scheduler": original / "scheduler",
    }
    parts = {name: load_component(folder, name, {}, dtype) for name, folder in folders.items()}
    parts["transformer"] = converted_transformer(original / "transformer", dtype)
    settings = {**(_TURBO if is_turbo else _BASE), "max_sequence_length": max_sequence_length}
    channels = parts["transformer"].config.in_channels - TextureCodec(parts["vae"]).channels
    SeFiPipeline(**parts, is_turbo=is_turbo, semantic_channels=channels, **settings).save_pretrained(out)


def _known(config: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of an original ``config.json`` that our transformer takes."""
    return {key: value for key, value in config.items() if not key.startswith("_") and key not in _NOT_OURS}


def _merged(shards: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {key: tensor for shard in shards for key, tensor in shard.items()}


def main(arguments: list[str]) -> int:
    """Convert one folder; exit status 2 and one sentence when it is not an original checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m inference.engines.sefi.convert", description=__doc__)
    parser.add_argument("original", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--turbo", action="store_true", help="a distilled checkpoint: 4, 8 or 10 steps, no guidance")
    parser.add_argument("--dtype", choices=("bfloat16", "float32"), default="bfloat16")
    parser.add_argument("--length", type=int, required=True, help="text_max_length in the original's sefi_config.yaml")
    parser.add_argument("--text-encoder", type=Path, help="where sefi_config.yaml says it is, if not in text_encoder")
    parser.add_argument("--vae", type=Path, help="where sefi_config.yaml says it is, if not in vae")
    chosen = parser.parse_args(arguments)
    try:
        convert(
            chosen.original,
            chosen.out,
            is_turbo=chosen.turbo,
            dtype=getattr(torch, chosen.dtype),
            max_sequence_length=chosen.length,
            text_encoder=chosen.text_encoder,
            vae=chosen.vae,
        )
    except InferenceError as error:
        print(error.message, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
