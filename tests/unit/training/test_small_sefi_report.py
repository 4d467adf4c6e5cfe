"""The report of the small SeFi: a table and a sheet a control, wherever they are to lie."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from inference.training.small_sefi import report as reporting
from inference.training.small_sefi.report import Trial
from inference.training.small_sefi.trials import Row


def rows(_artist: Any, count: int, _seed: int) -> list[Row]:
    return [
        Row(condition, key, {"share": 0.25 * (1 + level)}, np.full((8, 8, 3), 100 * (1 + level), np.uint8))
        for level, condition in enumerate(("none", "with it"))
        for key in range(count)
    ]


def test_tables_and_sheets_are_written_into_a_folder_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = tuple(Trial(name, name.title(), "What it is.", reporting.at_once(rows)) for name in ("first", "second"))
    monkeypatch.setattr(reporting, "TRIALS", trials)
    monkeypatch.setattr(reporting.trials, "rulers", lambda count, *_: rows(None, count, 0)[:count])
    out = tmp_path / "not" / "there yet" / "report.md"
    artist: Any = SimpleNamespace(side_px=8, steps=2, weights_sha256="")
    reporting.report(artist, out, 3, ["second"])
    text = out.read_text()
    assert "## Second" in text
    assert "## First" not in text
    assert "| with it | 0.50 (+0.25 [+0.25, +0.25]) |" in text
    sheet = cv2.imread(str(out.with_name("report-second.png")))
    assert sheet is not None
    assert sheet.shape == (16, 24, 3)
    assert [int(sheet[4, 4, 0]), int(sheet[12, 4, 0])] == [100, 200]
