"""The network: a small residual U-Net that sees a picture and, if a person drew one, a box.

Input float32 (N, 4, H, W): sRGB 0..1 and a plane that is 1 in the box, all 0 where no box was given; H and W are
multiples of 32. Outputs: mask logits (N, 1, H, W), coarse mask logits at an eighth of the size (training only) and the
logit of the IoU that the network expects of its own mask (N, 1).

The picture is first folded: 4x4 px become one place with all their values, and the mask is unfolded at the end. So
nothing is computed at half the size or more, where normalisation and activations, not arithmetic, take the time; the
matting that follows makes the fine edge. Plain 3x3 convolutions on purpose: depthwise ones save arithmetic but not time
on processors with wide vector or matrix units, and they do not profit from bfloat16 while training.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

FOLD_PX = 4
WIDTHS = (64, 128, 192, 256)
DEPTHS = (2, 4, 4, 2)
DECODER = (64, 96, 128)
ATTENTION_LAYERS, HEADS = 3, 8
MULTIPLE_PX = 32


def _conv(inputs: int, outputs: int, *, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Residual(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al. 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.second(self.first(x)))


class Attention(nn.Module):
    """Each place asks all others (Vaswani et al. 2017), then thinks for itself; a convolution tells places apart."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.place = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width)
        self.told = nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 3 * width), nn.GELU(), nn.Linear(3 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.place(x)
        count, width, height, across = x.shape
        tokens = x.flatten(2).transpose(1, 2)
        query, key, value = self.asked(self.before(tokens)).view(count, -1, 3, HEADS, width // HEADS).unbind(2)
        weights = (query.transpose(1, 2) @ key.permute(0, 2, 3, 1)) * (width // HEADS) ** -0.5
        heard = (weights.softmax(-1) @ value.transpose(1, 2)).transpose(1, 2).flatten(2)
        tokens = tokens + self.told(heard)
        tokens = tokens + self.think(self.between(tokens))
        return tokens.transpose(1, 2).reshape(count, width, height, across)


class Up(nn.Module):
    """Twice the size, joined with the encoder's features of that size."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.narrow = _conv(inputs, outputs, size=1)
        self.side = _conv(skip, outputs, size=1)
        self.mix = nn.Sequential(_conv(2 * outputs, outputs), _conv(outputs, outputs))

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = functional.interpolate(self.narrow(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.mix(torch.cat([x, self.side(skip)], 1))


class CutoutNet(nn.Module):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        steps = zip((4 * FOLD_PX**2, *WIDTHS[:-1]), WIDTHS, DEPTHS, (1, 2, 2, 2), strict=True)
        self.encoder = nn.ModuleList(
            nn.Sequential(_conv(before, after, stride=stride), *(Residual(after) for _ in range(depth)))
            for before, after, depth, stride in steps
        )
        self.context = nn.Sequential(*(Attention(WIDTHS[-1]) for _ in range(ATTENTION_LAYERS)))
        inputs = (*DECODER[1:], WIDTHS[-1])
        self.decoder = nn.ModuleList(
            Up(before, skip, after) for before, skip, after in zip(inputs, WIDTHS[:-1], DECODER, strict=True)
        )
        self.coarse = nn.Conv2d(DECODER[1], 1, 1)
        self.mask = nn.Conv2d(DECODER[0], FOLD_PX**2, 3, padding=1)
        self.judge = nn.Sequential(nn.Linear(WIDTHS[-1] + 2 * DECODER[0], 48), nn.ReLU(inplace=True), nn.Linear(48, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        picture = torch.cat([(x[:, :3] - 0.45) * 4.0, x[:, 3:]], 1)
        y = functional.pixel_unshuffle(picture, FOLD_PX)
        features = []
        for stage in self.encoder:
            y = stage(y)
            features.append(y)
        deep = self.context(y)
        y, coarse = deep, deep
        for level in reversed(range(len(self.decoder))):
            y = self.decoder[level](y, features[level])
            if level == 1:
                coarse = self.coarse(y)
        folded = self.mask(y)
        return functional.pixel_shuffle(folded, FOLD_PX), coarse, self.judge(self._evidence(deep, y, folded))

    def _evidence(self, deep: Tensor, fine: Tensor, folded: Tensor) -> Tensor:
        """What the self-assessment sees: the whole, and the mean features inside and along the outline of the mask."""
        inside = torch.sigmoid(folded.mean(1, keepdim=True))
        unsure = inside * (1 - inside)
        means = [(fine * part).sum((2, 3)) / (part.sum((2, 3)) + 1) for part in (inside, unsure)]
        return torch.cat([deep.mean((2, 3)), *means], 1).detach()
