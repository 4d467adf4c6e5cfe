"""From a request to pictures with a tiny SeFi: what a worker sees."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch._dynamo.exc import TorchDynamoException
from transformers.utils import logging as bars

from inference.engines.diffusion import batch as batch_module
from inference.engines.diffusion import generator as generator_module
from inference.engines.diffusion.generator import LatentGenerator
from inference.engines.sefi.engine import sefi_engine
from inference.errors import Cancelled, EngineFailed, EngineUnavailable, InputRejected
from inference.generation import GeneratedPicture, GenerateItem, GenerateOptions, GenerateRequest, ReferencePicture
from inference.models import model_cards
from inference.pipelines.generate import generate
from inference.registry import generator
from inference.types import U8, no_progress
from tests.checkpoints.semantics import write_tiny_semantics
from tests.unit.inference.generators.conftest import NON_COMMERCIAL, small


@pytest.fixture
def turbo(options: GenerateOptions) -> LatentGenerator:
    return sefi_engine(small("sefi-1b-turbo"), options)


@pytest.fixture
def base(options: GenerateOptions) -> LatentGenerator:
    return sefi_engine(small("sefi-1b-base"), options)


def ask(*seeds: int, reference: ReferencePicture | None = None, **changes: Any) -> GenerateRequest:
    items = tuple(GenerateItem(f"a mug number {seed}", seed, reference) for seed in seeds)
    return GenerateRequest(items, **{"width": 48, "height": 32, **changes})


def gap(left: U8, right: U8) -> int:
    return int(np.abs(left.astype(int) - right.astype(int)).max())


def photo() -> U8:
    return np.random.default_rng(4).integers(0, 256, (32, 48, 3), np.uint8)


def test_a_request_becomes_pictures_in_its_order(turbo: LatentGenerator) -> None:
    pictures = turbo.generate(ask(5, 6, 7))
    assert [picture.seed for picture in pictures] == [5, 6, 7]
    assert {(picture.rgb.shape, picture.rgb.dtype.name) for picture in pictures} == {((32, 48, 3), "uint8")}
    assert gap(pictures[0].rgb, pictures[1].rgb) > 10
    assert str(pictures[0].identity["revision"]).startswith("files:")  # nobody fetched it: what lies there is told
    assert {**pictures[0].identity, "revision": ""} == {
        "engine": "sefi",
        "model": "sefi-1b-turbo",
        "revision": "",
        "licence": "CC-BY-NC-4.0",
        "dtype": "float32",
    }
    assert pictures[0].parameters == {"steps": 4, "guidance": 1.0, "batch": 3}


def test_the_encoders_beside_a_model_are_named_with_their_revisions(weights: Path, tmp_path: Path) -> None:
    """A reference is read by them: with others the same recipe would be another picture."""
    (tmp_path / "sefi-1b-turbo").symlink_to(weights / "sefi-1b-turbo")
    write_tiny_semantics(tmp_path)
    notes = tmp_path / "dinov2-with-registers-large" / ".cache" / "huggingface" / "download"
    notes.mkdir(parents=True)
    (notes / "config.json.metadata").write_text(f"{'a' * 40}\netag\n1700000000.0\n")

    def named() -> Any:
        options = GenerateOptions(weights_dir=tmp_path, accepted_licences=NON_COMMERCIAL, device="cpu")
        [picture] = sefi_engine(small("sefi-1b-turbo"), options).generate(ask(5))
        return picture.identity["parts"]

    first = named()
    assert first["dinov2-with-registers-large"] == "a" * 40
    assert re.fullmatch("files:[0-9a-f]{24}", first["semvae"])
    shape = next((tmp_path / "semvae").rglob("shape.json"))
    shape.write_text(shape.read_text() + " ")
    weights_file = next((tmp_path / "semvae").rglob("checkpoint_01000000.pt"))
    os.utime(weights_file, ns=(1, 1))
    assert named()["semvae"] != first["semvae"]


def test_a_picture_does_not_depend_on_its_neighbours(turbo: LatentGenerator) -> None:
    together = turbo.generate(ask(5, 6, 7))
    for picture in together:
        assert gap(picture.rgb, turbo.generate(ask(picture.seed))[0].rgb) <= 1


def test_guidance_is_used_where_the_model_takes_it(base: LatentGenerator) -> None:
    plain, guided = (base.generate(ask(5, steps=4, guidance=guidance))[0] for guidance in (1.0, 4.0))
    assert gap(plain.rgb, guided.rgb) > 0
    assert guided.parameters["guidance"] == 4.0


def test_refusals_come_before_the_weights_are_touched(turbo: LatentGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turbo, "_load", pytest.fail)
    for changes in ({"steps": 5}, {"guidance": 2.0}, {"width": 50}):
        with pytest.raises(InputRejected):
            turbo.generate(ask(1, **changes))


def test_progress_only_grows_and_names_its_stages(turbo: LatentGenerator) -> None:
    seen: list[tuple[str, float]] = []
    turbo.generate(ask(1, 2, 3), on_progress=lambda *report: seen.append(report))
    fractions = [fraction for _, fraction in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert list(dict.fromkeys(stage for stage, _ in seen)) == ["prompt", "draw", "decode"]


def test_a_cancel_ends_the_drawing_within_a_step(turbo: LatentGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    turbo.warm()
    assert turbo._family is not None
    calls: list[int] = []
    turbo._family.transformer.register_forward_pre_hook(lambda *_: calls.append(1))

    def cancel(stage: str, fraction: float) -> None:
        if stage == "draw" and len(calls) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        turbo.generate(ask(1), on_progress=cancel)
    assert len(calls) == 2


def test_a_held_picture_comes_back_as_the_codec_sees_it(turbo: LatentGenerator) -> None:
    everything = ReferencePicture(photo(), keep=np.full((32, 48), 255, np.uint8), hold_texture=1.0)
    turbo.warm()
    assert turbo._family is not None
    codec = turbo._family.codec
    image = torch.from_numpy(photo()).permute(2, 0, 1)[None].float() / 255.0
    with torch.no_grad():
        seen = codec.decode(codec.encode(image * 2 - 1))[0].mul(0.5).add(0.5).clamp(0, 1)
    expected = (seen * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    drawn = turbo.generate(ask(1, reference=everything))[0]
    assert gap(drawn.rgb, expected) <= 1
    assert drawn.parameters["semantics"] == "drawn"


def test_strength_decides_how_much_changes(turbo: LatentGenerator) -> None:
    reference = ReferencePicture(photo())
    kept, little, much = (
        turbo.generate(ask(1, reference=replace(reference, strength=strength)))[0].rgb for strength in (0.0, 0.3, 0.9)
    )
    assert 0 < float(np.square(little.astype(float) - kept).mean()) < float(np.square(much.astype(float) - kept).mean())


def test_items_with_and_without_a_picture_share_a_pass(turbo: LatentGenerator) -> None:
    mixed = GenerateRequest(
        (GenerateItem("a mug", 1, ReferencePicture(photo(), strength=0.3)), GenerateItem("a mug", 2)), 48, 32
    )
    together = turbo.generate(mixed)
    for number, item in enumerate(mixed.items):
        alone = turbo.generate(replace(mixed, items=(item,)))
        assert gap(together[number].rgb, alone[0].rgb) <= 1


def test_a_palette_pulls_its_own_item_alone(turbo: LatentGenerator) -> None:
    plain = turbo.generate(ask(1, 2))
    items = (GenerateItem("a mug number 1", 1, palette=("#c03020",), pull=0.5), GenerateItem("a mug number 2", 2))
    pulled = turbo.generate(GenerateRequest(items, 48, 32))
    red = np.array([0xC0, 0x30, 0x20])
    before, after = (float(np.abs(picture.rgb - red).mean()) for picture in (plain[0], pulled[0]))
    assert after < before
    assert gap(pulled[1].rgb, plain[1].rgb) == 0


def test_what_is_kept_is_not_pulled(turbo: LatentGenerator) -> None:
    reference = ReferencePicture(photo(), keep=np.full((32, 48), 255, np.uint8), hold_texture=1.0)
    plain, pulled = (
        turbo.generate(GenerateRequest((GenerateItem("a mug", 1, reference, palette),), 48, 32))[0].rgb
        for palette in ((), ("#c03020",))
    )
    assert gap(plain, pulled) == 0


def test_batches_are_cut_to_what_one_pass_may_hold(options: GenerateOptions) -> None:
    engine = sefi_engine(small("sefi-1b-turbo"), replace(options, max_batch=2))
    pictures = engine.generate(ask(1, 2, 3))
    assert [picture.parameters["batch"] for picture in pictures] == [2, 2, 1]


def test_running_out_of_memory_halves_the_batch_and_is_remembered(
    turbo: LatentGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = batch_module.Batch.draw
    tried: list[int] = []

    def crowded(self: Any, items: Sequence[GenerateItem], identity: dict[str, Any]) -> list[GeneratedPicture]:
        tried.append(len(items))
        if len(items) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return draw(self, items, identity)

    monkeypatch.setattr(batch_module.Batch, "draw", crowded)
    assert len(turbo.generate(ask(1, 2, 3, 4))) == 4
    assert len(turbo.generate(ask(1, 2, 3, 4))) == 4
    assert tried == [4, 2, 2, 2, 2]


def test_no_room_for_one_picture_is_a_clear_failure(turbo: LatentGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(batch_module.Batch, "draw", full)
    with pytest.raises(EngineFailed) as caught:
        turbo.generate(ask(1, 2))
    assert caught.value.code == "generate.out_of_memory"


def test_weights_that_do_not_fit_are_refused(options: GenerateOptions, weights: Any, tmp_path: Any) -> None:
    (tmp_path / "sefi-1b-turbo").symlink_to(weights / "flux2-klein-4b")
    with pytest.raises(EngineUnavailable) as caught:
        sefi_engine(small("sefi-1b-turbo"), replace(options, weights_dir=tmp_path)).warm()
    assert caught.value.code == "generate.checkpoint_incompatible"


def test_a_worker_that_compiles_draws_every_usual_size_before_it_takes_work(
    options: GenerateOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    quickened: list[object] = []
    monkeypatch.setattr(generator_module, "quicken", quickened.append)
    drawn: list[tuple[tuple[int, int], int, bool, int]] = []
    draw = batch_module.Batch.draw

    def watched(self: Any, items: Sequence[GenerateItem], identity: dict[str, Any]) -> list[GeneratedPicture]:
        drawn.append((self.grid, len(items), bool(items[0].layout), self.schedule.steps))
        return draw(self, items, identity)

    monkeypatch.setattr(batch_module.Batch, "draw", watched)
    sizes = ((48, 32), (32, 64))
    for name, steps in (("sefi-1b-turbo", 4), ("sefi-1b-base", 1)):
        card = replace(small(name), sizes=sizes)
        sefi_engine(card, options).warm()
        assert drawn == []
        engine = sefi_engine(card, replace(options, compile=True))
        engine.warm()
        engine.warm()
        assert drawn == [
            (grid, count, layout, steps)
            for layout in (False, True)
            for grid, count in (((2, 3), 2), ((2, 3), 1), ((4, 2), 1))
        ]
        drawn.clear()
    assert len(quickened) == 2


def test_what_can_not_be_compiled_is_drawn_all_the_same(
    options: GenerateOptions, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise TorchDynamoException("there is no compiler\nand much more")

    def half_way(family: Any) -> None:
        for block in family.transformer.transformer_blocks:
            block._compiled_call_impl = broken

    monkeypatch.setattr(generator_module, "quicken", half_way)
    engine = sefi_engine(small("sefi-1b-turbo"), replace(options, compile=True))
    engine.warm()
    assert "sefi-1b-turbo runs uncompiled: there is no compiler" in caplog.text
    expected = sefi_engine(small("sefi-1b-turbo"), options).generate(ask(5))
    assert gap(engine.generate(ask(5))[0].rgb, expected[0].rgb) == 0


def test_loading_draws_no_bars_and_leaves_those_of_others_alone(
    turbo: LatentGenerator, capsys: pytest.CaptureFixture[str]
) -> None:
    bars.enable_progress_bar()
    try:
        turbo.warm()
        assert bars.is_progress_bar_enabled()
    finally:
        bars.disable_progress_bar()
    assert capsys.readouterr().err == ""


def test_prompts_are_remembered_between_requests(turbo: LatentGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    first = turbo.generate(ask(1))[0].rgb
    monkeypatch.setattr("inference.engines.diffusion.text.PromptEncoder._encode", pytest.fail)
    assert gap(turbo.generate(ask(1))[0].rgb, first) == 0


def test_the_registry_hands_out_one_engine_for_the_same_options(options: GenerateOptions) -> None:
    assert generator("sefi-1b-turbo", options) is generator("sefi-1b-turbo", replace(options))


def test_a_worker_that_was_told_to_offer_all_models_loads_each_of_them_once(
    options: GenerateOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every engine keeps its weights, so one that is made anew would read them anew."""
    monkeypatch.setattr("inference.engines.diffusion.gate.obstacle", lambda card, options: None)
    everything = replace(options, weights_dir=tmp_path)
    first, second = ([generator(card.name, everything) for card in model_cards()] for _ in range(2))
    assert len({id(engine) for engine in first}) == len(first) > 4
    assert [id(engine) for engine in first] == [id(engine) for engine in second]


def test_the_pipeline_refuses_what_the_published_model_can_not_draw(options: GenerateOptions) -> None:
    with pytest.raises(InputRejected) as caught:
        generate("sefi-1b-turbo", ask(1), options=options, on_progress=no_progress)
    assert caught.value.code == "generate.wrong_size"


def test_the_pipeline_draws_at_a_real_size(options: GenerateOptions) -> None:
    picture = generate("sefi-1b-turbo", ask(3, width=256, height=256), options=options)[0]
    assert picture.rgb.shape == (256, 256, 3)
