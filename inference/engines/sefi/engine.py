"""SeFi-Image behind the port of generators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from inference.engines.diffusion.embed_cache import EmbedCache
from inference.engines.diffusion.gate import part_revision
from inference.engines.diffusion.generator import LatentGenerator
from inference.engines.diffusion.job import Velocity
from inference.engines.diffusion.objective import TrainingLevels
from inference.engines.diffusion.schedule import Schedule
from inference.engines.diffusion.text import PromptEncoder, counted_layers, keep_only_text_layers
from inference.engines.sefi.pipeline import SeFiPipeline
from inference.engines.sefi.schedule import training_levels
from inference.engines.sefi.semantic import SemanticEncoder, load_semantic_encoder
from inference.engines.sefi.velocity import SeFiVelocity
from inference.generation import GenerateOptions
from inference.models import ModelCard, part_card

_PARTS = ("semvae", "dinov2-with-registers-large")


class SeFiFamily:
    """Loaded weights of a SeFi checkpoint; see ``diffusion.generator.Family``."""

    def __init__(
        self,
        pipeline: SeFiPipeline,
        cache: EmbedCache,
        semantic: SemanticEncoder | None,
        name: str,
        parts: Mapping[str, str] | None = None,
    ) -> None:
        config = pipeline.config
        layers = counted_layers(pipeline.text_encoder, config.text_encoder_hidden_layers)
        keep_only_text_layers(pipeline.text_encoder, max(layers))
        self._pipeline, self._semantic = pipeline, semantic
        self.parts: Mapping[str, str] = dict(parts or {})
        self.prompts = PromptEncoder(
            pipeline.text_encoder,
            pipeline.tokenizer,
            layers=layers,
            length=config.max_sequence_length,
            identity=name,
            cache=cache,
        )
        self.codec, self.transformer = pipeline.codec, pipeline.transformer
        self.semantic_channels = int(config.semantic_channels)
        self.device = self.transformer.device

    def embed(self, prompts: Sequence[str]) -> Tensor:
        return self.prompts.embed(prompts, dtype=self.transformer.dtype)

    def schedule(self, steps: int, cells: int) -> Schedule:
        return self._pipeline.schedule(steps)

    def training_levels(self, u: Tensor, cells: int) -> TrainingLevels:
        config = self._pipeline.config
        return training_levels(u, alpha=config.timestep_shift_alpha, delta_t=config.delta_t)

    def can_read_meaning(self) -> bool:
        return self._semantic is not None

    def velocity(self, context: Tensor | None) -> Velocity:
        return SeFiVelocity(self.transformer)

    def semantics(self, images: Tensor) -> Tensor | None:
        return None if self._semantic is None else self._semantic.encode(images)


def sefi_engine(card: ModelCard, options: GenerateOptions) -> LatentGenerator:
    """The generator of one SeFi checkpoint. SemVAE is used where its weights lie beside the checkpoint's."""

    def load(folder: Path, device: torch.device, dtype: torch.dtype, cache: EmbedCache) -> SeFiFamily:
        pipeline: Any = SeFiPipeline.from_pretrained(folder, dtype=dtype, device=device)
        folders = {name: folder.parent / name for name in _PARTS}
        if not all(one.is_dir() for one in folders.values()):
            return SeFiFamily(pipeline, cache, None, card.name)
        semantic = load_semantic_encoder(*folders.values(), device=device)
        parts = {name: part_revision(part_card(name), one) for name, one in folders.items()}
        return SeFiFamily(pipeline, cache, semantic, card.name, parts)

    return LatentGenerator(card, options, load)
