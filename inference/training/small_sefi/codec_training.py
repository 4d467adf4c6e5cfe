"""Trains the texture codec: pictures through few channels and back, then the statistics that normalise them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from inference.engines.diffusion.codec import TextureCodec, patchify
from inference.training.small_sefi import learning, parts
from inference.training.small_sefi.pool import Pool
from inference.training.small_sefi.presets import Preset

_KL_WEIGHT = 1e-4
_EDGE_WEIGHT = 1.0
_COARSE_PX = 8
_MEASURED = 2048
_AT_ONCE = 64


class CodecLearner:
    """A ``learning.Learner`` on random pictures of the pool."""

    def __init__(self, preset: Preset, pool: Pool, device: torch.device) -> None:
        self.pool, self.batch, self.device, self.step = pool, preset.codec_batch, device, 0
        self.vae: Any = parts.codec(preset).to(device, memory_format=torch.channels_last)
        self.optimiser = learning.optimiser(self.vae.parameters(), preset.codec_rate, device)

    def loss(self) -> Tensor:
        rows = torch.randint(len(self.pool), (self.batch,), device=self.device)
        images = (self.pool.pictures(rows) * 2.0 - 1.0).contiguous(memory_format=torch.channels_last)
        with learning.autocast(self.device):
            posterior = self.vae.encode(images).latent_dist
            made = self.vae.decode(posterior.sample(), return_dict=False)[0]
        spread = posterior.kl().float().mean() / posterior.mean[0].numel()
        return picture_loss(made.float(), images) + _KL_WEIGHT * spread


def picture_loss(made: Tensor, wanted: Tensor) -> Tensor:
    """Absolute and squared differences of pixels (-1..1), and absolute ones of slopes, so that edges stay. Colours vary
    less than lightness does and would be learned late: their differences count apart, coarse ones once more."""
    difference = made - wanted
    red, green, blue = difference.unbind(dim=1)
    colour = torch.stack([red - green, blue - 0.5 * (red + green)], dim=1)
    both = torch.cat([difference, colour], dim=1)
    coarse = functional.avg_pool2d(both, _COARSE_PX).abs().mean()
    slopes = (difference[..., 1:] - difference[..., :-1]).abs().mean()
    slopes = slopes + (difference[..., 1:, :] - difference[..., :-1, :]).abs().mean()
    return both.abs().mean() + difference.pow(2).mean() + coarse + _EDGE_WEIGHT * slopes


@torch.no_grad()
def normalise(vae: Any, pool: Pool) -> None:
    """Set the running statistics of ``vae`` to those of the pool's latents, so that the transformer sees unit ones."""
    latents = []
    for start in range(0, min(_MEASURED, len(pool)), _AT_ONCE):
        images = pool.pictures(slice(start, start + _AT_ONCE)) * 2.0 - 1.0
        latents.append(patchify(vae.encode(images).latent_dist.mode().float()))
    values = torch.cat(latents).transpose(0, 1).flatten(1)
    norm: nn.BatchNorm2d = vae.bn
    norm.running_mean.copy_(values.mean(dim=1))
    norm.running_var.copy_(values.var(dim=1))


@torch.no_grad()
def encoded(vae: Any, pool: Pool, rows: slice) -> Tensor:
    """fp32 (rows, texture channels, S / 16, S / 16), normalised."""
    return TextureCodec(vae).encode(pool.pictures(rows) * 2.0 - 1.0)


@torch.no_grad()
def psnr(vae: Any, pool: Pool, count: int = 64) -> float:
    """Of the last ``count`` pictures there and back, in dB."""
    wanted = pool.pictures(slice(len(pool) - min(count, len(pool)), len(pool)))
    codec = TextureCodec(vae)
    made = codec.decode(codec.encode(wanted * 2.0 - 1.0)) * 0.5 + 0.5
    return float(-10.0 * torch.log10((made.clamp(0.0, 1.0) - wanted).pow(2).mean().clamp(min=1e-9)))
