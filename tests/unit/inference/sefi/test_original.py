"""The configuration of an original checkpoint: how it draws, how it reads, and where its parts lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from inference.engines.sefi.convert import convert
from inference.engines.sefi.original import Original
from inference.engines.sefi.pipeline import SeFiPipeline
from inference.errors import EngineUnavailable
from tests.checkpoints.originals import tiny_old_vae, write_tiny_original
from tests.checkpoints.sefi import tiny_transformer

LENGTH = {"model": {"text_encoder": {"max_length": 40}}}


def said(folder: Path, config: Any) -> Original:
    folder.mkdir(exist_ok=True)
    (folder / "sefi_config.yaml").write_text(config if isinstance(config, str) else yaml.safe_dump(config))
    return Original.read(folder)


def test_every_setting_is_read_from_its_place(tmp_path: Path) -> None:
    config = {
        "model": {
            "texture_vae": {"name": "FLUX1"},
            "text_encoder": {"max_length": 300, "hidden_layers": [9, 18, 27]},
        },
        "inference": {"steps": 30, "guidance_scale": 3, "delta_t": 0.2, "timestep_shift_alpha": 0.5},
    }
    assert said(tmp_path, config).settings() == {
        "texture_vae_name": "flux1",
        "default_guidance_scale": 3.0,
        "default_num_inference_steps": 30,
        "delta_t": 0.2,
        "timestep_shift_alpha": 0.5,
        "text_encoder_hidden_layers": (9, 18, 27),
        "max_sequence_length": 300,
    }


def test_the_lead_that_it_was_trained_with_counts_where_no_other_is_named(tmp_path: Path) -> None:
    trained = {"training": {"sefi": {"delta_t_min": 0.0, "delta_t_max": 0.15}}}
    assert said(tmp_path, trained).settings() == {"delta_t": 0.15}
    assert said(tmp_path, {**trained, "inference": {"delta_t": 0.0}}).settings() == {"delta_t": 0.0}


@pytest.mark.parametrize(
    ("name", "config", "is_turbo"),
    [
        ("SeFi-Image-1B-turbo", {}, True),
        ("SeFi-Image-5B-Base", {}, False),
        ("mine", {"inference": {"family": "DMD2"}}, True),
        ("mine-turbo", {"model": {"variant": "base"}}, False),
    ],
)
def test_the_configuration_says_what_is_distilled_and_else_the_name(
    tmp_path: Path, name: str, config: dict[str, Any], is_turbo: bool
) -> None:
    assert said(tmp_path / name, config).is_turbo() is is_turbo


@pytest.mark.parametrize(
    "config",
    ["model: [1", "just words", "inference:\n  delta_t: a lot", "model:\n  text_encoder:\n    hidden_layers: 9"],
)
def test_a_configuration_that_makes_no_sense_is_refused(tmp_path: Path, config: str) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        said(tmp_path, config).settings()
    assert caught.value.code == "generate.checkpoint_incompatible"


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="name the folder"):
        Original.read(tmp_path / "nowhere")


def test_parts_are_found_where_the_configuration_puts_them(tmp_path: Path) -> None:
    config = {
        "model": {
            "text_encoder": {"model_name": "qwen3vl_4b", "weights_root": "readers"},
            "texture_vae": {"name": "flux2", "base_path": "codec"},
        }
    }
    original = said(tmp_path, config)
    assert (original.text_encoder(), original.vae()) == (tmp_path / "text_encoder", tmp_path / "vae")
    for folder in ("readers/Qwen3-VL-4B-Instruct", "codec/vae"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "config.json").write_text("{}")
    assert original.text_encoder() == tmp_path / "readers" / "Qwen3-VL-4B-Instruct"
    assert original.vae() == tmp_path / "codec" / "vae"


def test_a_converted_checkpoint_draws_as_its_configuration_says(tmp_path: Path) -> None:
    config = {
        "model": {"text_encoder": {"max_length": 40, "hidden_layers": [1, 3], "model_name": "qwen3vl_2b"}},
        "inference": {"family": "base", "steps": 6, "guidance_scale": 2.5, "delta_t": 0.3, "timestep_shift_alpha": 0.7},
    }
    transformer = tiny_transformer(2, joint_attention_dim=64)
    original = write_tiny_original(tmp_path / "original", transformer, config)
    convert(original, tmp_path / "out", dtype=torch.float32)
    made = SeFiPipeline.from_pretrained(tmp_path / "out")
    assert made.settled(None, None, 32, 32) == (6, 2.5)
    keys = ("is_turbo", "delta_t", "timestep_shift_alpha", "text_encoder_hidden_layers", "max_sequence_length")
    assert tuple(made.config[key] for key in keys) == (False, 0.3, 0.7, (1, 3), 40)
    noise = torch.randn(1, 20, 2, 2, generator=torch.Generator().manual_seed(3))
    own = SeFiPipeline(
        **{**made.components, "transformer": transformer},
        **{key: made.config[key] for key in keys},
        semantic_channels=4,
    )
    asked: dict[str, Any] = {"latents": noise, "height": 32, "width": 32, "output_type": "latent"}
    drawn = (made("a mug", **asked), own("a mug", num_inference_steps=6, guidance_scale=2.5, **asked))
    assert torch.equal(*(one.images for one in drawn))


@pytest.mark.parametrize("family", ["flux1", "sd1.5"])
def test_an_older_codec_is_taken_over_with_its_name(tmp_path: Path, family: str) -> None:
    config = {**LENGTH, "model": {**LENGTH["model"], "texture_vae": {"name": family}}}
    transformer = tiny_transformer(in_channels=4 + 12)
    original = write_tiny_original(tmp_path / "a-turbo", transformer, config, vae=tiny_old_vae())
    convert(original, tmp_path / "out", dtype=torch.float32)
    made = SeFiPipeline.from_pretrained(tmp_path / "out", text_encoder_hidden_layers=(1, 2, 3))
    assert (made.config.texture_vae_name, made.config.is_turbo, made.config.semantic_channels) == (family, True, 4)
    assert made("a mug", height=32, width=32, output_type="pt").images.shape == (1, 3, 32, 32)


def test_who_converts_has_the_last_word_on_what_is_distilled(tmp_path: Path) -> None:
    original = write_tiny_original(tmp_path / "a-turbo", tiny_transformer(), LENGTH)
    convert(original, tmp_path / "out", is_turbo=False, dtype=torch.float32)
    made = SeFiPipeline.from_pretrained(tmp_path / "out", text_encoder_hidden_layers=(1, 2, 3))
    assert (made.config.is_turbo, made.config.default_num_inference_steps) == (False, 50)
