"""Folders in the released ``-diffusers`` layout, component by component, every state dict strictly."""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler
from transformers import AutoTokenizer, Qwen3VLForConditionalGeneration

from inference.engines.diffusion.errors import incompatible, missing
from inference.engines.diffusion.loading import INDEX, LOADING_ERRORS, local_folder, read_index, strict
from inference.engines.sefi.transformer import SeFiTransformer2DModel

_log = logging.getLogger(__name__)

COMPONENTS = ("transformer", "scheduler", "vae", "text_encoder", "tokenizer")
_MODELS = {"transformer": SeFiTransformer2DModel, "text_encoder": Qwen3VLForConditionalGeneration}
_VAES = {"AutoencoderKLFlux2": AutoencoderKLFlux2, "AutoencoderKL": AutoencoderKL}
_LIBRARIES = {
    "transformer": ["diffusers", "SeFiTransformer2DModel"],
    "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
    "text_encoder": ["transformers", "Qwen3VLForConditionalGeneration"],
    "tokenizer": ["transformers", "Qwen2Tokenizer"],
}


def load_pipeline(
    pipeline_class: Any,
    source: str | Path,
    *,
    torch_dtype: torch.dtype | None = None,
    dtype: torch.dtype | None = None,
    device: str | torch.device = "cpu",
    revision: str | None = None,
    local_files_only: bool = True,
    **config: Any,
) -> Any:
    """The pipeline in ``source``; see ``SeFiPipeline.from_pretrained``."""
    folder = local_folder(source, revision=revision, local_files_only=local_files_only)
    index = read_index(folder, "SeFiPipeline")
    dtype = dtype or torch_dtype or torch.float32
    given = {name: config.pop(name) for name in COMPONENTS if config.get(name) is not None}
    read = {name: load_component(folder / name, name, index, dtype) for name in COMPONENTS if name not in given}
    components = {**read, **given}
    for name in ("transformer", "vae", "text_encoder"):
        components[name].to(device).eval().requires_grad_(False)
    return pipeline_class(**components, **{**_settings(index, pipeline_class), **config})


def load_component(part: Path, name: str, index: Mapping[str, Any], dtype: torch.dtype) -> Any:
    """The component ``name`` from the folder ``part``, on the CPU.

    Raises:
        EngineUnavailable: its folder or files are missing or do not fit exactly.
    """
    if name in _MODELS:
        return strict(_MODELS[name], part, dtype)
    if name == "vae":
        return strict(_vae_class(index), part, dtype)
    if not part.is_dir():
        raise missing(str(part), "fetch the whole checkpoint again")
    try:
        if name == "scheduler":
            return FlowMatchEulerDiscreteScheduler.from_pretrained(part)
        return AutoTokenizer.from_pretrained(part, local_files_only=True)
    except LOADING_ERRORS as error:
        raise incompatible(f"{part} can not be loaded: {error}") from error


def save_pipeline(pipeline: Any, folder: Path, **kwargs: Any) -> None:
    """Write the released layout; ``kwargs`` go to the models (``safe_serialization``, ``max_shard_size``)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in COMPONENTS:
        getattr(pipeline, name).save_pretrained(folder / name, **({} if name in ("scheduler", "tokenizer") else kwargs))
    config = {key: value for key, value in pipeline.config.items() if not key.startswith("_") and key not in COMPONENTS}
    libraries = {**_LIBRARIES, "vae": ["diffusers", type(pipeline.vae).__name__]}
    index = {"_class_name": "SeFiPipeline", **libraries, **config}
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def _settings(index: Mapping[str, Any], pipeline_class: Any) -> dict[str, Any]:
    """The keys of an index that ``pipeline_class`` takes. As in diffusers, others are named in the log and left out."""
    said = {key: value for key, value in index.items() if not key.startswith("_") and key not in COMPONENTS}
    taken = inspect.signature(pipeline_class.__init__).parameters
    unknown = sorted(said.keys() - taken.keys())
    if unknown:
        _log.warning("%s does not know these keys of %s: %s", pipeline_class.__name__, INDEX, ", ".join(unknown))
    return {key: value for key, value in said.items() if key in taken}


def _vae_class(index: Mapping[str, Any]) -> Any:
    named = (index.get("vae") or ["diffusers", "AutoencoderKLFlux2"])[1]
    if named not in _VAES:
        raise incompatible(f"the texture VAE is a {named}; there are {', '.join(_VAES)}")
    return _VAES[named]
