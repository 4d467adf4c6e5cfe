"""What teaching an adapter takes, counted on tensors of the published sizes that have no memory of their own.

    python -m tests.checkpoints.learning_memory

Weights as the engines hold them once they are loaded, through their own classes: without the vision tower, the head and
the layers of the text encoder that prompts never reach, and for SeFi with DINOv2 and SemVAE in fp32, which read the
meaning of the pictures. Beside them what teaching adds: prompts that are remembered on the device; the adapter with its
gradients and the two moments of its optimiser in fp32; the inputs of all blocks, which checkpointing keeps; and twice
what one block keeps while it is run again (activations and their gradients). And 1 GB for CUDA.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from peft import inject_adapter_in_model
from torch import Tensor, nn
from transformers import Dinov2WithRegistersConfig, Dinov2WithRegistersModel

from inference.adapters import AdapterPlan
from inference.engines.adapters.switch import lora_config
from inference.engines.diffusion.embed_cache import EmbedCache
from inference.engines.flux2_klein.engine import KleinFamily
from inference.engines.sefi.engine import SeFiFamily
from inference.engines.sefi.semantic import SemanticEncoder, SemVAE
from inference.generation import GenerateOptions
from tests.checkpoints.published import TOKENS, random_klein, random_sefi

META = torch.device("meta")
CELL_PX = 16
# What CUDA and its libraries take before anything is computed.
CONTEXT_GB = 1.0
# facebook/dinov2-with-registers-large, ViT-L/14; SemVAE's published shape is the default of its class.
DINO_LARGE: dict[str, int] = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "image_size": 518,
    "patch_size": 14,
}
_FLOAT = 4
_OF_AN_ADAPTER = 4  # weights, gradients, two moments


@dataclass(frozen=True)
class LearningMemory:
    """GB (10^9 bytes).

    Attributes:
        weights: of everything that is loaded.
        prompts: remembered on the device, at most.
        adapter: with its gradients and moments.
        pass_: what blocks keep for the backward pass.
    """

    weights: float
    prompts: float
    adapter: float
    pass_: float

    @property
    def step(self) -> float:
        """What teaching takes beside the weights."""
        return self.prompts + self.adapter + self.pass_

    @property
    def peak(self) -> float:
        """All of it, with what CUDA itself takes."""
        return self.weights + self.step + CONTEXT_GB


def sefi_family(size: str) -> SeFiFamily:
    """SeFi Base of a published size as its engine holds it, without memory of its own."""
    pipeline = random_sefi(size, "base", META)
    with META:
        semantic = SemanticEncoder(Dinov2WithRegistersModel(Dinov2WithRegistersConfig(**DINO_LARGE)), SemVAE())
    return SeFiFamily(pipeline, EmbedCache(0), semantic, size)


def klein_family() -> KleinFamily:
    """FLUX.2 klein 4B as its engine holds it, without memory of its own."""
    return KleinFamily(random_klein(META).components, EmbedCache(0), "klein")


MODELS: dict[str, Callable[[], Any]] = {
    "sefi-1b-base": lambda: sefi_family("1b"),
    "sefi-2b-base": lambda: sefi_family("2b"),
    "sefi-5b-base": lambda: sefi_family("5b"),
    "flux2-klein-4b": klein_family,
}


def networks_of(family: Any) -> list[nn.Module]:
    """Everything of a loaded family that lies on the device."""
    semantic = getattr(family, "_semantic", None)
    seeing = [] if semantic is None else [semantic.dino, semantic.semvae]
    return [family.transformer, family.prompts._encoder, family.codec.vae, *seeing]


def held_bytes(networks: Iterable[nn.Module]) -> int:
    """Of all weights and buffers, shared ones once."""
    tensors = {id(one): one for network in networks for one in (*network.parameters(), *network.buffers())}
    return sum(one.numel() * one.element_size() for one in tensors.values())


def learning_memory(name: str, plan: AdapterPlan) -> LearningMemory:
    """At the peak of a step."""
    family = MODELS[name]()
    weights = held_bytes(networks_of(family))
    prompts = GenerateOptions().embed_cache_mb << 20
    adapter = adapter_bytes(family.transformer, plan)
    return LearningMemory(*(part / 1e9 for part in (weights, prompts, adapter, pass_bytes(family.transformer, plan))))


def adapter_bytes(transformer: Any, plan: AdapterPlan) -> int:
    """Of an adapter that learns. The transformer has it afterwards."""
    inject_adapter_in_model(lora_config(plan.rank, plan.alpha), transformer)
    learned = sum(one.numel() for key, one in transformer.named_parameters() if "lora_" in key)
    return learned * _FLOAT * _OF_AN_ADAPTER


def pass_bytes(transformer: Any, plan: AdapterPlan) -> int:
    """The inputs of all blocks and twice the largest of what one block keeps."""
    tokens = TOKENS + (plan.size_px // CELL_PX) ** 2
    blocks = [*transformer.transformer_blocks, *transformer.single_transformer_blocks]
    width = transformer.config.num_attention_heads * transformer.config.attention_head_dim
    kept = len(blocks) * plan.batch * tokens * width * 2
    return kept + 2 * max(_kept_by(block, plan.batch, tokens, width) for block in (blocks[0], blocks[-1]))


def _kept_by(block: nn.Module, batch: int, tokens: int, width: int) -> int:
    """Bytes that autograd keeps of one block beside its weights; scores of attention are never kept whole by the
    kernels that GPUs use."""
    seen: dict[int, int] = {}
    own = {id(one.untyped_storage()) for one in block.parameters()}

    def note(tensor: Tensor) -> Tensor:
        is_scores = tensor.ndim >= 2 and tuple(tensor.shape[-2:]) == (tokens, tokens)
        if id(tensor.untyped_storage()) not in own and not is_scores:
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
    print("GB: weights, adapter, pass and peak at 512 px; pass and peak at 1024 px")
    for model in MODELS:
        small, large = (learning_memory(model, AdapterPlan(size_px=side)) for side in (512, 1024))
        print(
            f"{model:16} {small.weights:6.2f} {small.adapter:6.2f} {small.pass_:6.2f} {small.peak:6.2f}",
            f"{large.pass_:6.2f} {large.peak:6.2f}",
        )
