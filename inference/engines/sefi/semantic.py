"""Semantic latents of a picture: DINOv2 patch features, compressed by SemVAE onto the grid of the latents.

DINOv2 (Oquab et al. 2023, with registers) looks at the picture at 7/8 of its size, so that its 14 px patches fall on
the 16 px cells of the texture latents. SemVAE (SeFi-Image, arXiv 2606.22568) maps each feature to 16 channels.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from inference.engines.diffusion.errors import incompatible, missing
from inference.engines.diffusion.loading import strict
from inference.models import fetch_command, part_card

CELL_PX = 16
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)
_VARIANT = Path("dinov2_vitl14_reg") / "transformer_ch16"
_WEIGHTS = "checkpoint_01000000.pt"
_STATISTICS = "latent_stats.pt"
_SHAPE = "shape.json"
_UNWRAPPED = ("model_state_dict", "state_dict", "module", "model")


class _Block(nn.Module):
    """Pre-normalised self-attention and feed-forward; the names are those of the published weights."""

    def __init__(self, width: int, heads: int, mlp_ratio: float) -> None:
        super().__init__()
        hidden = int(width * mlp_ratio)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, tokens: Tensor) -> Tensor:
        seen = self.norm1(tokens)
        tokens = tokens + self.attn(seen, seen, seen, need_weights=False)[0]
        return tokens + self.mlp(self.norm2(tokens))


class SemVAE(nn.Module):
    """Features (B, N, feature_dim) to the mean of their latents (B, N, latent_dim) and back.

    Args:
        mean, std: statistics per latent channel; the transformer works on normalised latents.
    """

    def __init__(
        self,
        feature_dim: int = 1024,
        latent_dim: int = 16,
        width: int = 1024,
        heads: int = 8,
        blocks: int = 4,
        mlp_ratio: float = 4.0,
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.encoder = _stack(feature_dim, 2 * latent_dim, width, heads, blocks, mlp_ratio)
        self.decoder = _stack(latent_dim, feature_dim, width, heads, blocks, mlp_ratio)
        self.register_buffer("mean", torch.zeros(latent_dim), persistent=False)
        self.register_buffer("std", torch.ones(latent_dim), persistent=False)

    def encode(self, features: Tensor) -> Tensor:
        """The posterior's mean, normalised. (B, N, latent_dim)."""
        mode = self.encoder(features)[..., : self.latent_dim]
        return (mode - self.mean) / self.std

    def decode(self, latents: Tensor) -> Tensor:
        """Features of normalised latents. (B, N, feature_dim)."""
        return self.decoder(latents * self.std + self.mean)


class SemanticEncoder:
    """Pictures to semantic latents.

    Args:
        dino: Dinov2WithRegistersModel.
        semvae: with its statistics.
    """

    def __init__(self, dino: Any, semvae: SemVAE) -> None:
        self.dino, self.semvae = dino, semvae
        if dino.config.hidden_size != semvae.encoder[0].in_features:
            raise incompatible("SemVAE was trained on features of another width than this DINOv2 gives")

    @torch.no_grad()
    def encode(self, images: Tensor) -> Tensor:
        """fp32 (B, 3, H, W) in 0..1, sides multiples of 16 -> fp32 (B, channels, H / 16, W / 16)."""
        height, width = images.shape[-2:]
        if height % CELL_PX or width % CELL_PX:
            raise ValueError(f"sides must be multiples of {CELL_PX}, not {width} x {height}")
        rows, columns = height // CELL_PX, width // CELL_PX
        features = self.features(images)
        return self.semvae.encode(features).transpose(1, 2).unflatten(2, (rows, columns))

    @torch.no_grad()
    def features(self, images: Tensor) -> Tensor:
        """See ``patch_features``, without gradients."""
        return patch_features(self.dino, images)


