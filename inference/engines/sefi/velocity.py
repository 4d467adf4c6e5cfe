"""SeFi's transformer as the sampling loop sees it."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from inference.engines.diffusion.job import Ask
from inference.engines.diffusion.schedule import SEMANTIC, TEXTURE


class SeFiVelocity:
    """Tells the transformer both noise levels.

    Args:
        transformer: SeFiTransformer2DModel, compiled or not, with or without adapters.
    """

    def __init__(self, transformer: Any) -> None:
        self._transformer = transformer
        self.device = next(transformer.parameters()).device

    def __call__(self, ask: Ask) -> Tensor:
        """See ``job.Velocity``."""
        output: tuple[Tensor] = self._transformer(
            hidden_states=ask.latents,
            timestep_sem=ask.levels[:, SEMANTIC],
            timestep_tex=ask.levels[:, TEXTURE],
            encoder_hidden_states=ask.embeds,
            txt_ids=ask.text_ids,
            img_ids=ask.image_ids,
            joint_attention_kwargs=ask.attention_kwargs,
            return_dict=False,
        )
        return output[0]
