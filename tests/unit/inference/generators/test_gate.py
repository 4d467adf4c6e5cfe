"""Before anything is loaded: licence, foreign code, packages, weights, memory; each refusal names the next step."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from inference.engines.diffusion import gate, memory
from inference.errors import EngineUnavailable
from inference.generation import GenerateOptions
from inference.models import model_card, model_cards
from inference.registry import generator, generator_status
from tests.unit.inference.generators.conftest import fetched, small

REVISION = "0123456789abcdef0123456789abcdef01234567"


def code_of(name: str, options: GenerateOptions) -> str:
    found = gate.obstacle(model_card(name), options)
    return "" if found is None else found.code


CODE = "class DeepGenPipeline: ..."


def test_non_commercial_weights_start_only_when_the_operator_accepted(options: GenerateOptions) -> None:
    nobody_accepted = replace(options, accepted_licences=frozenset())
    status = generator_status("sefi-1b-turbo", nobody_accepted)
    assert not status.available
    assert "CC-BY-NC-4.0" in status.reason
    assert "settings" in status.next_step
    with pytest.raises(EngineUnavailable) as caught:
        generator("sefi-1b-turbo", nobody_accepted)
    assert caught.value.code == "generate.licence_not_accepted"
    assert generator_status("sefi-1b-turbo", options).available


def test_commercial_weights_need_no_acceptance(options: GenerateOptions) -> None:
    assert generator_status("flux2-klein-4b", replace(options, accepted_licences=frozenset())).available


def test_accepting_another_licence_is_not_enough(options: GenerateOptions) -> None:
    other = replace(options, accepted_licences=frozenset({"CC-BY-NC-SA-4.0"}))
    assert code_of("sefi-1b-turbo", other) == "generate.licence_not_accepted"


def test_missing_weights_say_what_to_fetch(options: GenerateOptions, tmp_path: Path) -> None:
    found = gate.obstacle(model_card("sefi-5b-rl"), options)
    assert found is not None
    assert found.code == "generate.weights_missing"
    assert "hf download SeFi-Image/SeFi-Image-5B-RL-diffusers" in found.next_step
    assert code_of("flux2-klein-4b", replace(options, weights_dir=None)) == "generate.weights_missing"


def test_missing_packages_say_what_to_install(options: GenerateOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "find_spec", lambda name: None if name == "diffusers" else object())
    found = gate.obstacle(model_card("flux2-klein-4b"), options)
    assert found is not None
    assert found.code == "generate.packages_missing"
    assert "diffusers" in found.reason
    assert "bootstrap base generate" in found.next_step


def test_foreign_code_is_off_until_its_revision_is_pinned(tmp_path: Path) -> None:
    options = GenerateOptions(weights_dir=tmp_path)
    assert code_of("deepgen-1", options) == "generate.remote_code_off"
    fetched(tmp_path / "deepgen-1", REVISION, CODE)
    assert code_of("deepgen-1", options) == "generate.remote_code_off"
    assert code_of("deepgen-1", replace(options, pinned_code=(("deepgen-1", REVISION),))) == ""


def test_code_of_another_revision_than_the_pinned_one_does_not_run(tmp_path: Path) -> None:
    fetched(tmp_path / "deepgen-1", REVISION[::-1], CODE)
    pinned = GenerateOptions(weights_dir=tmp_path, pinned_code=(("deepgen-1", REVISION),))
    assert code_of("deepgen-1", pinned) == "generate.other_revision"


def test_pinned_weights_are_the_only_ones_that_run(tmp_path: Path) -> None:
    name = "flux2-klein-4b"
    pinned = GenerateOptions(weights_dir=tmp_path, pinned_code=((name, REVISION),))
    found = gate.obstacle(model_card(name), pinned)
    assert found is not None
    assert found.next_step.endswith(
        f"hf download black-forest-labs/FLUX.2-klein-4B --revision {REVISION} --local-dir {tmp_path / name}"
    )
    fetched(tmp_path / name, REVISION[::-1])
    assert code_of(name, replace(pinned, pinned_code=())) == ""
    assert code_of(name, pinned) == "generate.other_revision"
    fetched(tmp_path / name, REVISION)
    assert code_of(name, pinned) == ""


def test_the_advised_command_names_the_commit_that_is_known_and_none_where_none_is(tmp_path: Path) -> None:
    options = GenerateOptions(weights_dir=tmp_path, accepted_licences=frozenset({"CC-BY-NC-4.0"}))
    steps = {card.name: gate.obstacle(card, options) for card in model_cards() if not card.needs_remote_code}
    for name, found in steps.items():
        assert found is not None
        card = model_card(name)
        assert (f"--revision {card.revision}" in found.next_step) == bool(card.revision)
    assert {model_card(name).revision for name in steps if name.startswith("sefi")} == {""}
    assert model_card("flux2-klein-4b").revision


def test_what_was_loaded_is_told_from_what_lies_there_and_never_from_what_is_advised(tmp_path: Path) -> None:
    card, options = model_card("flux2-klein-4b"), GenerateOptions(weights_dir=tmp_path)
    folder = tmp_path / card.name
    assert gate.revision_of(card, options) == ""
    (folder / "vae").mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    (folder / "vae" / "config.json").write_text('{"width": 8}')
    (folder / "vae" / "weights.safetensors").write_bytes(bytes(64))
    by_hand = gate.revision_of(card, options)
    assert by_hand.startswith("files:")
    assert len(by_hand) == len("files:") + 24
    (folder / "vae" / "config.json").write_text('{"width": 9}')
    os.utime(folder / "model_index.json", ns=(1, 1))
    assert gate.revision_of(card, options) not in ("", by_hand, card.revision)
    fetched(folder, REVISION)
    assert gate.revision_of(card, options) == REVISION


def test_a_link_into_the_cache_of_the_hub_has_the_commit_of_its_snapshot(tmp_path: Path) -> None:
    snapshot = tmp_path / "hub" / "models--a--b" / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    (snapshot / "model_index.json").write_text("{}")
    (tmp_path / "flux2-klein-4b").symlink_to(snapshot)
    assert gate.revision_of(model_card("flux2-klein-4b"), GenerateOptions(weights_dir=tmp_path)) == REVISION


def test_the_code_itself_has_to_be_what_was_pinned(tmp_path: Path) -> None:
    """Not only its neighbours: a file that was edited, or is of another commit, or that nobody noted, does not run."""
    folder = tmp_path / "deepgen-1"
    fetched(folder, REVISION, CODE)

    def found(pin: str = REVISION) -> str:
        obstacle = gate.obstacle(model_card("deepgen-1"), GenerateOptions(tmp_path, pinned_code=(("deepgen-1", pin),)))
        if obstacle is None:
            return ""
        assert obstacle.code == "generate.other_revision"
        assert f"--revision {REVISION}" in obstacle.next_step
        return obstacle.reason

    digest = hashlib.sha256(CODE.encode()).hexdigest()
    assert (found(), found(f"{REVISION}:{digest}")) == ("", "")
    assert "SHA-256" in found(f"{REVISION}:{digest[::-1]}")
    (folder / "deepgen_pipeline.py").write_text(CODE + "  # and more")
    assert "was changed since" in found()
    fetched(folder, REVISION[::-1], CODE, only_code=True)
    assert f"of revision {REVISION[::-1]}" in found()
    fetched(folder, REVISION, CODE)
    (folder / "helper.py").write_text("")
    assert "helper.py is of revision unknown" in found()


def test_code_in_the_cache_of_the_hub_has_the_content_that_its_name_says(tmp_path: Path) -> None:
    """There files are links to what is named by the id of its content, in a folder named after the commit."""
    hub = tmp_path / "hub" / "models--a--b"
    snapshot, content = hub / "snapshots" / REVISION, hashlib.sha1(f"blob {len(CODE)}\0{CODE}".encode()).hexdigest()
    for folder in (snapshot, hub / "blobs"):
        folder.mkdir(parents=True)
    (snapshot / "model_index.json").write_text("{}")
    (hub / "blobs" / content).write_text(CODE)
    (snapshot / "deepgen_pipeline.py").symlink_to(hub / "blobs" / content)
    (tmp_path / "deepgen-1").symlink_to(snapshot)
    pinned = GenerateOptions(weights_dir=tmp_path, pinned_code=(("deepgen-1", REVISION),))
    assert code_of("deepgen-1", pinned) == ""
    (hub / "blobs" / content).write_text(CODE + "  # and more")
    assert code_of("deepgen-1", pinned) == "generate.other_revision"


def test_a_package_that_only_one_model_needs_is_asked_for_by_that_one(
    tmp_path: Path, options: GenerateOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "find_spec", lambda name: None if name == "einops" else object())
    fetched(tmp_path / "deepgen-1", REVISION, CODE)
    found = gate.obstacle(model_card("deepgen-1"), GenerateOptions(tmp_path, pinned_code=(("deepgen-1", REVISION),)))
    assert found is not None
    assert (found.code, "einops" in found.reason) == ("generate.packages_missing", True)
    assert code_of("flux2-klein-4b", options) == ""


def test_too_little_memory_is_refused_before_loading(options: GenerateOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    from inference.engines.sefi.engine import sefi_engine

    monkeypatch.setattr(memory, "free_bytes", lambda device: 1000)
    engine = sefi_engine(small("sefi-1b-turbo"), options)
    monkeypatch.setattr(engine, "_load", pytest.fail)
    with pytest.raises(EngineUnavailable, match="smaller model") as caught:
        engine.warm()
    assert caught.value.code == "generate.too_little_memory"


def test_memory_is_counted_from_the_files(weights: Path) -> None:
    folder = weights / "sefi-1b-turbo"
    on_disk = sum(path.stat().st_size for path in folder.rglob("*.safetensors"))
    assert 0.9 * on_disk < memory.weight_bytes(folder, 4) <= on_disk
    assert memory.weight_bytes(folder, 2) * 2 == memory.weight_bytes(folder, 4)
    assert memory.free_bytes(torch.device("cpu")) > 10**8


def test_asking_imports_nothing_heavy(weights: Path) -> None:
    """The web process lists models; it must not pay for torch."""
    program = (
        "import sys; from pathlib import Path; from inference.pipelines.generate import models; "
        "from inference.generation import GenerateOptions; "
        f"states = models(GenerateOptions(weights_dir=Path({str(weights)!r}))); "
        "assert states[0].status.available, states[0]; "
        "print(sorted({'torch', 'diffusers', 'transformers'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
