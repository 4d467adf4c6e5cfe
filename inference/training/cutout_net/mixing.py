"""Training batches, mixed where the network learns: rendered scenes as they are, and their products on other grounds.

A product is put before a piece of another scene, a pattern or a tone like its own, with soft shadows; sometimes a
second product stands beside it, and the box says which is meant. Everything happens at the size that the network
sees, so that nothing is sharper or softer than a photo would be. Choices are drawn with numpy and depend on the seed
alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from inference.training.cutout_net import photo
from inference.training.cutout_net.bank import GROUND_PX, PRODUCT_PX, SCENE_PX, Bank
from inference.training.cutout_net.marks import extents, first, places
from inference.training.cutout_net.network import MULTIPLE_PX
from inference.training.cutout_net.openings import RODS, opened, rods
from inference.training.cutout_net.photo import column
from inference.training.cutout_net.prints import printed
from inference.types import F32, Mask

Rng = np.random.Generator
AS_RENDERED = 0.4
AMBIGUOUS = 0.12


@dataclass(frozen=True)
class Batch:
    """``inputs`` float32 (N, 4, H, W): sRGB 0..1 and the plane of the box; ``alpha`` float32 (N, 1, H, W), 0..1."""

    inputs: Tensor
    alpha: Tensor


@dataclass(frozen=True)
class _Picture:
    """``rgb`` (N, 3, H, W) and ``alpha`` (N, 1, H, W), both 0..1."""

    rgb: Tensor
    alpha: Tensor

    def __getitem__(self, chosen: Tensor) -> _Picture:
        return _Picture(self.rgb[chosen], self.alpha[chosen])


def mixed(bank: Bank, rng: Rng, *, count: int, size_px: int) -> Batch:
    """``count`` pictures of about ``size_px`` squared, the second half with boxes; on the bank's device."""
    shape = _shape(size_px, rng)
    with_box = np.arange(count) >= count // 2
    close = with_box & (rng.random(count) < 0.7)
    # The same number in each batch, so that shapes repeat: GPUs plan their kernels, and keep memory, by shape.
    rendered = rng.permutation(count) < round(AS_RENDERED * count)
    parts, places = [], []
    for chosen, make in ((rendered, as_rendered), (~rendered, recombined)):
        if chosen.any():
            parts.append(make(bank, rng, close[chosen], with_box[chosen], shape))
            places.append(np.flatnonzero(chosen))
    order = torch.from_numpy(np.argsort(np.concatenate(places))).to(parts[0].rgb.device)
    made = _Picture(torch.cat([part.rgb for part in parts]), torch.cat([part.alpha for part in parts]))[order]
    made = _mirrored(made, rng)
    rgb = photo.photographed(made.rgb, rng)
    plane = box_plane(made.alpha, rng) * column(with_box, rgb)
    return Batch(torch.cat([rgb, plane], 1), made.alpha)


def as_rendered(bank: Bank, rng: Rng, close: Mask, _: Mask, shape: tuple[int, int]) -> _Picture:
    """Crops of scenes that keep their product: the surroundings of a box where ``close``, else some part."""
    index = rng.integers(0, len(bank), len(close))
    extents = bank.extents[index].astype(np.float32)
    height, width, top, bottom, left, right = extents.T
    free = np.stack([top, height - bottom, left, width - right], 1)
    margin = free * rng.beta(1.2, 1.2, free.shape).astype(np.float32)
    near = (rng.uniform(0.05, 0.6, len(close)) * np.maximum(bottom - top, right - left))[:, None]
    margin = np.where(close[:, None], np.minimum(free, near), margin)
    cut = (rng.random(len(close)) < 0.08) & ~close
    margin[cut, 2] = -0.25 * (right - left)[cut]
    rectangle = np.stack([top - margin[:, 0], bottom + margin[:, 1], left - margin[:, 2], right + margin[:, 3]], 1)
    layers = _cropped(_picked(bank, "scene", index), rectangle, SCENE_PX, shape)
    return _Picture(layers[:, :3], layers[:, 3:])


def recombined(bank: Bank, rng: Rng, close: Mask, with_box: Mask, shape: tuple[int, int]) -> _Picture:
    """Products before other grounds."""
    count = len(close)
    product = opened(_placed(bank, rng, rng.integers(0, len(bank), count), close, shape), rng)
    drawn = rng.random(count) < RODS
    if drawn.any():
        product[torch.from_numpy(drawn)] = rods(rng, product[torch.from_numpy(drawn)])
    tone = product[:, :3].sum((2, 3)) / product[:, 3].sum((1, 2))[:, None].clamp(min=1)
    ground = _grounds(bank, rng, tone, shape)
    product = printed(product, rng, tone=ground.mean((2, 3)))
    beside = with_box & (rng.random(count) < 2 * AMBIGUOUS)
    if beside.any():
        other = _placed(bank, rng, rng.integers(0, len(bank), count), np.zeros(count, np.bool_), shape)
        ground = torch.where(column(beside, ground) > 0, _over(ground, other), ground)
    alpha = product[:, 3:]
    shade = _shadows(alpha, rng)
    ground = ground * (1 - column(rng.uniform(0.15, 0.8, count), ground) * shade)
    lit = torch.cat([product[:, :3] * photo.relit(rng, count, ground), alpha], 1)
    made = _Picture(_over(ground, lit).clamp(0, 1), alpha)
    return _hidden(bank, made, rng)


