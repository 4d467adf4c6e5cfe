"""Trains the transformer with SeFi's objective: flow matching on two streams, semantics a little ahead.

See ``diffusion.objective`` and ``sefi.schedule.training_levels``: the same that adapters are trained with.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from inference.engines.diffusion.compiling import leave_uncompiled
from inference.engines.diffusion.objective import flow_loss
from inference.engines.diffusion.text import language_model
from inference.engines.sefi.schedule import training_levels
from inference.engines.sefi.semantic import SemanticEncoder
from inference.engines.sefi.velocity import SeFiVelocity
from inference.training.small_sefi import codec_training, learning, parts, semantic_training
from inference.training.small_sefi.pool import Pool
from inference.training.small_sefi.presets import TOKENS, Preset

_NO_PROMPT_SHARE = 0.1
_AT_ONCE = 256
_TRAINED_ALPHA = 0.6
_COMPILE_ERRORS = (RuntimeError, ImportError, OSError, AttributeError, TypeError, ValueError)


class Shelf:
    """The pool as the transformer sees it: latents and prompt embeddings, fp16, on the device."""

    def __init__(self, pool: Pool, vae: Any, encoder: SemanticEncoder, texts: Any, tokenizer: Any) -> None:
        starts = [slice(at, at + _AT_ONCE) for at in range(0, len(pool), _AT_ONCE)]
        self.latents = torch.cat(
            [
                torch.cat(
                    [semantic_training.encoded(encoder, pool, rows), codec_training.encoded(vae, pool, rows)], 1
                ).half()
                for rows in starts
            ]
        )
        self.embeds = torch.cat([embedded(texts, tokenizer, pool.captions[rows]).half() for rows in starts])
        self.empty = embedded(texts, tokenizer, [""])[0]
        self.semantic = encoder.semvae.latent_dim

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Random latents fp32 (B, C, h, w) and their embeddings (B, L, D), some of them those of no prompt."""
        device = self.latents.device
        rows = torch.randint(len(self.latents), (size,), device=device)
        without = torch.rand(size, 1, 1, device=device) < _NO_PROMPT_SHARE
        return self.latents[rows].float(), torch.where(without, self.empty, self.embeds[rows].float())


@torch.no_grad()
def embedded(texts: Any, tokenizer: Any, prompts: Sequence[str]) -> Tensor:
    """What ``PromptEncoder`` makes of ``prompts`` (B, L, D), without rendering the chat template for each."""
    mark = "PROMPT"
    message = {"role": "user", "content": [{"type": "text", "text": mark}]}
    before, _, after = tokenizer.apply_chat_template([message], tokenize=False).partition(mark)
    chats = [f"{before}{prompt}{after}" for prompt in prompts]
    tokens = tokenizer(chats, padding="max_length", truncation=True, max_length=TOKENS, return_tensors="pt")
    tower = language_model(texts)
    moved = {name: tokens[name].to(tower.embed_tokens.weight.device) for name in ("input_ids", "attention_mask")}
    states = tower(**moved, output_hidden_states=True, use_cache=False).hidden_states
    return torch.cat([states[layer] for layer in parts.SETTINGS["text_encoder_hidden_layers"]], dim=-1)


class FlowLearner:
    """A ``learning.Learner``; ``average`` is the network that draws."""

    def __init__(self, preset: Preset, shelf: Shelf, device: torch.device) -> None:
        self.shelf, self.batch, self.device, self.step = shelf, preset.flow_batch, device, 0
        self.network: Any = parts.transformer(preset).to(device).train()
        self.average: Any = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.optimiser = learning.optimiser(self.network.parameters(), preset.flow_rate, device)

    def loss(self) -> Tensor:
        clean, embeds = self.shelf.batch(self.batch)
        # Spread evenly, so that no batch is all early or all late.
        u = (torch.arange(self.batch, device=self.device) + torch.rand(self.batch, device=self.device)) / self.batch
        levels = training_levels(u, alpha=_TRAINED_ALPHA, delta_t=parts.SETTINGS["delta_t"])
        with learning.autocast(self.device):
            return flow_loss(
                SeFiVelocity(self.network),
                clean,
                torch.randn_like(clean),
                embeds,
                levels,
                semantic_channels=self.shelf.semantic,
            )

    def follow(self) -> None:
        """After each step: the average moves on."""
        learning.averaged(self.average, self.network, self.step)

    def compiled(self) -> str:
        """Compile the network's blocks and try a step forth and back; eager again where that fails. Says which."""
        try:
            self.network.compile_repeated_blocks(fullgraph=True)
            self.loss().backward()
        except _COMPILE_ERRORS as error:
            leave_uncompiled(self.network)
            return f"eager, compiling failed: {type(error).__name__}: {str(error)[:200]}"
        return "compiled"
