"""The list of sets is cheap enough for a web page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from inference.pipelines.catalogue import list_sets


def test_sets_are_read_with_their_titles_and_materials(sets_dir: Path) -> None:
    by_name = {item.name: item for item in list_sets(sets_dir)}
    assert sorted(by_name) == ["glossy", "pillar", "raised", "synthetic", "uniform", "warm"]
    found = by_name["synthetic"]
    assert (found.version, found.family) == ("1", "test")
    assert found.titles["zh-hans"] == "合成"
    assert [(item.name, item.default_hex, item.recolourable) for item in found.materials] == [
        ("wall", "#e6e0d8", True),
        ("table", "#d8c4aa", True),
    ]


def test_listing_sets_loads_nothing_heavy() -> None:
    heavy = ["numba", "cv2", "numpy", "skimage", "PIL", "torch", "onnxruntime", "rembg"]
    program = (
        "import sys; from inference.pipelines.catalogue import list_sets; list_sets(); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
