"""What `make bench-gpu` does without a GPU: every kind of model is measured, the plain loop first."""

from __future__ import annotations

import json
import sys

import pytest
import torch

from tests.bench.gpu.__main__ import figures, main, published, tiny

CPU = torch.device("cpu")


def test_the_goals_models_sizes_and_modes_are_all_there() -> None:
    cases = {case.name: case for case in published(CPU)}
    sizes = {f"gpu.sefi-{size}-turbo.{side}" for size in ("1b", "2b", "5b") for side in (512, 1024)}
    klein = {"gpu.flux2-klein-4b.512", "gpu.flux2-klein-4b.1024"}
    short = {"gpu.sefi-1b-turbo.512.float8", "gpu.sefi-5b-turbo.1024.float8"}
    assert cases.keys() == sizes | klein | short | {"gpu.sefi-5b-base.1024"}
    assert {cases[name].batches for name in sizes | klein | short} == {(1, 8)}


def test_each_tiny_case_gives_the_plain_figure_and_then_ours() -> None:
    names = (
        "gpu.sefi-1b-turbo.512",
        "gpu.sefi-1b-turbo.512.float8",
        "gpu.flux2-klein-4b.1024",
        "gpu.sefi-5b-base.1024",
    )
    cases = tiny(case for case in published(CPU) if case.name in names)
    assert len(cases) == len(names)
    for case in cases:
        plain, *ours = figures(case, CPU, compiled=False)
        assert plain["name"] == f"{case.name}.plain"
        assert [line["batch"] for line in ours] == list(case.batches)
        assert all(line["value"] > 0 and line["speedup"] > 0 and line["step_ms"] > 0 for line in ours)
        assert 0 < plain["at_s"] <= ours[-1]["at_s"]
        assert not any(line["compiled"] or line["recorded"] for line in ours)


def test_cases_that_differ_in_their_size_alone_are_tried_once() -> None:
    assert len(tiny(case for case in published(CPU) if case.name.startswith("gpu.flux2"))) == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="here is a GPU")
def test_without_a_gpu_the_command_says_so_and_marks_its_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench-gpu", "--only", "gpu.sefi-5b-turbo.1024.float8"])
    assert main() == 0
    said = capsys.readouterr()
    assert said.err.startswith("There is no GPU here")
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [line["name"] for line in lines] == [
        f"gpu.sefi-5b-turbo.64.float8.{way}" for way in ("plain", "ours.1", "ours.8")
    ]
    assert all(line["tiny"] and line["device"] == "cpu" and line["commit"] for line in lines)


def test_a_prefix_that_means_nothing_is_answered_with_the_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench-gpu", "--only", "gpu.sefi-3b"])
    assert main() == 1
    assert "gpu.flux2-klein-4b.1024" in capsys.readouterr().err
