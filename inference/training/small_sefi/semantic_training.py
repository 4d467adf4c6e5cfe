"""Trains the semantics: features that know what lies in a cell, and their compression to few channels.

In SeFi-Image the features are those of DINOv2 and SemVAE compresses them. Here both are small, of the same classes, and
learn together: features must tell what lies in each cell, also after they went through the bottleneck and back.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from inference.engines.sefi.semantic import SemanticEncoder, SemVAE, patch_features
from inference.training.small_sefi import learning, parts
from inference.training.small_sefi.pool import CLASSES, HUES, LABELS, Pool
from inference.training.small_sefi.presets import Preset

_RATE = 1e-3
_KL_WEIGHT = 2e-3
_FEATURE_WEIGHT = 0.2
_OFFSET_WEIGHT = 20.0
_MEASURED = 2048
_AT_ONCE = 256


class SemanticLearner:
    """A ``learning.Learner`` on random pictures of the pool."""

    def __init__(self, preset: Preset, pool: Pool, device: torch.device) -> None:
        self.pool, self.batch, self.device, self.step = pool, preset.semantic_batch, device, 0
        dino, semvae = parts.seeing(preset)
        self.dino: Any = dino.to(device).train()
        self.semvae: SemVAE = semvae.to(device)
        self.heads = nn.ModuleList(nn.Linear(preset.seeing, LABELS) for _ in range(2)).to(device)
        parameters = [*self.dino.parameters(), *self.semvae.parameters(), *self.heads.parameters()]
        self.optimiser = learning.optimiser([one for one in parameters if one.requires_grad], _RATE, device)

    def loss(self) -> Tensor:
        rows = torch.randint(len(self.pool), (self.batch,), device=self.device)
        labels = self.pool.labels[rows].float().flatten(2).transpose(1, 2)
        with learning.autocast(self.device):
            features = patch_features(self.dino, self.pool.pictures(rows))
            mean, spread = self.semvae.encoder(features).float().chunk(2, dim=-1)
            spread = spread.clamp(-12.0, 4.0)
            back = self.semvae.decoder(mean + torch.randn_like(mean) * (0.5 * spread).exp()).float()
            told = [head(seen).float() for head, seen in zip(self.heads, (features, back), strict=True)]
        kept = functional.mse_loss(back, features.detach())
        kl = 0.5 * (mean.pow(2) + spread.exp() - 1.0 - spread).mean()
        return sum(cell_loss(one, labels) for one in told) + _FEATURE_WEIGHT * kept + _KL_WEIGHT * kl

    def encoder(self) -> SemanticEncoder:
        """What was learned, with statistics of the pool's latents."""
        encoder = SemanticEncoder(self.dino.eval(), self.semvae)
        normalise(encoder, self.pool)
        return encoder


def cell_loss(told: Tensor, labels: Tensor) -> Tensor:
    """Cross entropies of classes and hues and the squared error of offsets. (B, N, LABELS) each."""
    classes, hues, offsets = labels.split((CLASSES, HUES, LABELS - CLASSES - HUES), dim=-1)
    said_classes, said_hues, said_offsets = told.split((CLASSES, HUES, LABELS - CLASSES - HUES), dim=-1)
    entropy = -(classes * said_classes.log_softmax(dim=-1)).sum(dim=-1).mean()
    hue = -(hues * said_hues.log_softmax(dim=-1)).sum(dim=-1).mean()
    return entropy + hue + _OFFSET_WEIGHT * functional.mse_loss(said_offsets, offsets)


@torch.no_grad()
def normalise(encoder: SemanticEncoder, pool: Pool) -> None:
    """Set the statistics to those of the pool's latents."""
    semvae = encoder.semvae
    semvae.mean.zero_()
    semvae.std.fill_(1.0)
    parts_of = [
        encoded(encoder, pool, slice(at, at + _AT_ONCE)) for at in range(0, min(_MEASURED, len(pool)), _AT_ONCE)
    ]
    values = torch.cat(parts_of).transpose(0, 1).flatten(1)
    semvae.mean.copy_(values.mean(dim=1))
    semvae.std.copy_(values.std(dim=1).clamp(min=1e-4))


def encoded(encoder: SemanticEncoder, pool: Pool, rows: slice) -> Tensor:
    """fp32 (rows, semantic channels, S / 16, S / 16), normalised."""
    return encoder.encode(pool.pictures(rows))
