"""Pulls what is being drawn towards a palette, by the gradient of a colour distance on the predicted clean picture.

At each step the velocity says which clean latents the model has in mind. They are decoded, each pixel's distance to the
nearest palette colour is measured in OKLab (Ottosson 2020), softened so that it has a gradient everywhere, and the
latents are moved a little against that gradient; the velocity is then what leads there. The transformer is not
differentiated through (as in universal guidance, Bansal et al. 2023, without its backward pass). Where it must not
change anything the weight is 0.

What the steps need is on the device before the first one; no step waits for the host.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import pad

from inference.engines.diffusion.codec import TextureCodec, to_unit_range
from inference.engines.diffusion.job import StepView
from inference.engines.diffusion.schedule import TEXTURE, Schedule
from inference.ops.colour import hex_to_rgb

# Squared OKLab distance over which neighbouring palette colours compete for a pixel: about one visible difference.
_SOFTNESS = 0.0004
# Above this texture noise the predicted picture is a guess that is not worth steering.
_MAX_SIGMA = 0.9
# A colour that no pixel is near to: it fills up palettes of a batch to the longest, and its share is exactly 0.
_NOWHERE = 1e3
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
    lms = _mixed(linear, _TO_LMS).clamp(min=1e-6) ** (1.0 / 3.0)
    return _mixed(lms, _TO_LAB)


def _mixed(images: Tensor, rows: Sequence[Sequence[float]]) -> Tensor:
    """``rows`` (3 x 3) times the channels. The factors go as numbers with the calls: a tensor would be copied there."""
    first, second, third = images.unbind(1)
    return torch.stack([first * row[0] + second * row[1] + third * row[2] for row in rows], dim=1)


def palette_oklab(codes: Sequence[str]) -> Tensor:
    """fp32 (K, 3). Raises InputRejected ``shot.bad_colour``."""
    rgb = torch.tensor([hex_to_rgb(code) for code in codes], dtype=torch.float32) / 255.0
    return srgb_to_oklab(rgb.T[None, :, None, :])[0, :, 0].T


def palette_distance(images: Tensor, colours: Tensor, weight: Tensor) -> Tensor:
    """The mean softened distance of each picture's pixels to their nearest colour. (B,).

    Args:
        images: fp32 (B, 3, H, W) sRGB in 0..1.
        colours: (K, 3) OKLab, or (B, K, 3), each picture's own.
        weight: (B, H, W) in 0..1, how much each pixel counts.
    """
    lab = srgb_to_oklab(images)
    squared = (lab[:, None] - colours.expand(len(images), -1, -1)[..., None, None]).pow(2).sum(dim=2)
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
    """A ``job.Steer`` for a batch; items without a pull are left exactly as they are.

    Items are decoded together, as many as the codec takes at once.
    """

    def __init__(
        self,
        codec: TextureCodec,
        schedule: Schedule,
        semantic_channels: int,
        pulls: Sequence[PalettePull | None],
        *,
        device: torch.device | str = "cpu",
    ) -> None:
        self._codec, self._first = codec, semantic_channels
        sigmas = schedule.sigmas[:, TEXTURE].tolist()
        # Known here, so that no step has to ask the device.
        self._active = [0.0 < now <= _MAX_SIGMA and after < now for now, after in pairwise(sigmas)]
        pulled = {item: pull for item, pull in enumerate(pulls) if pull is not None and pull.rate > 0.0}
        most = max((len(pull.colours) for pull in pulled.values()), default=0)
        self._pulls = {item: _there(pull, most, codec.cell_px, device) for item, pull in pulled.items()}

    def __call__(self, view: StepView) -> Tensor:
        """See ``job.Steer``."""
        places = [place for place, item in enumerate(view.items) if item in self._pulls]
        if not self._active[view.step] or not places:
            return view.velocity
        velocity = view.velocity.clone()
        at_once = self._codec.at_once(*view.grid)
        for start in range(0, len(places), at_once):
            some = places[start : start + at_once]
            for place, moved in zip(some, self._pulled(view, some), strict=True):
                velocity[place, :, self._first :] = moved
        return velocity

    def _pulled(self, view: StepView, places: Sequence[int]) -> Tensor:
        """Texture velocities (b, N, T) of the items at ``places``."""
        pulls = [self._pulls[view.items[place]] for place in places]
        sigma = torch.stack([view.sigma[place, 0, -1] for place in places])[:, None, None]
        latents = torch.stack([view.latents[place, :, self._first :] for place in places]).float()
        clean = latents - sigma * torch.stack([view.velocity[place, :, self._first :] for place in places]).float()
        with torch.enable_grad():
            moving = clean.detach().requires_grad_()
            images = to_unit_range(self._codec.decode(moving.transpose(1, 2).unflatten(2, view.grid)))
            colours, weights = torch.stack([one.colours for one in pulls]), torch.stack([one.weight for one in pulls])
            distance = palette_distance(images, colours, weights).sum()
            (gradient,) = torch.autograd.grad(distance, moving)
        gradient = gradient * torch.stack([one.cells for one in pulls])
        size = gradient.pow(2).mean(dim=(1, 2), keepdim=True).sqrt().clamp(min=1e-12)
        rates = torch.stack([one.rate for one in pulls])[:, None, None]
        moved = clean - rates * gradient / size
        return ((latents - moved) / sigma).to(view.velocity.dtype)


@dataclass(frozen=True)
class _OnDevice:
    """A pull as the steps need it: ``colours`` (most, 3), ``rate`` (), ``cells`` (N, 1), pixels' ``weight`` (H, W)."""

    colours: Tensor
    rate: Tensor
    cells: Tensor
    weight: Tensor


def _there(pull: PalettePull, most: int, cell_px: int, device: torch.device | str) -> _OnDevice:
    free = pull.free.to(device)
    return _OnDevice(
        colours=pad(pull.colours.to(device), (0, 0, 0, most - len(pull.colours)), value=_NOWHERE),
        rate=torch.tensor(pull.rate, device=device),
        cells=free.flatten()[:, None],
        weight=free.repeat_interleave(cell_px, 0).repeat_interleave(cell_px, 1),
    )
