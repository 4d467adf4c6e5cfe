"""Between pixels and the texture latents that the transformer works on."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from inference.engines.diffusion.errors import incompatible

_PIXELS_AT_ONCE = 1 << 20
_PATCH = 2


class TextureCodec:
    """Encodes and decodes with a stock VAE of diffusers; 2 x 2 latent cells become the channels of one.

    Args:
        vae: AutoencoderKLFlux2, or AutoencoderKL for the older families.
        family: ``"flux2"`` (channels normalised by the VAE's running statistics, which is what the released models
            use), ``"flux1"`` or ``"sd1.5"`` (one scale and shift).
    """

    def __init__(self, vae: Any, family: str = "flux2") -> None:
        self.vae = vae
        self.family = family.lower()
        if self.family not in ("flux2", "flux1", "sd1.5"):
            raise incompatible(f"there is no texture VAE family {family!r}; there are flux2, flux1 and sd1.5")
        # Only where gradients are asked for, and a decoder keeps gigabytes for those otherwise.
        vae.enable_gradient_checkpointing()
        if self.family == "flux2" and not hasattr(vae, "bn"):
            raise incompatible("the texture VAE has no running statistics; it is not the VAE of FLUX.2")

    @property
    def channels(self) -> int:
        """Texture channels of a latent cell."""
        return int(self.vae.config.latent_channels) * _PATCH * _PATCH

    @property
    def cell_px(self) -> int:
        """Side of a latent cell in pixels; sizes are multiples of it."""
        return int(_PATCH * 2 ** (len(self.vae.config.block_out_channels) - 1))

    @torch.no_grad()
    def encode(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in -1..1 -> fp32 (B, channels, H / cell, W / cell): the mode of the posterior, normalised."""
        parts = [self.vae.encode(part).latent_dist.mode() for part in self._parts(images.to(self.vae.dtype))]
        raw = torch.cat(parts).float()
        if self.family == "flux2":
            mean, std = self._statistics(raw)
            return (patchify(raw) - mean) / std
        scale, shift = self._scale_and_shift()
        return patchify((raw - shift) * scale)

    def decode(self, latents: Tensor) -> Tensor:
        """(B, channels, h, w) -> fp32 (B, 3, H, W), nominally in -1..1. Gradients flow where they are enabled.

        Statistics are rounded to the dtype of the latents, as the released models were run.
        """
        if self.family == "flux2":
            mean, std = self._statistics(latents)
            raw = unpatchify(latents * std + mean)
        else:
            scale, shift = self._scale_and_shift()
            raw = unpatchify(latents) / scale + shift
        area = self.cell_px * self.cell_px // (_PATCH * _PATCH)
        parts = [self.vae.decode(part, return_dict=False)[0] for part in self._parts(raw.to(self.vae.dtype), area)]
        return torch.cat(parts).float()

    def at_once(self, rows: int, columns: int) -> int:
        """How many pictures of so many cells one call of the VAE decodes."""
        return max(1, _PIXELS_AT_ONCE // (rows * columns * self.cell_px * self.cell_px))

    def _statistics(self, like: Tensor) -> tuple[Tensor, Tensor]:
        norm = self.vae.bn
        mean, variance = (
            value.to(like.device, torch.float32).view(1, -1, 1, 1) for value in (norm.running_mean, norm.running_var)
        )
        deviation = torch.sqrt(variance + float(self.vae.config.batch_norm_eps))
        return mean.to(like.dtype), deviation.to(like.dtype)

    def _scale_and_shift(self) -> tuple[float, float]:
        config = self.vae.config
        return float(config.scaling_factor), float(getattr(config, "shift_factor", None) or 0.0)

    def _parts(self, batch: Tensor, pixels_per_cell: int = 1) -> tuple[Tensor, ...]:
        """``batch`` cut so that no call works on much more than a megapixel: a VAE needs more memory than a step."""
        pixels = batch.shape[-2] * batch.shape[-1] * pixels_per_cell
        return torch.split(batch, max(1, _PIXELS_AT_ONCE // pixels))


def patchify(latents: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, 4 C, H / 2, W / 2); of the four, the row varies slower than the column."""
    return torch.pixel_unshuffle(latents, _PATCH)


def unpatchify(latents: Tensor) -> Tensor:
    """The inverse of ``patchify``."""
    return torch.pixel_shuffle(latents, _PATCH)


def to_unit_range(images: Tensor) -> Tensor:
    """-1..1 to 0..1, clipped."""
    return (images * 0.5 + 0.5).clamp(0.0, 1.0)
