"""Adapters: learned beside the weights, switched on and off by name, exact where nothing is asked of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from inference.adapters import AdapterCard, AdapterPicture, AdapterPlan, TrainedAdapter, head_of, read_card
from inference.engines.adapters import switch
from inference.engines.adapters.trainer import LatentAdapterTrainer
from inference.engines.adapters.weights import weights_sha256
from inference.engines.diffusion.generator import LatentGenerator
from inference.engines.flux2_klein.engine import klein_engine
from inference.engines.sefi.engine import sefi_engine
from inference.errors import Cancelled, EngineUnavailable, InputRejected
from inference.generation import FLOAT8, GenerateItem, GenerateOptions, GenerateRequest
from inference.models import ModelCard
from inference.pipelines.adapters import adapters, models_that_learn
from inference.types import U8, no_progress
from tests.checkpoints.klein import write_tiny_klein
from tests.checkpoints.sefi import write_tiny_checkpoint
from tests.checkpoints.semantics import write_tiny_semantics
from tests.unit.inference.generators.conftest import NON_COMMERCIAL, small

PLAN = AdapterPlan(steps=40, rank=4, alpha=8.0, rate=2e-2, batch=4, size_px=32, seed=3, save_every=7)
ENGINES: dict[str, Callable[[ModelCard, GenerateOptions], LatentGenerator]] = {
    "sefi-1b-base": sefi_engine,
    "flux2-klein-4b": klein_engine,
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learning")
    write_tiny_checkpoint(folder / "weights" / "sefi-1b-base", "base")
    write_tiny_checkpoint(folder / "weights" / "sefi-1b-turbo", "turbo")
    write_tiny_klein(folder / "weights" / "flux2-klein-4b")
    write_tiny_semantics(folder / "weights")
    (folder / "adapters").mkdir()
    return folder


def engine(place: Path, model: str, dtype: str = "auto") -> LatentGenerator:
    options = GenerateOptions(
        weights_dir=place / "weights",
        accepted_licences=NON_COMMERCIAL,
        device="cpu",
        dtype=dtype,
        adapters_dir=place / "adapters",
    )
    return ENGINES[model](small(model), options)


def pictures() -> list[AdapterPicture]:
    rng = np.random.default_rng(0)
    return [AdapterPicture(rng.integers(0, 256, (40, 48, 3), dtype=np.uint8), f"a sks mug {one}") for one in range(3)]


def drawn(generator: LatentGenerator, *names: tuple[str, float]) -> U8:
    steps = 4 if generator.card.steps else 2
    request = GenerateRequest((GenerateItem("a sks mug", 5),), 32, 32, steps=steps, adapters=names)
    (picture,) = generator.generate(request, on_progress=no_progress)
    return picture.rgb


@pytest.fixture(scope="module", params=[("sefi-1b-base", "auto"), ("flux2-klein-4b", "auto"), ("sefi-1b-base", FLOAT8)])
def taught(place: Path, request: pytest.FixtureRequest) -> tuple[LatentGenerator, U8, TrainedAdapter, str]:
    """A generator, what it drew before, what it learned, and under which name."""
    model, dtype = request.param
    generator = engine(place, model, dtype)
    before = drawn(generator)
    learned = LatentAdapterTrainer(generator).train(
        pictures(), PLAN, place / f"run-{model}-{dtype}", on_progress=no_progress
    )
    name = f"mug-{model}-{dtype}"
    shutil.copy(learned.path, place / "adapters" / f"{name}.safetensors")
    return generator, before, learned, name


def test_training_lowers_the_loss_and_leaves_the_weights_as_they_were(
    taught: tuple[LatentGenerator, U8, TrainedAdapter, str],
) -> None:
    generator, before, learned, _ = taught
    assert learned.last_loss < 0.97 * learned.first_loss
    assert np.array_equal(drawn(generator), before)


def test_an_adapter_changes_the_picture_by_its_weight_and_is_taken_off_without_a_trace(
    taught: tuple[LatentGenerator, U8, TrainedAdapter, str],
) -> None:
    generator, before, _, name = taught
    full = drawn(generator, (name, 1.0))
    half = drawn(generator, (name, 0.5))
    change = [np.abs(picture.astype(int) - before).mean() for picture in (half, full)]
    assert 0.0 < change[0] < change[1]
    assert np.array_equal(drawn(generator), before)
    assert np.array_equal(drawn(generator, (name, 1.0)), full)


def test_what_was_not_used_for_long_leaves_the_memory_and_comes_back(
    taught: tuple[LatentGenerator, U8, TrainedAdapter, str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator, before, learned, name = taught
    monkeypatch.setattr(switch, "MOST_LOADED", 1)
    full = drawn(generator, (name, 1.0))
    twin = place / "adapters" / f"twin-{name}.safetensors"
    shutil.copy(learned.path, twin)
    assert np.array_equal(drawn(generator, (twin.stem, 1.0)), full)
    assert list(generator.loaded().transformer.peft_config) == [twin.stem]
    assert np.array_equal(drawn(generator, (name, 1.0)), full)
    twin.unlink()
    assert np.array_equal(drawn(generator), before)


def test_a_recipe_names_the_adapter_and_its_weights(taught: tuple[LatentGenerator, U8, TrainedAdapter, str]) -> None:
    generator, _, learned, name = taught
    item = GenerateItem("a sks mug", 5)
    for names in (((name, 0.8),), ()):
        asked = GenerateRequest((item,), 32, 32, steps=4, adapters=names)
        (picture,) = generator.generate(asked, on_progress=no_progress)
        told = [{"name": name, "weight": 0.8, "weights_sha256": learned.card.weights_sha256}] if names else None
        assert picture.identity.get("adapters") == told


def test_the_file_says_what_it_is(taught: tuple[LatentGenerator, U8, TrainedAdapter, str], place: Path) -> None:
    generator, _, learned, name = taught
    card = read_card(learned.path)
    assert card == learned.card == adapters(generator_options(place))[name]
    assert (card.model, card.licence, card.rank, card.pictures) == (generator.name, generator.licence, 4, 3)
    with safe_open(learned.path, "pt") as file:
        assert all("lora_" in key for key in file.keys())  # noqa: SIM118 - not a dictionary
    assert not (learned.path.parent / "last.pt").exists()


def generator_options(place: Path) -> GenerateOptions:
    return GenerateOptions(adapters_dir=place / "adapters")


class Stop:
    """Cancels before the step with this number."""

    def __init__(self, step: int) -> None:
        self.step = step

    def __call__(self, stage: str, fraction: float) -> None:
        if stage == "learn" and fraction >= self.step / PLAN.steps:
            raise Cancelled


@pytest.mark.parametrize("model", list(ENGINES))
def test_an_interrupted_training_ends_like_one_that_was_not(place: Path, tmp_path: Path, model: str) -> None:
    plan = replace(PLAN, steps=12)
    trainer = LatentAdapterTrainer(engine(place, model))
    whole = trainer.train(pictures(), plan, tmp_path / "whole", on_progress=no_progress)
    with pytest.raises(Cancelled):
        trainer.train(pictures(), plan, tmp_path / "parts", on_progress=Stop(17))
    parts = trainer.train(pictures(), plan, tmp_path / "parts", on_progress=no_progress)
    assert parts.card == whole.card
    assert parts.path.read_bytes() == whole.path.read_bytes()


def test_a_state_of_another_training_is_not_gone_on_with(place: Path, tmp_path: Path) -> None:
    plan = replace(PLAN, steps=6)
    trainer = LatentAdapterTrainer(engine(place, "flux2-klein-4b"))
    fresh = trainer.train(pictures(), plan, tmp_path / "fresh", on_progress=no_progress)
    with pytest.raises(Cancelled):
        trainer.train(pictures()[:2], plan, tmp_path / "other", on_progress=Stop(20))
    again = trainer.train(pictures(), plan, tmp_path / "other", on_progress=no_progress)
    assert again.card.weights_sha256 == fresh.card.weights_sha256


def test_an_adapter_of_another_model_is_refused_and_nothing_is_switched(
    taught: tuple[LatentGenerator, U8, TrainedAdapter, str], place: Path
) -> None:
    generator, before, learned, _ = taught
    (other,) = set(ENGINES) - {generator.name}
    stranger = engine(place, other)
    shutil.copy(learned.path, place / "adapters" / "stranger.safetensors")
    for name, code in (("stranger", "other_model"), ("nobody", "missing")):
        with pytest.raises(EngineUnavailable) as caught:
            drawn(stranger, (name, 1.0))
        assert caught.value.code == f"generate.adapter_{code}"
    (place / "adapters" / "broken.safetensors").write_bytes(b"no head at all")
    with pytest.raises(EngineUnavailable) as caught:
        drawn(generator, ("broken", 1.0))
    assert caught.value.code == "generate.adapter_unreadable"
    for name in ("stranger", "broken"):
        (place / "adapters" / f"{name}.safetensors").unlink()
    assert np.array_equal(drawn(generator), before)


def cut_short(data: bytes, state: dict[str, Tensor], card: AdapterCard) -> bytes:
    return data[:-64]


def changed_by_hand(data: bytes, state: dict[str, Tensor], card: AdapterCard) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def with_one_missing(data: bytes, state: dict[str, Tensor], card: AdapterCard) -> bytes:
    rest = dict(list(state.items())[1:])
    return save(rest, head_of(replace(card, weights_sha256=weights_sha256(rest))))


def with_one_too_many(data: bytes, state: dict[str, Tensor], card: AdapterCard) -> bytes:
    more = {**state, "elsewhere.lora_A.weight": torch.zeros(2, 2)}
    return save(more, head_of(replace(card, weights_sha256=weights_sha256(more))))


def with_another_rank_in_its_head(data: bytes, state: dict[str, Tensor], card: AdapterCard) -> bytes:
    return save(state, head_of(replace(card, rank=card.rank + 1)))


def without_a_rank(data: bytes, state: dict[str, Tensor], card: AdapterCard) -> bytes:
    return save(state, head_of(replace(card, rank=0)))


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (cut_short, "can not be read"),
        (changed_by_hand, "holds other weights than its head names"),
        (with_one_missing, "is missing"),
        (with_one_too_many, "elsewhere.lora_A.weight has no place"),
        (with_another_rank_in_its_head, "and its place"),
        (without_a_rank, "its rank is 0"),
    ],
)
def test_a_file_that_somebody_put_there_is_drawn_with_only_if_it_is_whole(
    taught: tuple[LatentGenerator, U8, TrainedAdapter, str], place: Path, spoilt: Callable[..., bytes], said: str
) -> None:
    generator, before, learned, name = taught
    good = drawn(generator, (name, 1.0))
    path = place / "adapters" / "placed.safetensors"
    path.write_bytes(spoilt(learned.path.read_bytes(), load_file(learned.path), learned.card))
    with pytest.raises(EngineUnavailable, match=said) as caught:
        drawn(generator, ("placed", 1.0))
    assert caught.value.code == "generate.adapter_unreadable"
    path.unlink()
    assert np.array_equal(drawn(generator), before)
    assert np.array_equal(drawn(generator, (name, 1.0)), good)


def test_a_refused_file_leaves_no_trace_where_it_is_the_first(
    taught: tuple[LatentGenerator, U8, TrainedAdapter, str], place: Path
) -> None:
    generator, _, learned, _ = taught
    fresh = engine(place, generator.name)
    before = drawn(fresh)
    path = place / "adapters" / "first.safetensors"
    path.write_bytes(with_one_missing(b"", load_file(learned.path), learned.card))
    for _ in range(2):
        with pytest.raises(EngineUnavailable, match="is missing"):
            drawn(fresh, ("first", 1.0))
        assert np.array_equal(drawn(fresh), before)
    shutil.copy(learned.path, path)
    assert not np.array_equal(drawn(fresh, ("first", 1.0)), before)
    path.unlink()


@pytest.mark.parametrize("names", [(("../mug", 1.0),), (("mug", 0.0),), (("mug", 1.0), ("mug", 0.5))])
def test_names_and_weights_are_checked_before_any_work(place: Path, names: tuple[tuple[str, float], ...]) -> None:
    with pytest.raises(InputRejected) as caught:
        drawn(engine(place, "flux2-klein-4b"), *names)
    assert caught.value.code == "generate.bad_adapter"


def test_what_can_not_be_learned_is_refused_before_any_work(place: Path, tmp_path: Path) -> None:
    trainer = LatentAdapterTrainer(engine(place, "flux2-klein-4b"))
    blank = AdapterPicture(np.zeros((32, 32, 3), np.uint8), "  ")
    for given, plan, code in (
        ([], PLAN, "adapter_pictures"),
        ([blank], PLAN, "adapter_pictures"),
        (pictures(), replace(PLAN, size_px=40), "adapter_plan"),
        (pictures(), replace(PLAN, steps=0), "adapter_plan"),
    ):
        with pytest.raises(InputRejected) as caught:
            trainer.train(given, plan, tmp_path, on_progress=no_progress)
        assert caught.value.code == f"generate.{code}"
    turbo = sefi_engine(small("sefi-1b-turbo"), GenerateOptions(weights_dir=place / "weights"))
    with pytest.raises(InputRejected) as caught:
        LatentAdapterTrainer(turbo).train(pictures(), PLAN, tmp_path, on_progress=no_progress)
    assert caught.value.code == "generate.adapter_not_possible"
    assert list(tmp_path.iterdir()) == []


def test_without_an_encoder_of_meaning_sefi_does_not_learn(weights: Path, tmp_path: Path) -> None:
    options = GenerateOptions(weights_dir=weights, accepted_licences=NON_COMMERCIAL, device="cpu")
    trainer = LatentAdapterTrainer(sefi_engine(small("sefi-1b-base"), options))
    with pytest.raises(EngineUnavailable) as caught:
        trainer.train(pictures(), PLAN, tmp_path / "run", on_progress=no_progress)
    assert caught.value.code == "generate.adapter_no_semantics"


def test_base_models_and_klein_learn_and_turbo_does_not() -> None:
    names = {card.name for card in models_that_learn()}
    assert {"sefi-1b-base", "sefi-5b-base", "flux2-klein-4b"} <= names
    assert not any("turbo" in name or "edit" in name for name in names)


def test_gradient_checkpointing_changes_memory_not_weights(place: Path, tmp_path: Path) -> None:
    trainer = LatentAdapterTrainer(engine(place, "sefi-1b-base"))
    plain, spared = (
        trainer.train(
            pictures(),
            replace(PLAN, steps=3, checkpointing=checkpointing),
            tmp_path / str(checkpointing),
            on_progress=no_progress,
        )
        for checkpointing in (False, True)
    )
    with safe_open(plain.path, "pt") as one, safe_open(spared.path, "pt") as other:
        for key in one.keys():  # noqa: SIM118 - not a dictionary
            assert torch.allclose(one.get_tensor(key), other.get_tensor(key), atol=1e-5)