def box_plane(alpha: Tensor, rng: Rng) -> Tensor:
    """1 in the box that a hand would draw around ``alpha`` (N, 1, H, W): off by a few percent, mostly outwards."""
    top, bottom, left, right = extents(alpha[:, 0] > 0.4)
    longer = torch.maximum(bottom - top, right - left)
    off = torch.from_numpy(rng.normal(0.015, 0.02, (4, len(alpha))).astype(np.float32)).to(alpha.device) * longer
    y, x = places(alpha)
    inside = (y >= (top - off[0])[:, None, None]) & (y < (bottom + off[1])[:, None, None])
    inside = inside & (x >= (left - off[2])[:, None, None]) & (x < (right + off[3])[:, None, None])
    return inside[:, None].float()


def _shape(size_px: int, rng: Rng) -> tuple[int, int]:
    stretch = float(rng.choice([0.8, 1.0, 1.0, 1.25]))
    return round(size_px * stretch / MULTIPLE_PX) * MULTIPLE_PX, round(size_px / stretch / MULTIPLE_PX) * MULTIPLE_PX


def _picked(bank: Bank, layer: str, index: np.ndarray) -> Tensor:
    """Some of a layer, float32 0..1."""
    pictures = bank.layers[layer]
    return pictures[torch.from_numpy(index).to(pictures.device)].float() / 255


def _cropped(pictures: Tensor, rectangle: F32, side: int, shape: tuple[int, int]) -> Tensor:
    """Rectangles (N, 4: top, bottom, left, right in px of the square pictures) at ``shape``."""
    top, bottom, left, right = torch.from_numpy(rectangle.astype(np.float32)).to(pictures.device).T
    pose = torch.zeros(len(pictures), 2, 3, device=pictures.device)
    pose[:, 0, 0], pose[:, 1, 1] = (right - left) / side, (bottom - top) / side
    pose[:, 0, 2], pose[:, 1, 2] = (left + right) / side - 1, (top + bottom) / side - 1
    return _sampled(pictures, pose, shape, edge="border")


def _sampled(pictures: Tensor, pose: Tensor, shape: tuple[int, int], *, edge: str = "zeros") -> Tensor:
    """``pictures`` seen through affine poses (N, 2, 3); what is made smaller is averaged first."""
    size = torch.linalg.vector_norm(pose[:, :, :2], dim=1).mean(1) * max(pictures.shape[2:]) / max(shape)
    grid = functional.affine_grid(pose, [len(pictures), 1, *shape], align_corners=False)
    sharp = functional.grid_sample(pictures, grid, padding_mode=edge, align_corners=False)
    small = functional.avg_pool2d(pictures, 2)
    soft = functional.grid_sample(small, grid, padding_mode=edge, align_corners=False)
    share = ((size - 1.2) / 0.8).clamp(0, 1)[:, None, None, None]
    return torch.lerp(sharp, soft, share)


def _placed(bank: Bank, rng: Rng, index: np.ndarray, close: Mask, shape: tuple[int, int]) -> Tensor:
    """Products (N, 4, H, W), premultiplied, turned, scaled and moved on an empty canvas."""
    count = len(index)
    fill = np.where(close, rng.uniform(0.5, 0.95, count), rng.uniform(0.25, 1.0, count))
    angle = np.radians(np.where(rng.random(count) < 0.75, rng.normal(0, 6, count), rng.uniform(0, 360, count)))
    stretch, flip = rng.uniform(0.87, 1.15, count), rng.choice([-1.0, 1.0], count)
    height, width = shape
    zoom = fill * min(height, width) / PRODUCT_PX
    free = np.maximum(0.0, 1 - fill)[:, None] * rng.uniform(-1, 1, (count, 2))
    cosine, sine = np.cos(angle), np.sin(angle)
    pose = np.zeros((count, 2, 3), np.float32)
    across, down = width / (zoom * PRODUCT_PX), height / (zoom * PRODUCT_PX)
    pose[:, 0, 0], pose[:, 0, 1] = flip * stretch * cosine * across, flip * stretch * sine * down
    pose[:, 1, 0], pose[:, 1, 1] = -sine * across / stretch, cosine * down / stretch
    pose[:, :, 2] = -(pose[:, :, :2] @ free[..., None])[..., 0]
    layers = _picked(bank, "product", index)
    return _sampled(layers, torch.from_numpy(pose).to(layers.device), shape)


