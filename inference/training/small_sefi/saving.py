"""Folders that the engine loads, and the state that an interrupted training goes on from."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import torch

from inference.engines.sefi.pipeline import SeFiPipeline
from inference.engines.sefi.semantic import SemanticEncoder, load_semantic_encoder, save_semvae
from inference.training.small_sefi.parts import semvae_shape
from inference.training.small_sefi.presets import Preset

NAME = "small-sefi"
"""The checkpoint's folder below the folder of weights; the others have the names that SeFi's engine looks for."""
_DTYPE = torch.bfloat16


def export(out: Path, pipeline: SeFiPipeline, encoder: SemanticEncoder, preset: Preset) -> None:
    """Write the three folders anew, each complete before it takes the place of the one before."""
    made = out / "being-written"
    shutil.rmtree(made, ignore_errors=True)
    half = copy.copy(pipeline)
    for name in ("transformer", "vae", "text_encoder"):
        setattr(half, name, copy.deepcopy(getattr(pipeline, name)).to("cpu", _DTYPE))
    half.save_pretrained(made / NAME)
    copy.deepcopy(encoder.dino).to("cpu", _DTYPE).save_pretrained(made / "dinov2-with-registers-large")
    save_semvae(encoder.semvae, made / "semvae", semvae_shape(preset), dtype=_DTYPE)
    for part in sorted(made.iterdir()):
        shutil.rmtree(out / part.name, ignore_errors=True)
        part.replace(out / part.name)
    made.rmdir()


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Replace what was kept before in one go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def read_state(path: Path, device: torch.device) -> dict[str, Any]:
    """What was kept; empty where nothing was."""
    return dict(torch.load(path, map_location=device, weights_only=True)) if path.is_file() else {}


def state_of(folder: Path, pictures: int) -> dict[str, Any]:
    """What ``export`` wrote, as the state of a run that has codec and semantics behind it and the flow before it.

    Args:
        pictures: how many are drawn to go on with.
    """
    pipeline = SeFiPipeline.from_pretrained(folder / NAME)
    encoder = load_semantic_encoder(folder / "semvae", folder / "dinov2-with-registers-large")
    transformer = pipeline.transformer.state_dict()
    seeing = {"dino": encoder.dino.state_dict(), "semvae": encoder.semvae.state_dict()}
    done = {"step": 0, "begun_s": 0.0, "is_done": True}
    return {
        "pictures": pictures,
        "codec": {**done, "modules": {"vae": pipeline.vae.state_dict()}},
        "semantics": {**done, "modules": seeing},
        "flow": {"step": 0, "is_done": False, "modules": {"network": transformer, "average": transformer}},
    }


def size_of(folder: Path) -> int:
    """Bytes of all files below."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
