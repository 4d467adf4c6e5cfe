"""Rows of a long trial, kept key by key, so that a report that was stopped goes on where it was."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from inference.training.small_sefi.trials import Row
from inference.types import U8


class Journal:
    """The rows of one trial in a folder, a file a key.

    Args:
        folder: is made when the first rows come.
        about: what the rows depend on (steps, seed, weights, …), JSON values; rows of anything else are made anew.
    """

    def __init__(self, folder: Path, about: Mapping[str, Any]) -> None:
        self._folder, self._about = folder, json.loads(json.dumps(about))

    def rows(self, key: int, make: Callable[[], list[Row]]) -> list[Row]:
        """What was kept for ``key``, or what ``make`` gives, kept from now on."""
        path = self._folder / f"{key:04d}.json"
        kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if kept.get("about") == self._about:
            return [Row(one["condition"], key, one["figures"], _read(one["png"])) for one in kept["rows"]]
        made = make()
        rows = [{"condition": row.condition, "figures": dict(row.figures), "png": _written(row.rgb)} for row in made]
        self._folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps({"about": self._about, "rows": rows}), encoding="utf-8")
        part.replace(path)
        return made


def _written(rgb: U8) -> str:
    return base64.b64encode(cv2.imencode(".png", rgb[..., ::-1])[1].tobytes()).decode()


def _read(png: str) -> U8:
    found = cv2.imdecode(np.frombuffer(base64.b64decode(png), np.uint8), cv2.IMREAD_COLOR)
    if found is None:
        raise ValueError("a kept picture can not be read; delete the journal's folder")
    return np.ascontiguousarray(found[..., ::-1])
