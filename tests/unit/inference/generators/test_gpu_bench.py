"""What `make bench-gpu` does without a GPU: every kind of model is measured, the plain loop first."""

from __future__ import annotations

import torch

from tests.bench.gpu.__main__ import figures, tiny


def test_each_tiny_case_gives_the_plain_figure_and_then_ours() -> None:
    cases = tiny()
    assert {case.is_eight_bit for case in cases} == {False, True}
    for case in cases:
        plain, *ours = figures(case, torch.device("cpu"), compiled=False)
        assert plain["name"] == f"{case.name}.plain"
        assert [line["batch"] for line in ours] == list(case.batches)
        assert all(line["value"] > 0 and line["speedup"] > 0 and line["step_ms"] > 0 for line in ours)
