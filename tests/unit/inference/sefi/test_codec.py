from __future__ import annotations

import pytest
import torch
from diffusers import AutoencoderKL

from inference.engines.diffusion.codec import TextureCodec, patchify, unpatchify
from inference.errors import EngineUnavailable
from tests.checkpoints.sefi import tiny_vae


def picture(height: int = 32, width: int = 48) -> torch.Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(2)) * 2 - 1


def scaled_vae() -> AutoencoderKL:
    torch.manual_seed(0)
    return AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        latent_channels=4,
        norm_num_groups=4,
        layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        scaling_factor=0.5,
        shift_factor=0.25,
    ).eval()


def test_four_cells_become_the_channels_of_one_row_by_row() -> None:
    cells = torch.arange(2 * 4 * 6, dtype=torch.float32).view(1, 2, 4, 6)
    patched = patchify(cells)
    assert patched.shape == (1, 8, 2, 3)
    assert patched[0, 4:, 1, 2].tolist() == cells[0, 1, 2:4, 4:6].flatten().tolist()
    assert torch.equal(unpatchify(patched), cells)


def test_latents_are_normalised_by_the_statistics_of_the_vae() -> None:
    vae = tiny_vae()
    codec = TextureCodec(vae)
    raw = patchify(vae.encode(picture()).latent_dist.mode())
    deviation = torch.sqrt(vae.bn.running_var + 1e-4).view(1, -1, 1, 1)
    expected = (raw - vae.bn.running_mean.view(1, -1, 1, 1)) / deviation
    assert torch.equal(codec.encode(picture()), expected)
    assert (codec.channels, codec.cell_px) == (16, 16)


@pytest.mark.parametrize("family", ["flux2", "flux1", "sd1.5"])
def test_decoding_undoes_the_normalisation(family: str) -> None:
    vae = tiny_vae() if family == "flux2" else scaled_vae()
    codec = TextureCodec(vae, family)
    with torch.no_grad():
        direct = vae.decode(vae.encode(picture()).latent_dist.mode()).sample
        assert torch.allclose(codec.decode(codec.encode(picture())), direct, atol=1e-5)


def test_large_batches_are_cut_without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    codec = TextureCodec(tiny_vae())
    latents = codec.encode(picture())
    with torch.no_grad():
        whole = codec.decode(latents)
        monkeypatch.setattr("inference.engines.diffusion.codec._PIXELS_AT_ONCE", 1)
        assert torch.allclose(codec.decode(latents), whole, atol=1e-6)
    assert torch.allclose(codec.encode(picture()), latents, atol=1e-6)


def test_gradients_reach_the_latents() -> None:
    codec = TextureCodec(tiny_vae())
    latents = codec.encode(picture()).requires_grad_()
    codec.decode(latents).pow(2).mean().backward()
    assert float(latents.grad.abs().sum()) > 0.0
    again = latents.detach().clone().requires_grad_()
    codec.vae.disable_gradient_checkpointing()
    codec.decode(again).pow(2).mean().backward()
    assert torch.allclose(latents.grad, again.grad, atol=1e-7)


@pytest.mark.parametrize("family", ["flux2", "dc-ae"])
def test_a_vae_that_does_not_fit_is_refused(family: str) -> None:
    with pytest.raises(EngineUnavailable):
        TextureCodec(scaled_vae(), family)


def test_statistics_are_rounded_as_the_latents_are() -> None:
    vae = tiny_vae()
    latents = torch.randn(1, 16, 2, 3, generator=torch.Generator().manual_seed(4)).bfloat16()
    mean, variance = (value.view(1, -1, 1, 1) for value in (vae.bn.running_mean, vae.bn.running_var))
    raw = latents * torch.sqrt(variance + vae.config.batch_norm_eps).bfloat16() + mean.bfloat16()
    assert raw.dtype == torch.bfloat16
    expected = vae.decode(unpatchify(raw).float()).sample
    assert torch.equal(TextureCodec(vae).decode(latents), expected)
    assert not torch.equal(TextureCodec(vae).decode(latents.float()), expected)
