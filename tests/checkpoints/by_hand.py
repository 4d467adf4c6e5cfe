"""SeFi's transformer worked out from its weights alone, with tensor arithmetic and no module of any library.

A second opinion on every configuration, in float64: it shares nothing with ``inference.engines.sefi.transformer`` but
the names of the weights, which are those of the released checkpoints.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

_FREQUENCY_BASE = 10_000.0


class ByHand:
    """The velocity of both streams.

    Args:
        state: weights by their released names.
        config: the released configuration keys.
    """

    def __init__(self, state: Mapping[str, Tensor], config: Mapping[str, Any]) -> None:
        self._state = {name: value.double() for name, value in state.items()}
        self._heads, self._head = config["num_attention_heads"], config["attention_head_dim"]
        self._axes, self._theta = config["axes_dims_rope"], config["rope_theta"]
        self._eps, self._frequencies = config["eps"], config["timestep_guidance_channels"]
        self._double, self._single = config["num_layers"], config["num_single_layers"]

    def __call__(
        self,
        latents: Tensor,
        levels: tuple[Tensor, Tensor],
        embeds: Tensor,
        text_ids: Tensor,
        image_ids: Tensor,
        mask: Tensor | None = None,
    ) -> Tensor:
        """(B, N, in), two times (B,) in 0..1, (B, L, D), (L, 4), (N, 4), bool (B, 1, L+N, L+N) -> (B, N, out)."""
        level = self._level(levels)
        image, text = self._linear("x_embedder", latents.double()), self._linear("context_embedder", embeds.double())
        turns = torch.cat([self._angles(text_ids), self._angles(image_ids)])
        for number in range(self._double):
            text, image = self._double_block(f"transformer_blocks.{number}", text, image, level, turns, mask)
        both = torch.cat([text, image], dim=1)
        for number in range(self._single):
            both = self._single_block(f"single_transformer_blocks.{number}.attn", both, level, turns, mask)
        image = both[:, text.shape[1] :]
        scale, shift = self._linear("norm_out.linear", _silu(level))[:, None].chunk(2, dim=-1)
        return self._linear("proj_out", self._norm(image) * (1 + scale) + shift)

    def _level(self, levels: tuple[Tensor, Tensor]) -> Tensor:
        half = self._frequencies // 2
        rates = torch.exp(-math.log(_FREQUENCY_BASE) * torch.arange(half, dtype=torch.float64) / half)
        parts = []
        for name, level in zip(("semantic", "texture"), levels, strict=True):
            angle = 1000.0 * level.double()[:, None] * rates
            waves = torch.cat([angle.cos(), angle.sin()], dim=-1)
            path = f"dual_time_embed.{name}_embedder.linear_"
            parts.append(self._linear(f"{path}2", _silu(self._linear(f"{path}1", waves))))
        return torch.cat(parts, dim=-1)

    def _angles(self, ids: Tensor) -> Tensor:
        """(S, 4) positions -> (S, head size / 2) angles, the axes one behind the other."""
        parts = []
        for axis, size in enumerate(self._axes):
            rates = self._theta ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
            parts.append(ids[:, axis].double()[:, None] * rates)
        return torch.cat(parts, dim=-1)

    def _double_block(
        self, path: str, text: Tensor, image: Tensor, level: Tensor, turns: Tensor, mask: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        (i_shift, i_scale, i_gate, i_shift2, i_scale2, i_gate2) = self._modulation(
            "double_stream_modulation_img", level
        )
        (t_shift, t_scale, t_gate, t_shift2, t_scale2, t_gate2) = self._modulation(
            "double_stream_modulation_txt", level
        )
        seen, said = self._norm(image) * (1 + i_scale) + i_shift, self._norm(text) * (1 + t_scale) + t_shift
        queries = self._joined(f"{path}.attn", ("add_q_proj", said, "norm_added_q"), ("to_q", seen, "norm_q"))
        keys = self._joined(f"{path}.attn", ("add_k_proj", said, "norm_added_k"), ("to_k", seen, "norm_k"))
        values = self._joined(f"{path}.attn", ("add_v_proj", said, ""), ("to_v", seen, ""))
        heard = self._attended(queries, keys, values, turns, mask)
        length = text.shape[1]
        text = text + t_gate * self._linear(f"{path}.attn.to_add_out", heard[:, :length])
        image = image + i_gate * self._linear(f"{path}.attn.to_out.0", heard[:, length:])
        text = text + t_gate2 * self._fed(f"{path}.ff_context", self._norm(text) * (1 + t_scale2) + t_shift2)
        image = image + i_gate2 * self._fed(f"{path}.ff", self._norm(image) * (1 + i_scale2) + i_shift2)
        return text, image

    def _single_block(self, path: str, both: Tensor, level: Tensor, turns: Tensor, mask: Tensor | None) -> Tensor:
        shift, scale, gate = self._modulation("single_stream_modulation", level)
        made = self._linear(f"{path}.to_qkv_mlp_proj", self._norm(both) * (1 + scale) + shift)
        width = self._heads * self._head
        query, key, value = (made[..., start * width : (start + 1) * width] for start in range(3))
        query = self._sized(self._by_head(query), f"{path}.norm_q")
        key = self._sized(self._by_head(key), f"{path}.norm_k")
        heard = self._attended(query, key, self._by_head(value), turns, mask)
        gated, plain = made[..., 3 * width :].chunk(2, dim=-1)
        return both + gate * self._linear(f"{path}.to_out", torch.cat([heard, _silu(gated) * plain], dim=-1))

    def _joined(self, path: str, *parts: tuple[str, Tensor, str]) -> Tensor:
        made = [(self._by_head(self._linear(f"{path}.{name}", given)), norm) for name, given, norm in parts]
        return torch.cat([self._sized(one, f"{path}.{norm}") if norm else one for one, norm in made], dim=1)

    def _attended(self, query: Tensor, key: Tensor, value: Tensor, turns: Tensor, mask: Tensor | None) -> Tensor:
        query, key = _turned(query, turns), _turned(key, turns)
        scores = torch.einsum("bqhd,bkhd->bhqk", query, key) / math.sqrt(self._head)
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return torch.einsum("bhqk,bkhd->bqhd", scores.softmax(dim=-1), value).flatten(2)

    def _fed(self, path: str, given: Tensor) -> Tensor:
        gated, plain = self._linear(f"{path}.linear_in", given).chunk(2, dim=-1)
        return self._linear(f"{path}.linear_out", _silu(gated) * plain)

    def _modulation(self, name: str, level: Tensor) -> tuple[Tensor, ...]:
        made = self._linear(f"{name}.linear", _silu(level))[:, None]
        return made.split(self._heads * self._head, dim=-1)

    def _norm(self, given: Tensor) -> Tensor:
        centred = given - given.mean(dim=-1, keepdim=True)
        return centred / (centred.square().mean(dim=-1, keepdim=True) + self._eps).sqrt()

    def _sized(self, given: Tensor, name: str) -> Tensor:
        size = (given.square().mean(dim=-1, keepdim=True) + self._eps).sqrt()
        return given / size * self._state[f"{name}.weight"]

    def _by_head(self, given: Tensor) -> Tensor:
        return given.reshape(*given.shape[:2], self._heads, self._head)

    def _linear(self, name: str, given: Tensor) -> Tensor:
        return given @ self._state[f"{name}.weight"].T


def _turned(given: Tensor, turns: Tensor) -> Tensor:
    """Neighbouring pairs of a head (B, S, H, D) turned by their angles (S, D / 2)."""
    even, odd = given[..., 0::2], given[..., 1::2]
    cosine, sine = turns.cos()[:, None], turns.sin()[:, None]
    return torch.stack([even * cosine - odd * sine, even * sine + odd * cosine], dim=-1).flatten(-2)


def _silu(given: Tensor) -> Tensor:
    return given / (1 + torch.exp(-given))