def patch_features(dino: Any, images: Tensor) -> Tensor:
    """fp32 (B, H / 16 * W / 16, feature_dim), row by row: the last hidden states of the patches alone.

    Args:
        dino: Dinov2WithRegistersModel.
        images: fp32 (B, 3, H, W) in 0..1, sides multiples of 16.
    """
    patch, config = dino.config.patch_size, dino.config
    size = [side // CELL_PX * patch for side in images.shape[-2:]]
    small = functional.interpolate(images.float(), size=size, mode="bicubic", antialias=True, align_corners=False)
    mean, std = (torch.tensor(values, device=images.device).view(1, 3, 1, 1) for values in (_MEAN, _STD))
    seen = dino(pixel_values=((small - mean) / std).to(dino.dtype)).last_hidden_state
    return seen[:, 1 + config.num_register_tokens :].float()


def load_semantic_encoder(
    semvae_folder: Path, dino_folder: Path, *, device: str | torch.device = "cpu"
) -> SemanticEncoder:
    """Both networks from their folders, in fp32 as they were trained.

    Raises:
        EngineUnavailable: files are missing or do not fit exactly.
    """
    from transformers import Dinov2WithRegistersModel

    if not (dino_folder / "config.json").is_file():
        raise missing(str(dino_folder), f"fetch it: {_fetched('dinov2-with-registers-large', dino_folder)}")
    semvae = load_semvae(semvae_folder)
    dino = strict(Dinov2WithRegistersModel, dino_folder, torch.float32, may_hold_more=True)
    return SemanticEncoder(dino.to(device).eval().requires_grad_(False), semvae.to(device))


def _fetched(name: str, folder: Path) -> str:
    part = part_card(name)
    return fetch_command(part.hub_id, folder, part.revision)


def load_semvae(folder: Path, **shape: Any) -> SemVAE:
    """SemVAE from the published layout; ``shape`` where it differs from the published one and no ``shape.json``, which
    ours write beside their weights, says so.

    Raises:
        EngineUnavailable: files are missing or do not fit exactly.
    """
    root = folder / _VARIANT if (folder / _VARIANT).is_dir() else folder
    weights = next((path for path in (root / "checkpoints" / _WEIGHTS, root / _WEIGHTS) if path.is_file()), None)
    if weights is None or not (root / _STATISTICS).is_file():
        raise missing(str(root), f"accept its licence on the hub and fetch it: {_fetched('semvae', folder)}")
    model = SemVAE(**{**_written_shape(root), **shape})
    try:
        model.load_state_dict(_state(torch.load(weights, map_location="cpu", weights_only=True)), strict=True)
        statistics = torch.load(root / _STATISTICS, map_location="cpu", weights_only=True)
        for name in ("mean", "std"):
            values = statistics[name] if name in statistics else statistics[f"{name}_broadcast"]
            getattr(model, name).copy_(values.float().reshape(-1))
    except (RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise incompatible(f"{root} does not hold the published SemVAE: {error}") from error
    if not bool((model.std > 0).all()):
        raise incompatible(f"{root / _STATISTICS} holds a deviation that is not positive")
    return model.eval().requires_grad_(False)


def save_semvae(model: SemVAE, folder: Path, shape: Mapping[str, Any], *, dtype: torch.dtype = torch.float32) -> None:
    """Write ``model``, made with the arguments ``shape``, so that ``load_semvae`` finds it."""
    (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
    state = {name: value.to("cpu", dtype) for name, value in model.state_dict().items()}
    torch.save({"model_state_dict": state}, folder / "checkpoints" / _WEIGHTS)
    torch.save({"mean": model.mean.cpu(), "std": model.std.cpu()}, folder / _STATISTICS)
    (folder / _SHAPE).write_text(json.dumps(dict(shape), indent=2) + "\n", encoding="utf-8")


def _written_shape(root: Path) -> dict[str, Any]:
    path = root / _SHAPE
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _stack(inputs: int, outputs: int, width: int, heads: int, blocks: int, mlp_ratio: float) -> nn.Sequential:
    inside = [_Block(width, heads, mlp_ratio) for _ in range(blocks)]
    return nn.Sequential(nn.Linear(inputs, width), *inside, nn.LayerNorm(width), nn.Linear(width, outputs))


def _state(payload: Any) -> dict[str, Tensor]:
    """The state dict inside what training saved, without the prefix of a data-parallel wrapper."""
    for name in _UNWRAPPED:
        payload = payload.get(name, payload)
    return {key.removeprefix("module."): tensor for key, tensor in payload.items()}