def _grounds(bank: Bank, rng: Rng, tone: Tensor, shape: tuple[int, int]) -> Tensor:
    """Something to stand before, (N, 3, H, W): pieces of scenes, patterns with a horizon, or tones like the product."""
    count = len(tone)
    kind = rng.random(count)
    scenes = _pieces(bank, "grounds", rng, count, shape)
    made, upper = (_pieces(bank, "patterns", rng, count, shape) for _ in range(2))
    horizon = np.where(rng.random(count) < 0.5, rng.uniform(0.15, 0.75, count), -1.0)
    rows = torch.linspace(0, 1, shape[0], device=tone.device)[None, None, :, None]
    made = torch.where(rows < column(horizon, made), upper, made)
    near = (tone[:, :, None, None] + column(rng.normal(0, 0.055, (count, 3)), tone)).clamp(0, 1)
    waves = photo.cloud(rng, count, shape, tone, cells=3) - 0.5
    alike = near + waves * column(rng.exponential(0.12, count), near)
    picked = torch.where(column(kind < 0.5, made) > 0, scenes, made)
    picked = torch.where(column((kind >= 0.5) & (kind < 0.75), made) > 0, alike, picked)
    sigma = np.where(rng.random(count) < 0.4, rng.uniform(0.6, 7, count), 0.0)
    light = 1 + column(rng.uniform(0, 0.5, count), picked) * (photo.cloud(rng, count, shape, tone, cells=3) - 0.5)
    return (photo.blurred(picked, sigma) * light * photo.relit(rng, count, tone)).clamp(0, 1)


def _pieces(bank: Bank, layer: str, rng: Rng, count: int, shape: tuple[int, int]) -> Tensor:
    index = rng.integers(0, len(bank.layers[layer]), count)
    side = np.where(rng.random(count) < 0.5, GROUND_PX, rng.uniform(0.4, 1.0, count) * GROUND_PX)[:, None]
    corner = rng.random((count, 2)) * (GROUND_PX - side)
    rectangle = np.concatenate([corner[:, :1], corner[:, :1] + side, corner[:, 1:], corner[:, 1:] + side], 1)
    return _cropped(_picked(bank, layer, index), rectangle.astype(np.float32), GROUND_PX, shape)


def _shadows(alpha: Tensor, rng: Rng) -> Tensor:
    """A contact shadow, a cast shadow, both or none, (N, 1, H, W), 0..1."""
    count, height = len(alpha), alpha.shape[2]
    foot = 1 - 2 * first((alpha[:, 0] > 0.5).any(2).flip(1)) / height
    flat = torch.zeros(count, 2, 3, device=alpha.device)
    flat[:, 0, 0], flat[:, 1, 1] = 1.0, 1 / 0.12
    flat[:, 1, 2] = foot - (foot + 6 / height) / 0.12
    contact = photo.blurred(_sampled(alpha, flat, tuple(alpha.shape[2:])), rng.uniform(1.5, 9, count))
    push = np.tile(np.eye(2, 3, dtype=np.float32), (count, 1, 1))
    push[:, 0, 1], push[:, 0, 2] = rng.uniform(-0.3, 0.3, count), rng.uniform(-0.2, 0.2, count)
    push[:, 1, 2] = -rng.uniform(-0.05, 0.16, count)
    moved = _sampled(alpha, torch.from_numpy(push).to(alpha.device), tuple(alpha.shape[2:]))
    cast = photo.blurred(moved, rng.uniform(1, 14, count))
    contact = contact * column(rng.random(count) < 0.6, alpha)
    return torch.maximum(contact, cast * column(rng.random(count) < 0.5, alpha)).clamp(0, 1)


def _hidden(bank: Bank, made: _Picture, rng: Rng) -> _Picture:
    """Something before a corner of a few pictures."""
    count, _, height, width = made.rgb.shape
    corner = rng.integers(0, 2, (count, 2)).astype(np.float32)
    reach = np.where(rng.random(count) < 0.05, rng.uniform(0.15, 0.4, count), -1.0)
    y = torch.linspace(0, 1, height, device=made.rgb.device)[None, None, :, None] - column(corner[:, 0], made.rgb)
    x = torch.linspace(0, 1, width, device=made.rgb.device)[None, None, None, :] - column(corner[:, 1], made.rgb)
    disc = ((column(reach, made.rgb) - torch.hypot(y, x)) * 60 + 0.5).clamp(0, 1)
    front = _pieces(bank, "patterns", rng, count, (height, width))
    return replace(made, rgb=torch.lerp(made.rgb, front, disc), alpha=made.alpha * (1 - disc))


def _mirrored(made: _Picture, rng: Rng) -> _Picture:
    """Half of the pictures from left to right, a few upside down."""
    layers = torch.cat([made.rgb, made.alpha], 1)
    for share, axis in ((0.5, 3), (0.06, 2)):
        layers = torch.where(column(rng.random(len(layers)) < share, layers) > 0, layers.flip(axis), layers)
    return _Picture(layers[:, :3], layers[:, 3:])


def _over(ground: Tensor, layer: Tensor) -> Tensor:
    """A premultiplied layer (N, 4, H, W) on a ground (N, 3, H, W)."""
    return ground * (1 - layer[:, 3:]) + layer[:, :3]
