"""Pulls what is being drawn towards a palette, by the gradient of a colour distance on the predicted clean picture.

At each step the velocity says which clean latents the model has in mind. They are decoded, each pixel's distance to the
nearest palette colour is measured in OKLab (Ottosson 2020), softened so that it has a gradient everywhere, and the
latents are moved a little against that gradient; the velocity is then what leads there. The transformer is not
differentiated through (as in universal guidance, Bansal et al. 2023, without its backward pass). Where it must not
change anything the weight is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from inference.engines.diffusion.codec import TextureCodec, to_unit_range
from inference.engines.diffusion.job import StepView
from inference.engines.diffusion.schedule import TEXTURE, Schedule
from inference.ops.colour import hex_to_rgb

# Squared OKLab distance over which neighbouring palette colours compete for a pixel: about one visible difference.
_SOFTNESS = 0.0004
# Above this texture noise the predicted picture is a guess that is not worth steering.
_MAX_SIGMA = 0.9
_TO_LMS = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


def srgb_to_oklab(images: Tensor) -> Tensor:
    """fp32 (B, 3, H, W) sRGB in 0..1 -> OKLab, with finite gradients also at black."""
    linear = torch.where(images <= 0.04045, images / 12.92, ((images.clamp(min=1e-6) + 0.055) / 1.055) ** 2.4)
    lms = torch.einsum("ij,bjhw->bihw", images.new_tensor(_TO_LMS), linear).clamp(min=1e-6) ** (1.0 / 3.0)
    return torch.einsum("ij,bjhw->bihw", images.new_tensor(_TO_LAB), lms)


def palette_oklab(codes: Sequence[str]) -> Tensor:
    """fp32 (K, 3). Raises InputRejected ``shot.bad_colour``."""
    rgb = torch.tensor([hex_to_rgb(code) for code in codes], dtype=torch.float32) / 255.0
    return srgb_to_oklab(rgb.T[None, :, None, :])[0, :, 0].T


def palette_distance(images: Tensor, colours: Tensor, weight: Tensor) -> Tensor:
    """The mean softened distance of each picture's pixels to their nearest colour. (B,).

    Args:
        images: fp32 (B, 3, H, W) sRGB in 0..1.
        colours: (K, 3) OKLab.
        weight: (B, H, W) in 0..1, how much each pixel counts.
    """
    lab = srgb_to_oklab(images)
    squared = (lab[:, None] - colours.view(1, -1, 3, 1, 1)).pow(2).sum(dim=2)
    nearest = -_SOFTNESS * torch.logsumexp(-squared / _SOFTNESS, dim=1)
    return (nearest * weight).sum(dim=(1, 2)) / weight.sum(dim=(1, 2)).clamp(min=1.0)


@dataclass(frozen=True)
class PalettePull:
    """What one item is pulled towards.

    Attributes:
        colours: (K, 3) OKLab.
        rate: step on the clean latents at each sampling step, in their standard deviations; 0 = not at all.
        free: fp32 (h, w) in 0..1, cells that may change.
    """

    colours: Tensor
    rate: float
    free: Tensor


class PaletteSteer:
    """A ``job.Steer`` for a batch; items without a pull are left exactly as they are."""

    def __init__(
        self, codec: TextureCodec, schedule: Schedule, semantic_channels: int, pulls: Sequence[PalettePull | None]
    ) -> None:
        self._codec, self._pulls, self._first = codec, pulls, semantic_channels
        sigmas = schedule.sigmas[:, TEXTURE].tolist()
        # Known here, so that no step has to ask the device.
        self._active = [0.0 < now <= _MAX_SIGMA and after < now for now, after in pairwise(sigmas)]

    def __call__(self, view: StepView) -> Tensor:
        """See ``job.Steer``."""
        if not self._active[view.step]:
            return view.velocity
        velocity = view.velocity.clone()
        for place, item in enumerate(view.items):
            pull = self._pulls[item]
            if pull is not None and pull.rate > 0.0:
                velocity[place, :, self._first :] = self._pulled(view, place, pull)
        return velocity

    def _pulled(self, view: StepView, place: int, pull: PalettePull) -> Tensor:
        """Texture velocities (N, T) of one item."""
        sigma = view.sigma[place, 0, -1]
        latents = view.latents[place, :, self._first :].float()
        clean = latents - sigma * view.velocity[place, :, self._first :].float()
        free = pull.free.to(clean.device)
        with torch.enable_grad():
            moving = clean.detach().requires_grad_()
            image = to_unit_range(self._codec.decode(moving.T.unflatten(1, view.grid)[None]))
            weight = free.repeat_interleave(self._codec.cell_px, 0).repeat_interleave(self._codec.cell_px, 1)
            distance = palette_distance(image, pull.colours.to(clean.device), weight[None]).sum()
            (gradient,) = torch.autograd.grad(distance, moving)
        gradient = gradient * free.flatten()[:, None]
        size = gradient.pow(2).mean().sqrt().clamp(min=1e-12)
        moved = clean - pull.rate * gradient / size
        return ((latents - moved) / sigma).to(view.velocity.dtype)
