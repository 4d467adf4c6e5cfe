"""What teaching an adapter takes, counted on tensors of the published sizes that have no memory of their own.

    python -m tests.checkpoints.learning_memory

Weights of all parts in bfloat16; the adapter with its gradients and the two moments of its optimiser in fp32; the
inputs of all blocks, which checkpointing keeps; and twice what one block keeps while it is run again (activations and
their gradients).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from peft import inject_adapter_in_model
from torch import Tensor, nn

from inference.adapters import AdapterPlan
from inference.engines.adapters.switch import lora_config
from tests.checkpoints.published import TOKENS, random_klein, random_sefi

META = torch.device("meta")
CELL_PX = 16
# What CUDA and its libraries take before anything is computed.
CONTEXT_GB = 1.0
MODELS: dict[str, Callable[[], Any]] = {
    "sefi-1b-base": lambda: random_sefi("1b", "base", META),
    "sefi-2b-base": lambda: random_sefi("2b", "base", META),
    "sefi-5b-base": lambda: random_sefi("5b", "base", META),
    "flux2-klein-4b": lambda: random_klein(META),
}
_FLOAT = 4
_OF_AN_ADAPTER = 4  # weights, gradients, two moments


def learning_gb(name: str, plan: AdapterPlan) -> float:
    """GB (10^9 bytes) at the peak of a step."""
    pipeline = MODELS[name]()
    transformer = pipeline.transformer
    weights = sum(_bytes(part) for part in (transformer, pipeline.text_encoder, pipeline.vae))
    inject_adapter_in_model(lora_config(plan.rank, plan.alpha), transformer)
    learned = sum(one.numel() for key, one in transformer.named_parameters() if "lora_" in key)
    tokens = TOKENS + (plan.size_px // CELL_PX) ** 2
    blocks = [*transformer.transformer_blocks, *transformer.single_transformer_blocks]
    width = transformer.config.num_attention_heads * transformer.config.attention_head_dim
    kept = len(blocks) * plan.batch * tokens * width * 2
    largest = max(_kept_by(block, plan.batch, tokens, width) for block in (blocks[0], blocks[-1]))
    return (weights + learned * _FLOAT * _OF_AN_ADAPTER + kept + 2 * largest) / 1e9 + CONTEXT_GB


def _bytes(module: nn.Module) -> int:
    return sum(one.numel() * one.element_size() for one in module.parameters())


def _kept_by(block: nn.Module, batch: int, tokens: int, width: int) -> int:
    """Bytes that autograd keeps of one block; scores of attention are never kept whole by the kernels that GPUs use."""
    seen: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        is_scores = tensor.ndim >= 2 and tuple(tensor.shape[-2:]) == (tokens, tokens)
        if not isinstance(tensor, nn.Parameter) and not is_scores:
            seen[id(tensor.untyped_storage())] = math.prod(tensor.shape) * tensor.element_size()
            alive.append(tensor)
        return tensor

    alive: list[Tensor] = []
    part = {"device": META, "dtype": torch.bfloat16}
    head = block.attn.head_dim if hasattr(block.attn, "head_dim") else 128
    rotary = tuple(torch.empty(tokens, head, device=META) for _ in range(2))
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        if hasattr(block, "ff_context"):
            image = torch.empty(batch, tokens - TOKENS, width, **part).requires_grad_()
            text = torch.empty(batch, TOKENS, width, **part).requires_grad_()
            mod = torch.empty(batch, 6 * width, **part)
            block(image, text, mod, mod, rotary, None)
        else:
            both = torch.empty(batch, tokens, width, **part).requires_grad_()
            block(both, None, torch.empty(batch, 3 * width, **part), rotary, None)
    return sum(seen.values())


if __name__ == "__main__":
    for model in MODELS:
        print(
            model, round(learning_gb(model, AdapterPlan()), 1), round(learning_gb(model, AdapterPlan(size_px=1024)), 1)
        )
