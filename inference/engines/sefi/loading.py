"""Folders in the released ``-diffusers`` layout, component by component, every state dict strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler
from transformers import AutoTokenizer, Qwen3VLForConditionalGeneration

from inference.engines.diffusion.errors import incompatible, missing
from inference.engines.sefi.transformer import SeFiTransformer2DModel

INDEX = "model_index.json"
COMPONENTS = ("transformer", "scheduler", "vae", "text_encoder", "tokenizer")
_LIBRARIES = {
    "transformer": ["diffusers", "SeFiTransformer2DModel"],
    "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
    "text_encoder": ["transformers", "Qwen3VLForConditionalGeneration"],
    "tokenizer": ["transformers", "Qwen2Tokenizer"],
}
# The head of a language model may share its weights with the embeddings and is then not in the file.
_TIED = ("lm_head.weight",)


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
    index = read_index(folder)
    dtype = dtype or torch_dtype or torch.float32
    components = {name: load_component(folder / name, name, index, dtype) for name in COMPONENTS}
    # Casts the buffers too: the released models were run with the text encoder's rotary frequencies in its dtype.
    components["text_encoder"].to(dtype=dtype)
    for name in ("transformer", "vae", "text_encoder"):
        components[name].to(device).eval().requires_grad_(False)
    known = {key: value for key, value in index.items() if not key.startswith("_") and key not in COMPONENTS}
    return pipeline_class(**components, **{**known, **config})


def load_component(part: Path, name: str, index: Mapping[str, Any], dtype: torch.dtype) -> Any:
    """The component ``name`` from the folder ``part``, on the CPU.

    Raises:
        EngineUnavailable: its folder or files are missing or do not fit exactly.
    """
    if not part.is_dir():
        raise missing(str(part), "fetch the whole checkpoint again")
    try:
        if name == "scheduler":
            return FlowMatchEulerDiscreteScheduler.from_pretrained(part)
        if name == "tokenizer":
            return AutoTokenizer.from_pretrained(part, local_files_only=True)
        if name == "text_encoder":
            return _strict(
                Qwen3VLForConditionalGeneration, part, dtype=dtype, local_files_only=True, output_loading_info=True
            )
        model = SeFiTransformer2DModel if name == "transformer" else _vae_class(index)
        return _strict(model, part, dtype=dtype, local_files_only=True, output_loading_info=True)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise incompatible(f"{part} can not be loaded: {error}") from error


def read_index(folder: Path) -> dict[str, Any]:
    """``model_index.json`` of a checkpoint.

    Raises:
        EngineUnavailable: it is missing or belongs to another kind of model.
    """
    path = folder / INDEX
    if not path.is_file():
        raise missing(str(path), "name a folder in the -diffusers layout, or convert the original checkpoint first")
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise incompatible(f"{path} can not be read: {error}") from error
    if index.get("_class_name") != "SeFiPipeline":
        raise incompatible(f"{path} describes a {index.get('_class_name')}, not a SeFiPipeline")
    return dict(index)


def local_folder(source: str | Path, *, revision: str | None, local_files_only: bool) -> Path:
    """Where a checkpoint lies: ``source`` itself if it is a folder, else the local copy of that hub id."""
    if Path(source).is_dir():
        return Path(source)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(str(source), revision=revision, local_files_only=local_files_only))
    except (LocalEntryNotFoundError, HFValidationError, HfHubHTTPError, OSError) as error:
        step = f"accept its licence on the hub and fetch it: hf download {source}"
        raise missing(str(source), step) from error


def save_pipeline(pipeline: Any, folder: Path, **kwargs: Any) -> None:
    """Write the released layout; ``kwargs`` go to the models (``safe_serialization``, ``max_shard_size``)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in COMPONENTS:
        getattr(pipeline, name).save_pretrained(folder / name, **({} if name in ("scheduler", "tokenizer") else kwargs))
    config = {key: value for key, value in pipeline.config.items() if not key.startswith("_") and key not in COMPONENTS}
    libraries = {**_LIBRARIES, "vae": ["diffusers", type(pipeline.vae).__name__]}
    index = {"_class_name": "SeFiPipeline", **libraries, **config}
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def _vae_class(index: Mapping[str, Any]) -> Any:
    named = (index.get("vae") or ["diffusers", "AutoencoderKLFlux2"])[1]
    return {"AutoencoderKLFlux2": AutoencoderKLFlux2, "AutoencoderKL": AutoencoderKL}[named]


def _strict(model_class: Any, part: Path, **kwargs: Any) -> Any:
    model, report = model_class.from_pretrained(part, **kwargs)
    wrong = {
        kind: sorted(str(key) for key in report.get(kind) or () if key not in _TIED)
        for kind in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs")
    }
    problems = [f"{len(keys)} {kind.replace('_', ' ')}, first {keys[0]}" for kind, keys in wrong.items() if keys]
    if problems:
        raise incompatible(f"{part} does not fit {model_class.__name__} exactly: {'; '.join(problems)}")
    return model
