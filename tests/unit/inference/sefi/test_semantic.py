"""SemVAE and DINOv2 features of a reference, without torchvision."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import Dinov2WithRegistersConfig, Dinov2WithRegistersModel

from inference.engines.sefi.semantic import SemanticEncoder, SemVAE, load_semantic_encoder, load_semvae
from inference.errors import EngineUnavailable

SHAPE = {"feature_dim": 32, "latent_dim": 4, "width": 16, "heads": 2, "blocks": 2}
VARIANT = Path("dinov2_vitl14_reg") / "transformer_ch16"


def tiny_dino(width: int = 32) -> Dinov2WithRegistersModel:
    torch.manual_seed(0)
    config = Dinov2WithRegistersConfig(
        hidden_size=width, num_hidden_layers=1, num_attention_heads=2, image_size=56, patch_size=14
    )
    return Dinov2WithRegistersModel(config).eval().requires_grad_(False)


def tiny_semvae(seed: int = 0) -> SemVAE:
    torch.manual_seed(seed)
    return SemVAE(**SHAPE).eval().requires_grad_(False)


def published(folder: Path, wrapper: str = "model_state_dict", prefix: str = "") -> Path:
    """The layout of the published SemVAE."""
    root = folder / VARIANT
    (root / "checkpoints").mkdir(parents=True)
    state = {prefix + key: value for key, value in tiny_semvae().state_dict().items()}
    torch.save({wrapper: state, "step": 3}, root / "checkpoints" / "checkpoint_01000000.pt")
    torch.save({"mean": torch.arange(4.0).view(1, 1, 4), "std": torch.full((1, 1, 4), 2.0)}, root / "latent_stats.pt")
    return folder


def picture(height: int, width: int) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(2))


def test_torchvision_is_not_here() -> None:
    assert importlib.util.find_spec("torchvision") is None


@pytest.mark.parametrize("size", [(64, 64), (48, 80), (16, 32)])
def test_the_latents_lie_on_the_grid_of_the_texture(size: tuple[int, int]) -> None:
    latents = SemanticEncoder(tiny_dino(), tiny_semvae()).encode(picture(*size))
    assert latents.shape == (1, 4, size[0] // 16, size[1] // 16)


def test_a_patch_is_where_its_pixels_are() -> None:
    """Changing one corner moves the feature of that corner most."""
    before = picture(64, 64)
    after = before.clone()
    after[..., :16, 48:] = 1.0 - after[..., :16, 48:]
    encoder = SemanticEncoder(tiny_dino(), tiny_semvae())
    change = (encoder.features(after) - encoder.features(before)).norm(dim=-1).view(4, 4)
    assert int(change.argmax()) == 3


def test_the_networks_see_patches_of_fourteen_pixels_and_no_other_tokens() -> None:
    dino = tiny_dino()
    seen = dino(pixel_values=torch.zeros(1, 3, 56, 42)).last_hidden_state
    assert seen.shape[1] == 1 + 4 + 12
    assert SemanticEncoder(dino, tiny_semvae()).features(picture(64, 48)).shape == (1, 12, 32)


def test_latents_are_normalised_and_decoding_undoes_it(tmp_path: Path) -> None:
    loaded = load_semvae(published(tmp_path), **SHAPE)
    features = torch.randn(1, 5, 32, generator=torch.Generator().manual_seed(1))
    raw = tiny_semvae().encode(features)
    assert torch.allclose(loaded.encode(features), (raw - torch.arange(4.0)) / 2.0)
    assert torch.allclose(loaded.decode(loaded.encode(features)), tiny_semvae().decode(raw), atol=1e-5)


@pytest.mark.parametrize(
    ("wrapper", "prefix"), [("model_state_dict", "module."), ("state_dict", ""), ("module", ""), ("model", "")]
)
def test_what_training_wraps_around_the_weights_is_taken_off(tmp_path: Path, wrapper: str, prefix: str) -> None:
    loaded = load_semvae(published(tmp_path, wrapper, prefix), **SHAPE)
    assert torch.equal(loaded.encoder[0].weight, tiny_semvae().encoder[0].weight)


def test_both_networks_load_from_their_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dino = tiny_dino()
    dino.save_pretrained(tmp_path / "dino")
    load = "inference.engines.sefi.semantic.load_semvae"
    monkeypatch.setattr(load, lambda folder: load_semvae(folder, **SHAPE))
    encoder = load_semantic_encoder(published(tmp_path / "semvae"), tmp_path / "dino")
    direct = SemanticEncoder(dino, load_semvae(tmp_path / "semvae", **SHAPE))
    assert torch.equal(encoder.encode(picture(32, 32)), direct.encode(picture(32, 32)))


def test_a_seeing_network_with_a_gap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_dino().save_pretrained(tmp_path / "dino")
    file = tmp_path / "dino" / "model.safetensors"
    state = load_file(file)
    del state["layernorm.weight"]
    save_file(state, file, metadata={"format": "pt"})
    monkeypatch.setattr("inference.engines.sefi.semantic.load_semvae", lambda folder: tiny_semvae())
    with pytest.raises(EngineUnavailable, match=r"layernorm\.weight"):
        load_semantic_encoder(tmp_path, tmp_path / "dino")


def test_missing_weights_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="hf download SeFi-Image/SeFi-Image-SemVAE"):
        load_semvae(tmp_path)
    with pytest.raises(EngineUnavailable, match="hf download facebook/dinov2-with-registers-large"):
        load_semantic_encoder(tmp_path, tmp_path)


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        load_semvae(published(tmp_path), **{**SHAPE, "blocks": 3})
    assert caught.value.code == "generate.checkpoint_incompatible"


def test_features_of_another_width_are_refused() -> None:
    with pytest.raises(EngineUnavailable, match="another width"):
        SemanticEncoder(tiny_dino(width=16), tiny_semvae())


def test_sides_off_the_grid_are_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 16"):
        SemanticEncoder(tiny_dino(), tiny_semvae()).encode(picture(40, 32))
