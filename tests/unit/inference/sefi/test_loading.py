from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from inference.engines.sefi.pipeline import SeFiPipeline
from inference.engines.sefi.transformer import SeFiTransformer2DModel
from inference.errors import EngineUnavailable
from tests.checkpoints.sefi import tiny_transformer

WEIGHTS = "transformer/diffusion_pytorch_model.safetensors"


@pytest.fixture
def copy(checkpoint: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(checkpoint, tmp_path / "copy"))


def rewrite(folder: Path, file: str, change: Callable[[dict[str, Tensor]], object]) -> None:
    state = load_file(folder / file)
    change(state)
    save_file(state, folder / file, metadata={"format": "pt"})


def refused(folder: Path) -> EngineUnavailable:
    with pytest.raises(EngineUnavailable) as caught:
        SeFiPipeline.from_pretrained(folder)
    return caught.value


def test_what_was_saved_loads_and_draws_the_same(checkpoint: Path, turbo: SeFiPipeline) -> None:
    noise = torch.randn(1, 20, 2, 2, generator=torch.Generator().manual_seed(3))
    loaded = SeFiPipeline.from_pretrained(checkpoint)
    pictures = [
        pipeline("a mug", height=32, width=32, latents=noise, output_type="pt").images for pipeline in (turbo, loaded)
    ]
    assert torch.equal(*pictures)
    assert loaded.config.is_turbo
    assert loaded.config.default_num_inference_steps == 4


def test_the_index_has_the_released_layout(checkpoint: Path) -> None:
    index = json.loads((checkpoint / "model_index.json").read_text())
    assert index["_class_name"] == "SeFiPipeline"
    assert index["transformer"] == ["diffusers", "SeFiTransformer2DModel"]
    assert index["vae"] == ["diffusers", "AutoencoderKLFlux2"]
    assert index["text_encoder"] == ["transformers", "Qwen3VLForConditionalGeneration"]
    assert index["text_encoder_hidden_layers"] == [1, 2, 3]


def test_half_precision_reaches_weights_and_rotary_frequencies(checkpoint: Path) -> None:
    loaded = SeFiPipeline.from_pretrained(checkpoint, dtype=torch.bfloat16)
    assert {parameter.dtype for parameter in loaded.transformer.parameters()} == {torch.bfloat16}
    assert loaded.vae.dtype == torch.bfloat16
    assert loaded.text_encoder.model.language_model.rotary_emb.inv_freq.dtype == torch.bfloat16


def test_rotary_frequencies_follow_an_encoder_that_was_loaded_elsewhere(checkpoint: Path) -> None:
    parts = SeFiPipeline.from_pretrained(checkpoint).components
    encoder = parts["text_encoder"].to(torch.bfloat16)
    rotary = encoder.model.language_model.rotary_emb
    rotary.inv_freq = rotary.inv_freq.float()
    SeFiPipeline(**parts)
    assert rotary.inv_freq.dtype == torch.bfloat16


def test_keys_that_nobody_knows_are_named_and_left_out(copy: Path, caplog: pytest.LogCaptureFixture) -> None:
    index = copy / "model_index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"image_encoder": [None, None]}))
    assert SeFiPipeline.from_pretrained(copy).config.is_turbo
    assert "image_encoder" in caplog.text


def test_another_kind_of_codec_is_refused_by_name(copy: Path) -> None:
    index = copy / "model_index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"vae": ["diffusers", "AutoencoderTiny"]}))
    assert "AutoencoderTiny" in refused(copy).message


def test_configuration_keys_can_be_replaced(checkpoint: Path) -> None:
    loaded = SeFiPipeline.from_pretrained(checkpoint, is_turbo=False, timestep_shift_alpha=0.3)
    assert (loaded.config.is_turbo, loaded.config.timestep_shift_alpha, loaded.config.delta_t) == (False, 0.3, 0.1)


def test_a_component_may_be_given_instead_of_being_read(checkpoint: Path) -> None:
    own = tiny_transformer(7)
    shutil.rmtree(checkpoint.parent / "without", ignore_errors=True)
    folder = Path(shutil.copytree(checkpoint, checkpoint.parent / "without", ignore=lambda *_: {"transformer"}))
    assert SeFiPipeline.from_pretrained(folder, transformer=own).transformer is own


