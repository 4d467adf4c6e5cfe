"""What is in an adapter's file: the weights that its head names, as many as its model has places for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from inference.adapters import AdapterCard
from inference.errors import EngineUnavailable


def weights_sha256(state: Mapping[str, Tensor]) -> str:
    """Of names and values, in the order of the names. Tensors on the CPU."""
    digest = hashlib.sha256()
    for name, value in sorted(state.items()):
        digest.update(name.encode())
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def read_weights(path: Path, card: AdapterCard) -> dict[str, Tensor]:
    """The tensors of an adapter's file, on the CPU.

    Raises:
        EngineUnavailable: ``generate.adapter_unreadable``: it can not be read, or its weights are not those that its
            head was written for: a file that was cut short, or changed by hand.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = load_file(path)
    except (SafetensorError, OSError) as error:
        raise unreadable(path, f"can not be read: {error}") from error
    if weights_sha256(state) != card.weights_sha256:
        raise unreadable(path, "holds other weights than its head names")
    return state


def misfit(state: Mapping[str, Tensor], places: Mapping[str, Tensor]) -> str:
    """In which way ``state`` is not exactly what belongs into ``places``; empty where it is."""
    for name in sorted(state.keys() - places.keys()):
        return f"{name} has no place"
    for name in sorted(places.keys() - state.keys()):
        return f"{name} is missing"
    for name, value in sorted(state.items()):
        if value.shape != places[name].shape:
            return f"{name} is {tuple(value.shape)} and its place {tuple(places[name].shape)}"
    return ""


def unreadable(path: Path, why: str) -> EngineUnavailable:
    """The file is here, and is not to be drawn with."""
    message = f"the adapter {path} {why}; put the file there again as it was trained, or train it again"
    return EngineUnavailable("generate.adapter_unreadable", message, name=path.stem)
