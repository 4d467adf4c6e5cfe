"""Loaded weights made quicker, and as they were again where that does not work here."""

from __future__ import annotations

from typing import Any

from inference.engines.diffusion.graphs import record


def quicken(family: Any) -> None:
    """Compile the transformer's blocks; on a GPU, record what runs in small steps. The first of a size waits.

    Args:
        family: ``generator.Family``.
    """
    family.transformer.compile_repeated_blocks(fullgraph=True)
    if family.device.type == "cuda":
        for module in (family.transformer, family.prompts.tower, family.codec.vae.decoder):
            record(module)


def leave_uncompiled(transformer: Any) -> None:
    """Undo ``compile_repeated_blocks``: drawing slower is better than not at all."""
    for module in transformer.modules():
        module._compiled_call_impl = None
