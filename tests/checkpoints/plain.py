"""The loop that a reader of SeFi's model card would write: one prompt list, no masks, levels worked out step by step.

What benchmarks compare ours with, and an independent second opinion on any configuration.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor


@torch.no_grad()
def plain_prompt_embeds(pipeline: Any, prompts: list[str]) -> Tensor:
    """Through the whole text encoder, head included."""
    chats = [
        pipeline.tokenizer.apply_chat_template(
            [{"role": "user", "content": [{"type": "text", "text": prompt}]}],
            tokenize=False,
            add_generation_prompt=True,
        )
        for prompt in prompts
    ]
    length = pipeline.config.max_sequence_length
    tokens = pipeline.tokenizer(chats, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
    output = pipeline.text_encoder(**tokens.to(pipeline.text_encoder.device), output_hidden_states=True)
    layers = [output.hidden_states[layer] for layer in pipeline.config.text_encoder_hidden_layers]
    return torch.cat(layers, dim=-1).to(pipeline.transformer.dtype)


def level_at(pipeline: Any, clock: Tensor) -> float:
    """The entry of the trained table for a place on the clock, 0 = all noise."""
    table = pipeline.scheduler.sigmas
    place = (clock.clamp(0.0, 1.0) * (len(table) - 1)).long().item()
    return float(table[place].to(pipeline.transformer.device).item())


def plain_velocity(pipeline: Any, latents: Tensor, levels: tuple[float, float], embeds: Tensor) -> Tensor:
    """One forward; positions are made anew each time."""
    device = latents.device
    batch, _, rows, columns = latents.shape
    one = torch.arange(1)
    text_ids = torch.cartesian_prod(one, one, one, torch.arange(embeds.shape[1])).to(device)
    image_ids = torch.cartesian_prod(one, torch.arange(rows), torch.arange(columns), one).to(device)
    packed = latents.flatten(2).transpose(1, 2)
    sem, tex = (torch.full((batch,), level, device=device) for level in levels)
    output = pipeline.transformer(packed, sem, tex, embeds, text_ids, image_ids, return_dict=False)[0]
    return output.transpose(1, 2).reshape(batch, -1, rows, columns)


@torch.no_grad()
def plain_latents(pipeline: Any, prompts: list[str], noise: Tensor, steps: int, guidance: float) -> Tensor:
    """Denoise ``noise`` (B, C, h, w): two separate forwards for guidance, noise levels read back at every step."""
    config, semantic = pipeline.config, pipeline.config.semantic_channels
    latents = noise.to(pipeline.transformer.device, pipeline.transformer.dtype)
    embeds = plain_prompt_embeds(pipeline, prompts)
    empty = plain_prompt_embeds(pipeline, [""] * len(prompts)) if guidance > 1.0 else None
    clock = torch.linspace(0, 1, steps + 1)
    clock = config.timestep_shift_alpha * clock / (1 + (config.timestep_shift_alpha - 1) * clock)
    clock = clock * (1 + config.delta_t)
    for now, after in pairwise(clock):
        now_sem, next_sem = (level_at(pipeline, place) for place in (now, after))
        now_tex, next_tex = (level_at(pipeline, place - config.delta_t) for place in (now, after))
        flow = plain_velocity(pipeline, latents, (now_sem, now_tex), embeds)
        if empty is not None:
            free = plain_velocity(pipeline, latents, (now_sem, now_tex), empty)
            flow = free + guidance * (flow - free)
        moved_sem = latents[:, :semantic] + (next_sem - now_sem) * flow[:, :semantic]
        moved_tex = latents[:, semantic:] + (next_tex - now_tex) * flow[:, semantic:]
        latents = torch.cat([moved_sem, moved_tex], dim=1)
    return latents
