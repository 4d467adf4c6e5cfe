"""Original checkpoints: everything below ``backbone.`` but the two noise levels."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from inference.engines.sefi import convert
from inference.engines.sefi.pipeline import SeFiPipeline
from inference.errors import EngineUnavailable
from tests.checkpoints.sefi import tiny_transformer

WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture
def original(checkpoint: Path, tmp_path: Path) -> Path:
    """The tiny checkpoint as the authors' own code saves it: two shards, prefixed keys, the tokenizer beside."""
    folder = tmp_path / "original"
    for part in ("vae", "text_encoder", "scheduler", "transformer"):
        shutil.copytree(checkpoint / part, folder / part)
    for file in (checkpoint / "tokenizer").iterdir():
        shutil.copy(file, folder / "text_encoder" / file.name)
    weights = folder / "transformer" / WEIGHTS
    state = list(convert.original_state(load_file(weights)).items())
    weights.unlink()
    save_file(dict(state[::2]), folder / "transformer" / "diffusion_pytorch_model-00001-of-00002.safetensors")
    save_file(dict(state[1::2]), folder / "transformer" / "diffusion_pytorch_model-00002-of-00002.safetensors")
    config = json.loads((folder / "transformer" / "config.json").read_text())
    config |= {"_class_name": "Flux2Transformer2DModel", "guidance_embeds": False}
    (folder / "transformer" / "config.json").write_text(json.dumps(config))
    return folder


def test_keys_go_there_and_back() -> None:
    state = tiny_transformer().state_dict()
    there = convert.original_state(state)
    assert "backbone.x_embedder.weight" in there
    assert "dual_time_embed.semantic_embedder.linear_1.weight" in there
    back = convert.converted_state(there)
    assert back.keys() == state.keys()
    assert all(back[key] is state[key] for key in state)


def test_the_prefix_of_a_wrapper_is_taken_off() -> None:
    assert list(convert.converted_state({"module.backbone.proj_out.weight": torch.zeros(1)})) == ["proj_out.weight"]


@pytest.mark.parametrize("key", ["proj_out.weight", "head.weight"])
def test_foreign_keys_are_refused(key: str) -> None:
    with pytest.raises(EngineUnavailable, match=key):
        convert.converted_state({key: torch.zeros(1)})


def test_a_converted_checkpoint_draws_what_the_original_did(
    original: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "converted"
    arguments = [str(original), str(out), "--turbo", "--dtype", "float32", "--length", "48"]
    assert convert.main(arguments) == 0
    noise = torch.randn(1, 20, 2, 2, generator=torch.Generator().manual_seed(3))
    before, after = (
        SeFiPipeline.from_pretrained(folder, text_encoder_hidden_layers=(1, 2, 3)) for folder in (checkpoint, out)
    )
    pictures = [
        pipeline("a mug", height=32, width=32, latents=noise, output_type="pt").images for pipeline in (before, after)
    ]
    assert torch.equal(*pictures)
    assert after.config.is_turbo
    assert after.config.semantic_channels == 4


def test_a_text_encoder_may_lie_elsewhere(original: Path, tmp_path: Path) -> None:
    (original / "text_encoder").rename(original / "Qwen3-VL")
    arguments = [str(original), str(tmp_path / "out"), "--dtype", "float32", "--length", "48"]
    assert convert.main(arguments) == 2
    assert convert.main([*arguments, "--text-encoder", str(original / "Qwen3-VL")]) == 0
    assert not SeFiPipeline.from_pretrained(tmp_path / "out", text_encoder_hidden_layers=(1, 2, 3)).config.is_turbo


def test_an_incomplete_original_leaves_nothing_behind(
    original: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (original / "transformer" / "diffusion_pytorch_model-00002-of-00002.safetensors").unlink()
    assert convert.main([str(original), str(tmp_path / "out"), "--length", "48"]) == 2
    assert "does not hold a whole original transformer" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "config",
    [
        {"num_layers": 2, "num_single_layers": 3, "num_attention_heads": 3, "mlp_ratio": 2.5},
        {"num_layers": 0, "num_single_layers": 2, "mlp_ratio": 4.0, "timestep_guidance_channels": 48},
        {"num_layers": 1, "num_single_layers": 0, "out_channels": 24, "joint_attention_dim": 64},
        {"mlp_ratio": 0.32},
        {"num_attention_heads": 31, "mlp_ratio": 1019 / 496},
    ],
    ids=str,
)
def test_weights_say_their_own_sizes(config: dict[str, Any]) -> None:
    model = tiny_transformer(**config)
    sizes = convert.sizes_of(model.state_dict())
    again = tiny_transformer(axes_dims_rope=model.config.axes_dims_rope, **sizes)
    assert {key: value.shape for key, value in again.state_dict().items()} == {
        key: value.shape for key, value in model.state_dict().items()
    }
    kept = {**dict(model.config), "out_channels": model.out_channels, "mlp_ratio": pytest.approx(sizes["mlp_ratio"])}
    assert sizes == {name: kept[name] for name in sizes}


def test_the_configuration_of_the_backbone_before_it_was_changed_does_no_harm(
    original: Path, checkpoint: Path, tmp_path: Path
) -> None:
    config = original / "transformer" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"in_channels": 128, "num_attention_heads": 24}))
    (original / "sefi_config.yaml").write_text(
        "model:\n  text_encoder:\n    max_length: 40\n    hidden_layers: [1, 2, 3]\n"
    )
    assert convert.main([str(original), str(tmp_path / "out"), "--turbo", "--dtype", "float32"]) == 0
    after = SeFiPipeline.from_pretrained(tmp_path / "out")
    assert (after.config.max_sequence_length, after.config.text_encoder_hidden_layers) == (40, (1, 2, 3))
    before = SeFiPipeline.from_pretrained(checkpoint).transformer.state_dict()
    assert all(torch.equal(value, before[name]) for name, value in after.transformer.state_dict().items())


def test_weights_in_a_pickle_of_a_training_are_read_too(original: Path, tmp_path: Path) -> None:
    folder = original / "transformer"
    state = {key: value for shard in sorted(folder.glob("*.safetensors")) for key, value in load_file(shard).items()}
    for shard in folder.glob("*.safetensors"):
        shard.unlink()
    wrapped = {"model_state_dict": {f"module.{key}": value for key, value in state.items()}}
    torch.save(wrapped, folder / "diffusion_pytorch_model.bin")
    (folder / "config.json").unlink()
    model = convert.converted_transformer(folder, torch.float32)
    assert torch.equal(model.x_embedder.weight, state["backbone.x_embedder.weight"])
    assert model.config.num_attention_heads == 2


def test_nothing_says_how_long_prompts_are(original: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert.main([str(original), str(tmp_path / "out")]) == 2
    assert "--length" in capsys.readouterr().err
