"""Loaded weights made quicker, and as they were again where that does not work here."""

from __future__ import annotations

from typing import Any

from inference.engines.diffusion.graphs import Recording, record
from inference.engines.diffusion.memory import free_bytes
from inference.engines.diffusion.shelf import Shelf

# Of what the weights leave free. The rest is for what is computed, and for other models. Chosen, not measured.
_FOR_RECORDINGS = 0.25


def quicken(family: Any) -> Shelf[Recording] | None:
    """Compile the transformer's blocks; on a GPU, record what runs in small steps. The first of a size waits.

    Args:
        family: ``generator.Family``.

    Returns:
        where recordings are kept; None where nothing is recorded.
    """
    family.transformer.compile_repeated_blocks(fullgraph=True)
    if family.device.type != "cuda":
        return None
    shelf = Shelf[Recording](int(_FOR_RECORDINGS * free_bytes(family.device)))
    for module in (family.transformer, family.prompts.tower, family.codec.vae.decoder):
        record(module, shelf)
    return shelf


def leave_uncompiled(transformer: Any) -> None:
    """Undo ``compile_repeated_blocks``: drawing slower is better than not at all."""
    for module in transformer.modules():
        module._compiled_call_impl = None
