"""Trains the transformer with SeFi's objective: flow matching on two streams, semantics a little ahead.

On a common clock u in 0..1 + dt the semantic stream is at min(u, 1) and the texture stream at max(u - dt, 0) of its way
from noise to picture (SeFi-Image, arXiv 2606.22568); the network sees both noise levels and predicts, for each stream,
the velocity noise - clean. A stream that is not on its way at a time (texture before dt, semantics after 1) is seen but
does not count.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inference.engines.diffusion.text import language_model
from inference.engines.diffusion.tokens import image_positions, pack, text_positions
from inference.engines.sefi.semantic import SemanticEncoder
from inference.training.small_sefi import codec_training, learning, parts, semantic_training
from inference.training.small_sefi.pool import Pool
from inference.training.small_sefi.presets import TOKENS, Preset

_NO_PROMPT_SHARE = 0.1
_AT_ONCE = 256
_TRAINED_ALPHA = 0.6
_COMPILE_ERRORS = (RuntimeError, ImportError, OSError, AttributeError, TypeError, ValueError)


@dataclass(frozen=True)
class Levels:
    """fp32 (B,) noise levels of both streams, 1 = noise, and whether each is on its way."""

    semantic: Tensor
    texture: Tensor
    semantic_counts: Tensor
    texture_counts: Tensor


def levels_at(clock: Tensor, delta_t: float) -> Levels:
    """Levels at times ``clock`` (B,) in 0..1 + delta_t."""
    return Levels(
        semantic=1.0 - clock.clamp(max=1.0),
        texture=1.0 - (clock - delta_t).clamp(min=0.0),
        semantic_counts=(clock <= 1.0).float(),
        texture_counts=(clock >= delta_t).float(),
    )


def random_clock(batch: int, delta_t: float, device: torch.device) -> Tensor:
    """Random times (B,), a little more often early, where pictures are laid out."""
    u = (torch.arange(batch, device=device) + torch.rand(batch, device=device)) / batch
    return (1.0 + delta_t) * _TRAINED_ALPHA * u / (1.0 + (_TRAINED_ALPHA - 1.0) * u)


def flow_loss(network: Any, clean: Tensor, embeds: Tensor, semantic: int, clock: Tensor, delta_t: float) -> Tensor:
    """The mean squared error of the velocities, both streams alike.

    Args:
        network: SeFiTransformer2DModel.
        clean: (B, C, h, w) latents, the first ``semantic`` channels semantic ones.
        embeds: (B, L, D).
        clock: (B,), see ``random_clock``.
    """
    levels = levels_at(clock, delta_t)
    noise = torch.randn_like(clean)
    channels = torch.arange(clean.shape[1], device=clean.device) < semantic
    sigma, counts = (
        torch.where(channels, ours[:, None], theirs[:, None])
        for ours, theirs in ((levels.semantic, levels.texture), (levels.semantic_counts, levels.texture_counts))
    )
    noisy = torch.lerp(clean, noise, sigma[..., None, None])
    told = network(
        hidden_states=pack(noisy),
        timestep_sem=levels.semantic,
        timestep_tex=levels.texture,
        encoder_hidden_states=embeds,
        txt_ids=text_positions(embeds.shape[1]).to(clean.device),
        img_ids=image_positions(*clean.shape[-2:]).to(clean.device),
        return_dict=False,
    )[0]
    error = (told.float() - pack(noise - clean)).pow(2).mean(dim=1) * counts
    streams = error[:, channels].mean(), error[:, ~channels].mean()
    return 0.5 * (streams[0] + streams[1])


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
        delta_t = parts.SETTINGS["delta_t"]
        clock = random_clock(self.batch, delta_t, self.device)
        with learning.autocast(self.device):
            return flow_loss(self.network, clean, embeds, self.shelf.semantic, clock, delta_t)

    def follow(self) -> None:
        """After each step: the average moves on."""
        learning.averaged(self.average, self.network, self.step)

    def compiled(self) -> str:
        """Compile the network's blocks and try a step forth and back; eager again where that fails. Says which."""
        try:
            self.network.compile_repeated_blocks(fullgraph=True)
            self.loss().backward()
        except _COMPILE_ERRORS as error:
            for module in self.network.modules():
                module._compiled_call_impl = None
            return f"eager, compiling failed: {type(error).__name__}: {str(error)[:200]}"
        return "compiled"
