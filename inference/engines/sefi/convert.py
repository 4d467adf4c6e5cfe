"""Original SeFi checkpoints to the ``-diffusers`` layout.

    python -m inference.engines.sefi.convert ORIGINAL OUT [--length TOKENS] [--turbo | --no-turbo] [--dtype bfloat16]

The original transformer keeps everything but ``dual_time_embed`` below ``backbone.``; the rest of an original folder
(``vae``, ``text_encoder``, ``scheduler``) has the same layout already. What can not be mapped one to one is an error.
Sizes are read from the weights: a ``config.json`` beside them may be that of the backbone before it was changed. How it
draws and how prompts are read stands in ``sefi_config.yaml``, where there is one.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from inference.engines.diffusion.codec import TextureCodec
from inference.engines.diffusion.errors import incompatible, missing
from inference.engines.sefi.loading import load_component
from inference.engines.sefi.original import Original
from inference.engines.sefi.pipeline import SeFiPipeline
from inference.engines.sefi.transformer import SeFiTransformer2DModel
from inference.errors import InferenceError

_BACKBONE = "backbone."
_OWN = "dual_time_embed."
_WRAPPER = "module."
_WRAPPERS = ("model_state_dict", "module", "state_dict")
_VAES = {"flux2": "AutoencoderKLFlux2"}
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


def sizes_of(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """The configuration keys that the shapes of a converted state say by themselves.

    Raises:
        KeyError: a weight that every SeFi transformer has is missing.
    """
    width, channels = state["x_embedder.weight"].shape
    head = next(len(tensor) for key, tensor in state.items() if key.endswith("attn.norm_q.weight"))
    doubles, singles = (_blocks(state, prefix) for prefix in ("transformer_blocks.", "single_transformer_blocks."))
    if doubles:
        inner = state["transformer_blocks.0.ff.linear_out.weight"].shape[1]
    else:
        inner = state["single_transformer_blocks.0.attn.to_out.weight"].shape[1] - width
    return {
        "in_channels": channels,
        "out_channels": state["proj_out.weight"].shape[0],
        "num_layers": doubles,
        "num_single_layers": singles,
        "attention_head_dim": head,
        "num_attention_heads": width // head,
        "joint_attention_dim": state["context_embedder.weight"].shape[1],
        "timestep_guidance_channels": state["dual_time_embed.semantic_embedder.linear_1.weight"].shape[1],
        "mlp_ratio": _ratio(inner, width),
    }


def converted_transformer(folder: Path, dtype: torch.dtype) -> SeFiTransformer2DModel:
    """The transformer of an original folder, loaded strictly. What shapes do not say is read from ``config.json``.

    Raises:
        EngineUnavailable: files are missing or do not fit.
    """
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.bin"))
    if not files:
        raise missing(str(folder), "name the folder of an original checkpoint, with its weights in transformer")
    try:
        state = converted_state(_merged(_read(file) for file in files))
        with torch.device("meta"):
            model = SeFiTransformer2DModel(**_config(folder / "config.json", sizes_of(state)))
        model.load_state_dict({key: tensor.to(dtype) for key, tensor in state.items()}, strict=True, assign=True)
    except (RuntimeError, TypeError, ValueError, KeyError, StopIteration, UnpicklingError) as error:
        raise incompatible(f"{folder} does not hold a whole original transformer: {error}") from error
    return model


def convert(
    original: Path,
    out: Path,
    *,
    is_turbo: bool | None = None,
    dtype: torch.dtype,
    max_sequence_length: int | None = None,
    text_encoder: Path | None = None,
    vae: Path | None = None,
) -> None:
    """Write ``original`` to ``out`` in the ``-diffusers`` layout.

    Args:
        is_turbo: None = as ``sefi_config.yaml`` or else the name of the folder says.
        max_sequence_length: tokens that prompts are padded to; None = as ``sefi_config.yaml`` says.
        text_encoder, vae: where they lie, if neither in the folders of that name nor where ``sefi_config.yaml`` says;
            the tokenizer lies in ``tokenizer`` or beside the text encoder's weights.

    Raises:
        EngineUnavailable: files are missing or do not fit; nothing was written then.
    """
    found = Original.read(original)
    encoder, tokenizer = text_encoder or found.text_encoder(), original / "tokenizer"
    folders = {
        "vae": vae or found.vae(),
        "text_encoder": encoder,
        "tokenizer": tokenizer if tokenizer.is_dir() else encoder,
        "scheduler": original / "scheduler",
    }
    settings = _settings(found, is_turbo, max_sequence_length)
    family = settings["texture_vae_name"]
    index = {"vae": ["diffusers", _VAES.get(family, "AutoencoderKL")]}
    parts = {name: load_component(folder, name, index, dtype) for name, folder in folders.items()}
    parts["transformer"] = converted_transformer(original / "transformer", dtype)
    channels = parts["transformer"].config.in_channels - TextureCodec(parts["vae"], family).channels
    SeFiPipeline(**parts, **settings, semantic_channels=channels).save_pretrained(out)


def _config(file: Path, sizes: Mapping[str, Any]) -> dict[str, Any]:
    """``sizes`` and the other keys of an original ``config.json`` that our transformer takes; without a file the four
    rotary axes are alike, as in all released models."""
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    kept = {key: value for key, value in known.items() if not key.startswith("_") and key not in _NOT_OURS}
    return {"axes_dims_rope": (sizes["attention_head_dim"] // 4,) * 4, **kept, **sizes}


def _settings(original: Original, is_turbo: bool | None, length: int | None) -> dict[str, Any]:
    """The keys of ``SeFiPipeline``: what was named, what the configuration says, what its kind of model usually has."""
    distilled = original.is_turbo() if is_turbo is None else is_turbo
    usual = {"texture_vae_name": "flux2", **(_TURBO if distilled else _BASE)}
    settings = {**usual, **original.settings(), "is_turbo": distilled}
    length = length or settings.get("max_sequence_length")
    if length is None:
        raise missing(str(original.folder / "sefi_config.yaml"), "name the tokens that prompts are padded to: --length")
    return {**settings, "max_sequence_length": length}


def _ratio(inner: int, width: int) -> float:
    """What ``width`` is multiplied by to get ``inner``; multiplying back is rounded down and must not miss it."""
    ratio = inner / width
    return ratio if int(width * ratio) == inner else math.nextafter(ratio, math.inf)


def _read(file: Path) -> Mapping[str, Tensor]:
    if file.suffix == ".safetensors":
        return load_file(file)
    state = torch.load(file, map_location="cpu", weights_only=True)
    inner = next((state[name] for name in _WRAPPERS if name in state), state)
    return dict(inner)


def _blocks(state: Mapping[str, Tensor], prefix: str) -> int:
    return len({key.removeprefix(prefix).partition(".")[0] for key in state if key.startswith(prefix)})


def _merged(shards: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {key: tensor for shard in shards for key, tensor in shard.items()}


def main(arguments: list[str]) -> int:
    """Convert one folder; exit status 2 and one sentence when it is not an original checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m inference.engines.sefi.convert", description=__doc__)
    parser.add_argument("original", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--turbo",
        action=argparse.BooleanOptionalAction,
        help="distilled (4, 8 or 10 steps, no guidance) or not, whatever configuration and name say",
    )
    parser.add_argument("--dtype", choices=("bfloat16", "float32"), default="bfloat16")
    parser.add_argument("--length", type=int, help="tokens of a prompt, if no sefi_config.yaml says it")
    parser.add_argument("--text-encoder", type=Path, help="its folder, if it lies elsewhere")
    parser.add_argument("--vae", type=Path, help="its folder, if it lies elsewhere")
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