def test_keys_that_say_nothing_mean_the_defaults(copy: Path) -> None:
    index = copy / "model_index.json"
    silent = ("texture_vae_name", "default_guidance_scale", "default_num_inference_steps", "max_sequence_length")
    index.write_text(json.dumps(json.loads(index.read_text()) | dict.fromkeys(silent)))
    config = SeFiPipeline.from_pretrained(copy).config
    assert [config[name] for name in silent] == ["flux2", 4.0, 50, 1024]


def test_hidden_layers_may_be_written_as_text(checkpoint: Path) -> None:
    loaded = SeFiPipeline.from_pretrained(checkpoint, text_encoder_hidden_layers="1,2,3")
    assert loaded.config.text_encoder_hidden_layers == (1, 2, 3)


def test_a_missing_weight_is_refused_by_name(copy: Path) -> None:
    rewrite(copy, WEIGHTS, lambda state: state.pop("proj_out.weight"))
    error = refused(copy)
    assert error.code == "generate.checkpoint_incompatible"
    assert "proj_out.weight" in error.message


def test_a_weight_too_many_is_refused_by_name(copy: Path) -> None:
    rewrite(copy, WEIGHTS, lambda state: state.update({"guidance_embedder.weight": torch.zeros(1)}))
    assert "guidance_embedder.weight" in refused(copy).message


def test_the_transformer_alone_is_as_strict(copy: Path) -> None:
    loaded = SeFiTransformer2DModel.from_pretrained(copy, subfolder="transformer")
    assert loaded.config.num_attention_heads == 2
    rewrite(copy, WEIGHTS, lambda state: state.pop("proj_out.weight"))
    with pytest.raises(EngineUnavailable, match=r"proj_out\.weight"):
        SeFiTransformer2DModel.from_pretrained(copy, subfolder="transformer")


def test_a_weight_of_another_shape_is_refused(copy: Path) -> None:
    rewrite(copy, WEIGHTS, lambda state: state.update({"x_embedder.weight": torch.zeros(32, 21)}))
    assert refused(copy).code == "generate.checkpoint_incompatible"


@pytest.mark.parametrize("part", ["vae/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors"])
def test_the_other_networks_are_as_strict(copy: Path, part: str) -> None:
    rewrite(copy, part, lambda state: state.popitem())
    assert refused(copy).code == "generate.checkpoint_incompatible"


@pytest.mark.parametrize("part", ["transformer", "scheduler", "vae", "text_encoder", "tokenizer"])
def test_a_missing_component_is_named(copy: Path, part: str) -> None:
    shutil.rmtree(copy / part)
    error = refused(copy)
    assert error.code == "generate.weights_missing"
    assert str(copy / part) in error.message


def test_missing_files_are_refused(copy: Path) -> None:
    (copy / WEIGHTS).unlink()
    assert refused(copy).code == "generate.checkpoint_incompatible"


def test_a_truncated_file_is_refused(copy: Path) -> None:
    (copy / WEIGHTS).write_bytes((copy / WEIGHTS).read_bytes()[:1000])
    assert refused(copy).code == "generate.checkpoint_incompatible"


def test_another_kind_of_checkpoint_is_refused(copy: Path) -> None:
    (copy / "model_index.json").write_text('{"_class_name": "Flux2KleinPipeline"}')
    assert "Flux2KleinPipeline" in refused(copy).message


def test_a_folder_without_an_index_says_how_to_get_one(tmp_path: Path) -> None:
    error = refused(tmp_path)
    assert error.code == "generate.weights_missing"
    assert "convert" in error.message


def test_a_hub_id_that_is_not_here_says_how_to_fetch_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(EngineUnavailable, match="hf download SeFi-Image/SeFi-Image-1B-turbo-diffusers"):
        SeFiPipeline.from_pretrained("SeFi-Image/SeFi-Image-1B-turbo-diffusers")
