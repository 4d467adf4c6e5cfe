"""FLUX.2 klein behind the port of generators: its own transformer and text encoder, everything else shared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler, Flux2Transformer2DModel
from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu
from torch import Tensor
from transformers import AutoTokenizer, Qwen3ForCausalLM

from inference.engines.diffusion.codec import TextureCodec
from inference.engines.diffusion.embed_cache import EmbedCache
from inference.engines.diffusion.errors import incompatible
from inference.engines.diffusion.generator import LatentGenerator
from inference.engines.diffusion.job import Ask, Velocity
from inference.engines.diffusion.loading import LOADING_ERRORS, read_index, strict
from inference.engines.diffusion.objective import TrainingLevels
from inference.engines.diffusion.schedule import TEXTURE, Schedule
from inference.engines.diffusion.text import PromptEncoder, keep_only_text_layers
from inference.engines.diffusion.tokens import image_positions, pack
from inference.generation import GenerateOptions
from inference.models import ModelCard

# How far apart reference pictures lie on the time axis of the positions, as the model was trained.
_REFERENCE_TIME = 10
# How its prompts are read.
_TEXT_LAYERS = (9, 18, 27)
_TEXT_TOKENS = 512
_SAMPLED_STEPS = 4
_MODELS = {"transformer": Flux2Transformer2DModel, "vae": AutoencoderKLFlux2, "text_encoder": Qwen3ForCausalLM}


class KleinVelocity:
    """The transformer with, for every item, its own reference pictures behind the latents.

    The stock pipeline shows every item of a batch the references of all others; here each sees its own.

    Args:
        context: normalised texture latents (B, K, C, h, w) of K pictures an item, (B, C, h, w) of one, or None.
    """

    def __init__(self, transformer: Any, context: Tensor | None = None) -> None:
        self._transformer, self.device = transformer, transformer.device
        self._context: Tensor | None = None
        if context is not None:
            shown = context[:, None] if context.dim() == 4 else context
            self._context = torch.cat([pack(one) for one in shown.unbind(1)], dim=1).to(self.device, transformer.dtype)
            self._positions = torch.cat(
                [_positions_of(number, *context.shape[-2:]) for number in range(shown.shape[1])]
            )
            self._positions = self._positions.to(self.device)

    def __call__(self, ask: Ask) -> Tensor:
        """See ``job.Velocity``."""
        dtype = self._transformer.dtype
        tokens, positions, kwargs = ask.latents.to(dtype), ask.image_ids, ask.attention_kwargs
        if self._context is not None:
            shown = self._context if ask.rows is None else self._context[ask.rows]
            if len(shown) != len(tokens):  # with guidance the items come twice
                shown = torch.cat([shown, shown])
            tokens = torch.cat([tokens, shown], dim=1)
            positions = torch.cat([positions, self._positions])
            kwargs = _seeing_all(kwargs, shown.shape[1])
        output: tuple[Tensor] = self._transformer(
            hidden_states=tokens,
            timestep=ask.levels[:, TEXTURE].to(dtype),
            guidance=None,
            encoder_hidden_states=ask.embeds,
            txt_ids=ask.text_ids,
            img_ids=positions,
            joint_attention_kwargs=kwargs,
            return_dict=False,
        )
        return output[0][:, : ask.latents.shape[1]]


def _positions_of(number: int, rows: int, columns: int) -> Tensor:
    """(rows * columns, 4): a reference picture's cells, each picture at a time of its own."""
    positions = image_positions(rows, columns)
    positions[:, 0] = _REFERENCE_TIME * (number + 1)
    return positions


def _seeing_all(kwargs: dict[str, Any] | None, more: int) -> dict[str, Any] | None:
    """Masks know text and latents; ``more`` tokens behind them see everything and are seen by everything."""
    mask = (kwargs or {}).get("attention_mask")
    if mask is None:
        return kwargs
    return {**(kwargs or {}), "attention_mask": torch.nn.functional.pad(mask, (0, more, 0, more), value=True)}


class KleinFamily:
    """Loaded weights of a klein checkpoint; see ``diffusion.generator.Family``.

    Args:
        parts: transformer, scheduler, vae, text_encoder and tokenizer.
    """

    semantic_channels = 0
    parts: Mapping[str, str] = MappingProxyType({})

    def __init__(self, parts: Mapping[str, Any], cache: EmbedCache, name: str) -> None:
        keep_only_text_layers(parts["text_encoder"], max(_TEXT_LAYERS))
        self._scheduler = parts["scheduler"]
        self.prompts = PromptEncoder(
            parts["text_encoder"],
            parts["tokenizer"],
            layers=_TEXT_LAYERS,
            length=_TEXT_TOKENS,
            identity=name,
            cache=cache,
            in_parts=False,
        )
        self.codec, self.transformer = TextureCodec(parts["vae"]), parts["transformer"]
        self.device = self.transformer.device

    def embed(self, prompts: Sequence[str]) -> Tensor:
        return self.prompts.embed(prompts, dtype=self.transformer.dtype)

    def schedule(self, steps: int, cells: int) -> Schedule:
        return klein_schedule(self._scheduler, steps, cells)

    def training_levels(self, u: Tensor, cells: int) -> TrainingLevels:
        # As dense as its own sampler's: evenly drawn times, shifted by the size (Esser et al. 2024).
        shift = math.exp(compute_empirical_mu(image_seq_len=cells, num_steps=_SAMPLED_STEPS))
        sigma = shift * u / (1.0 + (shift - 1.0) * u)
        both = sigma[:, None].expand(-1, 2)
        return TrainingLevels(both, torch.ones_like(both))

    def can_read_meaning(self) -> bool:
        return False

    def velocity(self, context: Tensor | None) -> Velocity:
        return KleinVelocity(self.transformer, context)

    def semantics(self, images: Tensor) -> Tensor | None:
        return None


def klein_schedule(scheduler: Any, steps: int, cells: int) -> Schedule:
    """The noise levels of klein's own sampler, which depend on the size; both columns are equal, the last row is 0.

    The scheduler of the pipeline is stateful, so a copy is set instead.
    """
    own = FlowMatchEulerDiscreteScheduler.from_config(scheduler.config)
    own.set_timesteps(
        sigmas=np.linspace(1.0, 1.0 / steps, steps), mu=compute_empirical_mu(image_seq_len=cells, num_steps=steps)
    )
    sigmas = own.sigmas.to("cpu", torch.float32)
    levels = torch.cat([own.timesteps.to("cpu", torch.float32) / own.config.num_train_timesteps, sigmas[-1:]])
    return Schedule(*(column[:, None].expand(-1, 2).contiguous() for column in (sigmas, levels)))


def klein_engine(card: ModelCard, options: GenerateOptions) -> LatentGenerator:
    """The generator of one klein checkpoint."""

    def load(folder: Path, device: torch.device, dtype: torch.dtype, cache: EmbedCache) -> KleinFamily:
        read_index(folder, "Flux2KleinPipeline")
        parts = {name: strict(model, folder / name, dtype) for name, model in _MODELS.items()}
        for part in parts.values():
            part.to(device).eval().requires_grad_(False)
        try:
            parts["scheduler"] = FlowMatchEulerDiscreteScheduler.from_pretrained(folder / "scheduler")
            parts["tokenizer"] = AutoTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
        except LOADING_ERRORS as error:
            raise incompatible(f"{folder} can not be loaded as FLUX.2 klein: {error}") from error
        return KleinFamily(parts, cache, card.name)

    return LatentGenerator(card, options, load)
