"""Draws scenes as pictures, vectorised over a batch on any device: bodies from profiles, shading, shadows, patterns.

Not physically exact and not meant to be: what counts is that kinds, colours, places, surfaces, walls and the side of
the light can be told apart, and that boxes and coverages are known exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from inference.training.small_sefi.scenes import MAX_OBJECTS, Scenes
from inference.training.small_sefi.words import COLOURS, KINDS, SURFACES, WALLS, profiles

_TILT = 0.28
# Pattern strengths per surface: boards, veins, weave.
_PATTERNS = ((0.07, 0, 0), (0.09, 0, 0), (0, 0.1, 0), (0, 0.06, 0.03), (0, 0, 0.06), (0.02, 0.03, 0.02))
_GLOSSY = ("bottle", "mug", "ball", "vase", "bowl")


@dataclass(frozen=True)
class Drawn:
    """``images`` fp32 (n, 3, S, S) sRGB in 0..1; ``coverage`` fp32 (n, MAX_OBJECTS, S, S), what is seen of each object;
    ``surface`` fp32 (n, S, S), 1 where the surface is behind."""

    images: Tensor
    coverage: Tensor
    surface: Tensor


@torch.no_grad()
def draw(scenes: Scenes, side: int, device: torch.device | str = "cpu") -> Drawn:
    """Pictures of ``side`` pixels."""
    return _Canvas(scenes, side, torch.device(device)).draw()


def boxes(coverage: Tensor) -> Tensor:
    """fp32 (..., 4): left, top, width, height in fractions of the picture, of what is covered by more than half."""
    inside = coverage > 0.5
    across, down = inside.any(dim=-2), inside.any(dim=-1)
    edges = []
    for line in (across, down):
        length = line.shape[-1]
        places = torch.arange(length, device=line.device)
        first = torch.where(line, places, length).amin(dim=-1)
        last = torch.where(line, places + 1, 0).amax(dim=-1)
        edges.append((first.clamp(max=length) / length, (last - first).clamp(min=0) / length))
    (left, width), (top, height) = edges
    return torch.stack([left, top, width, height], dim=-1)


class _Canvas:
    """One batch while it is drawn; all fields are broadcast over (n, S, S)."""

    def __init__(self, scenes: Scenes, side: int, device: torch.device) -> None:
        self.side, self.device, self.count = side, device, len(scenes)
        self.kind = self._moved(scenes.kind)
        self.colour = self._table(COLOURS)[self._moved(scenes.colour)]
        self.middle, self.base, self.height = (
            self._moved(value) for value in (scenes.middle, scenes.base, scenes.height)
        )
        self.wall = self._table(WALLS)[self._moved(scenes.wall)]
        self.table = self._table(SURFACES)[self._moved(scenes.surface)]
        self.pattern = torch.tensor(_PATTERNS, device=device)[self._moved(scenes.surface)]
        self.side_of_light = self._moved(scenes.light).float() * 2.0 - 1.0
        self.horizon, self.phase = self._moved(scenes.horizon), self._moved(scenes.phase)
        self.profiles = torch.from_numpy(profiles()).to(device)
        centres = (torch.arange(side, device=device) + 0.5) / side
        self.x, self.y = centres.view(1, 1, side), centres.view(1, side, 1)

    def draw(self) -> Drawn:
        ground = self._over(self.y, self.horizon)
        image = self._background(ground)
        for column in range(MAX_OBJECTS):
            image = image * (1.0 - self._shadow(column, ground))[:, None]
        coverage = torch.zeros(self.count, MAX_OBJECTS, self.side, self.side, device=self.device)
        # From back to front: what stands lower in the picture is nearer.
        order = torch.where(self.kind >= 0, self.base, -1.0).argsort(dim=1)
        rows = torch.arange(self.count, device=self.device)
        for place in range(MAX_OBJECTS):
            column = order[:, place]
            alpha, colour = self._body(rows, column)
            image = torch.lerp(image, colour, alpha[:, None])
            coverage = coverage * (1.0 - alpha[:, None])
            coverage[rows, column] = alpha
        return Drawn(image.clamp(0.0, 1.0), coverage, ground)

    def _moved(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device)

    def _table(self, colours: dict[str, tuple[int, int, int]]) -> Tensor:
        return torch.tensor(list(colours.values()), device=self.device) / 255.0

    def _over(self, value: Tensor, border: Tensor) -> Tensor:
        """Coverage, antialiased: 1 where ``value`` lies beyond ``border`` (n,)."""
        return ((value - border.view(-1, 1, 1)) * self.side + 0.5).clamp(0.0, 1.0).expand(-1, -1, self.side)

    def _background(self, ground: Tensor) -> Tensor:
        lit = self.side_of_light.view(-1, 1, 1) * (self.x - 0.5)
        wall = self.wall[..., None, None] * (1.0 + 0.16 * lit - 0.1 * (self.horizon.view(-1, 1, 1) - self.y))[:, None]
        depth = (self.y - self.horizon.view(-1, 1, 1)).clamp(min=0.0)
        shade = (0.94 + 0.18 * depth + 0.1 * lit) * (1.0 + self._patterns(depth))
        return torch.lerp(wall, self.table[..., None, None] * shade[:, None], ground[:, None])

    def _patterns(self, depth: Tensor) -> Tensor:
        first, second, third, fourth = (self.phase[:, place].view(-1, 1, 1) for place in range(4))
        across = (self.x - 0.5) / (0.35 + depth)
        grain = torch.sin(9.0 * across + first + 0.6 * torch.sin(4.0 * across + second + 14.0 * depth))
        veins = torch.sin(7.0 * across + 11.0 * depth + third + 1.5 * torch.sin(5.0 * across - 6.0 * depth + fourth))
        weave = torch.sin(26.0 * across + first) * torch.sin(60.0 * depth + second)
        boards, vein, cloth = (self.pattern[:, place].view(-1, 1, 1) for place in range(3))
        return boards * grain - vein * (1.0 - veins.abs()) ** 2 + cloth * weave

    def _shadow(self, column: int, ground: Tensor) -> Tensor:
        """Darkness (n, S, S): a contact under the body and a longer one on the side away from the light."""
        middle, base, height = (value[:, column].view(-1, 1, 1) for value in (self.middle, self.base, self.height))
        reach = self.profiles[self.kind[:, column].clamp(min=0), :20].amax(dim=1).view(-1, 1, 1) * height
        away = -self.side_of_light.view(-1, 1, 1)
        cast = torch.exp(
            -(((self.x - middle - away * 0.4 * height) / (reach + 0.3 * height)) ** 2)
            - ((self.y - base + 0.01) / 0.045) ** 2
        )
        contact = torch.exp(-(((self.x - middle) / (1.1 * reach)) ** 2) - ((self.y - base) / 0.025) ** 2)
        there = (self.kind[:, column] >= 0).float().view(-1, 1, 1)
        return (0.42 * cast + 0.4 * contact).clamp(max=0.7) * ground * there

    def _body(self, rows: Tensor, column: Tensor) -> tuple[Tensor, Tensor]:
        """Coverage (n, S, S) and colour (n, 3, S, S) of one object a scene."""
        kind = self.kind[rows, column]
        there, kind = (kind >= 0).float().view(-1, 1, 1), kind.clamp(min=0)
        middle, base, height = (value[rows, column].view(-1, 1, 1) for value in (self.middle, self.base, self.height))
        u, v = (self.x - middle) / height, (base - self.y) / height
        sharp = height * self.side
        radius = self._radius(kind, v)
        low, high = self.profiles[kind, 0].view(-1, 1, 1), self.profiles[kind, -1].view(-1, 1, 1)
        is_box = self._is(kind, "box")
        bottom, top = (_TILT * size * _bulge(u, size, is_box) for size in (low, high))
        bottom = _TILT * low * (1.0 - is_box) - bottom * (1.0 - is_box)
        body = _soft((radius - u.abs()) * sharp) * _soft((v - bottom) * sharp) * _soft((1.0 + top - v) * sharp)
        handle = self._is(kind, "mug") * _soft((0.055 - (torch.hypot(u - 0.42, v - 0.52) - 0.2).abs()) * sharp)
        colour = self._painted(kind, self.colour[rows, column], u, v, radius, v > 1.0 - top)
        return torch.maximum(body, handle) * there, colour

    def _radius(self, kind: Tensor, v: Tensor) -> Tensor:
        """Half width at height ``v`` (n, S, 1)."""
        samples = self.profiles.shape[1] - 1
        place = v.clamp(0.0, 1.0) * samples
        low = place.floor().long().clamp(max=samples - 1)
        table = self.profiles[kind][:, None, :].expand(-1, self.side, -1)
        before, after = table.gather(2, low), table.gather(2, low + 1)
        return torch.lerp(before, after, place - low)

    def _painted(self, kind: Tensor, colour: Tensor, u: Tensor, v: Tensor, radius: Tensor, on_top: Tensor) -> Tensor:
        light = self.side_of_light.view(-1, 1, 1)
        across = (u / radius.clamp(min=0.02)).clamp(-1.0, 1.0)
        up = self._is(kind, "ball") * (v - 0.5) * 1.2
        towards = (1.0 - across**2).clamp(min=0.0).sqrt()
        shade = 0.52 + 0.6 * (0.62 * light * across + 0.6 * towards + 0.4 * up).clamp(min=0.0)
        box = self._is(kind, "box")
        side = (across > 0.45).float()
        flat = 0.96 * (1.0 - side) + (0.72 + 0.22 * light) * side
        shade = torch.lerp(shade, flat, box)
        shine = 0.4 * torch.exp(-(((across - 0.5 * light) / 0.12) ** 2)) * self._is(kind, *_GLOSSY) * (1.0 - box)
        shine = shine * torch.lerp(torch.ones_like(v), torch.exp(-(((v - 0.68) / 0.13) ** 2)), self._is(kind, "ball"))
        inside = self._is(kind, "mug", "bowl")
        top_shade = 0.55 * inside + 1.12 * (1.0 - inside)
        shade, shine = torch.where(on_top, top_shade, shade), torch.where(on_top, 0.0, shine)
        painted = colour[..., None, None] * shade[:, None] + shine[:, None]
        return self._details(kind, painted, v, shade)

    def _details(self, kind: Tensor, painted: Tensor, v: Tensor, shade: Tensor) -> Tensor:
        """Caps, lids and flames, which keep their own colour."""
        parts = (
            ("bottle", 0.845, (0.2, 0.2, 0.22)),
            ("jar", 0.785, (0.8, 0.64, 0.42)),
            ("candle", 0.8, (1.0, 0.78, 0.3)),
        )
        for name, begin, tone in parts:
            own = torch.tensor(tone, device=self.device).view(1, 3, 1, 1)
            lit = own if name == "candle" else own * shade[:, None]
            painted = torch.lerp(painted, lit.expand_as(painted), (self._is(kind, name) * (v > begin))[:, None])
        return painted

    def _is(self, kind: Tensor, *names: str) -> Tensor:
        chosen = torch.tensor([KINDS.index(name) for name in names], device=self.device)
        return torch.isin(kind, chosen).float().view(-1, 1, 1)


def _soft(distance_px: Tensor) -> Tensor:
    return (distance_px + 0.5).clamp(0.0, 1.0)


def _bulge(u: Tensor, size: Tensor, is_box: Tensor) -> Tensor:
    """How far the rim of a round body of half width ``size`` rises above its edge, 0..1; a box has a straight rim."""
    round_rim = (1.0 - (u / size.clamp(min=0.02)).clamp(-1.0, 1.0) ** 2).sqrt()
    return torch.where(is_box > 0, torch.full_like(round_rim, 0.8), round_rim)
