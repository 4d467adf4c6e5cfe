"""SemVAE and DINOv2 with random weights, in the folders that SeFi's engine looks for."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import Dinov2WithRegistersConfig, Dinov2WithRegistersModel

from inference.engines.sefi.semantic import SemVAE, save_semvae
from tests.checkpoints.sefi import SEMANTIC_CHANNELS

SHAPE = {
    "feature_dim": 32,
    "latent_dim": SEMANTIC_CHANNELS,
    "width": 16,
    "heads": 2,
    "blocks": 1,
    "mlp_ratio": 2.0,
}


def write_tiny_semantics(weights: Path, seed: int = 0) -> None:
    """Both folders below the folder of weights."""
    torch.manual_seed(seed)
    config = Dinov2WithRegistersConfig(
        hidden_size=SHAPE["feature_dim"], num_hidden_layers=1, num_attention_heads=2, image_size=56, patch_size=14
    )
    Dinov2WithRegistersModel(config).save_pretrained(weights / "dinov2-with-registers-large")
    save_semvae(SemVAE(**SHAPE), weights / "semvae", SHAPE)
