"""Which devices `make gpu-worker` draws on, and what it says where it can not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local import gpu
from infra.local.errors import SetupError


def listing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lines: str) -> None:
    """A machine whose nvidia-smi prints this."""
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{lines}\nEND\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


def test_every_gpu_that_is_listed_gets_a_worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    listing(monkeypatch, tmp_path, "GPU 0: NVIDIA H100 (UUID: GPU-1)\nGPU 1: NVIDIA H100 (UUID: GPU-2)")
    assert gpu.devices({}) == [0, 1]


def test_a_machine_without_one_draws_on_the_processor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu.devices({}) == []
    listing(monkeypatch, tmp_path, "No devices were found")
    assert gpu.devices({}) == []


def test_named_devices_win() -> None:
    assert gpu.devices({"CUDA_VISIBLE_DEVICES": "2, 0"}) == [2, 0]
    assert gpu.devices({"CUDA_VISIBLE_DEVICES": ""}) == []
    with pytest.raises(SetupError, match="numbers separated by commas"):
        gpu.devices({"CUDA_VISIBLE_DEVICES": "all"})


def test_slots_are_as_many_as_a_pass_holds() -> None:
    assert gpu.slots_of({}) == 8
    assert gpu.slots_of({"GENERATOR_MAX_BATCH": "4"}) == 4
    assert gpu.slots_of({"GENERATOR_MAX_BATCH": "4", "GENERATOR_SLOTS": "6"}) == 6
    with pytest.raises(SetupError, match="GENERATOR_SLOTS"):
        gpu.slots_of({"GENERATOR_SLOTS": "many"})


def test_it_belongs_to_a_visualforge_that_has_run(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="make run"):
        gpu.settings_of({"VISUALFORGE_DATA_DIR": str(tmp_path)})
    env = gpu.settings_of({"VISUALFORGE_DATA_DIR": str(tmp_path), "DATABASE_URL": "postgresql://here/db"})
    assert env["DJANGO_SETTINGS_MODULE"] == "apps.config.settings.embedded"
