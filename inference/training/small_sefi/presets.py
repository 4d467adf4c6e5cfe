"""Sizes of the networks and of the training, for a graphics card and for a processor. Knows no torch."""

from __future__ import annotations

from dataclasses import dataclass

TOKENS = 40


@dataclass(frozen=True)
class Preset:
    """One choice of sizes.

    Attributes:
        side_px: side of the pictures; latent cells have 16 px.
        encoder, decoder: widths of the codec's four levels.
        latent_channels: of the codec; texture channels of a cell are four times as many.
        semantic_channels: of a cell.
        seeing, seeing_layers: width and blocks of the network whose features are the semantics.
        heads, head_size, double, single: of the transformer; ``head_size`` is four times a rotary axis.
        pictures: the most that are drawn for training.
        codec_batch, semantic_batch, flow_batch: pictures a step.
        codec_rate, flow_rate: highest learning rates.
    """

    side_px: int = 128
    encoder: tuple[int, ...] = (24, 32, 48, 64)
    decoder: tuple[int, ...] = (24, 40, 64, 80)
    latent_channels: int = 8
    semantic_channels: int = 8
    seeing: int = 96
    seeing_layers: int = 3
    heads: int = 6
    head_size: int = 32
    double: int = 2
    single: int = 4
    pictures: int = 100_000
    codec_batch: int = 128
    semantic_batch: int = 256
    flow_batch: int = 512
    codec_rate: float = 2.5e-3
    flow_rate: float = 8e-4


PRESETS = {
    "cuda": Preset(),
    "cpu": Preset(
        side_px=64,
        encoder=(8, 8, 16, 24),
        decoder=(8, 12, 16, 24),
        seeing=32,
        seeing_layers=1,
        heads=2,
        single=2,
        double=1,
        pictures=2000,
        codec_batch=8,
        semantic_batch=32,
        flow_batch=32,
        codec_rate=8e-3,
        flow_rate=2e-3,
    ),
    # As small as it gets: for tests of the training itself.
    "tiny": Preset(
        side_px=32,
        encoder=(8, 8, 8, 8),
        decoder=(8, 8, 8, 8),
        latent_channels=4,
        semantic_channels=4,
        seeing=16,
        seeing_layers=1,
        heads=2,
        head_size=16,
        single=1,
        double=1,
        pictures=96,
        codec_batch=8,
        semantic_batch=16,
        flow_batch=16,
    ),
}
"""``cuda`` is what is shipped and reported; ``cpu`` shows within minutes that all of it works."""
