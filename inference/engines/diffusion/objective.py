"""What a denoising transformer is trained for: the velocity from picture to noise, each stream at its own level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.engines.diffusion.job import Ask
from inference.engines.diffusion.schedule import SEMANTIC, TEXTURE
from inference.engines.diffusion.tokens import image_positions, pack, text_positions


@dataclass(frozen=True)
class TrainingLevels:
    """Noise levels of a batch, 1 = noise.

    Attributes:
        sigmas: fp32 (B, 2), columns ``SEMANTIC`` and ``TEXTURE``.
        counts: fp32 (B, 2), 1 where a stream is on its way at that time; what waits or is done does not count.
    """

    sigmas: Tensor
    counts: Tensor


def flow_loss(
    predict: Callable[[Ask], Tensor],
    clean: Tensor,
    noise: Tensor,
    embeds: Tensor,
    levels: TrainingLevels,
    *,
    semantic_channels: int,
) -> Tensor:
    """The mean squared error of the velocities noise - clean (flow matching, Lipman et al. 2023), streams alike.

    Args:
        predict: a ``job.Velocity``.
        clean, noise: fp32 (B, C, h, w), the first ``semantic_channels`` of C belong to the semantic stream.
        embeds: (B, L, D).
    """
    channels = clean.shape[1]
    streams = torch.tensor([SEMANTIC] * semantic_channels + [TEXTURE] * (channels - semantic_channels))
    streams = streams.to(clean.device)
    sigma, counts = levels.sigmas[:, streams], levels.counts[:, streams]
    noisy = torch.lerp(clean, noise, sigma[..., None, None])
    told = predict(
        Ask(
            latents=pack(noisy),
            levels=levels.sigmas,
            embeds=embeds,
            text_ids=text_positions(embeds.shape[1]).to(clean.device),
            image_ids=image_positions(*clean.shape[-2:]).to(clean.device),
            rows=None,
            attention_kwargs=None,
        )
    )
    error = (told.float() - pack(noise - clean)).pow(2).mean(dim=1) * counts
    present = [error[:, streams == stream].mean() for stream in (SEMANTIC, TEXTURE) if bool((streams == stream).any())]
    return torch.stack(present).mean()
