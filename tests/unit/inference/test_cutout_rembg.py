"""The rembg engine with a real, tiny ONNX network written here byte by byte: no weights are fetched."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inference.engines import rembg
from inference.engines.rembg import MODELS, Model, RembgEngine
from inference.errors import EngineFailed, EngineUnavailable, InputRejected
from inference.pipelines.cutout import cut_out, fetch_weights, warm
from inference.ports import CutoutOptions
from inference.types import Box, no_progress
from tests.bench.drawn_photos import draw


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def block(field: int, content: bytes | str) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def tensor_info(name: str, channels: int) -> bytes:
    sides = b"".join(block(1, number(1, size)) for size in (1, channels, 320, 320))
    return block(1, name) + block(2, block(1, number(1, 1) + block(2, sides)))


def tiny_network() -> bytes:
    """ModelProto: one ReduceMean over channels, so that bright means product. IR version 8, opset 13."""
    axes = block(5, block(1, "axes") + number(8, 1) + number(20, 7))
    node = block(1, "input") + block(2, "output") + block(4, "ReduceMean") + axes
    graph = (
        block(1, node) + block(2, "bright") + block(11, tensor_info("input", 3)) + block(12, tensor_info("output", 1))
    )
    return number(1, 8) + block(7, graph) + block(8, number(2, 13))


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CutoutOptions:
    content = tiny_network()
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    (tmp_path / "u2netp.onnx").write_bytes(content)
    monkeypatch.setitem(rembg.MODELS, "u2netp", Model("u2netp.onnx", digest, "Apache-2.0"))
    return CutoutOptions(model="u2netp", weights_dir=tmp_path)


def bright_square() -> np.ndarray:
    photo = np.full((240, 240, 3), 20, np.uint8)
    photo[60:180, 60:180] = 240
    return photo


def test_it_cuts_out_what_the_network_sees(weights: CutoutOptions) -> None:
    result = RembgEngine(weights).cut(bright_square(), box=None, on_progress=no_progress)
    truth = np.zeros((240, 240), bool)
    truth[60:180, 60:180] = True
    ours = result.alpha > 127
    assert result.engine == "rembg"
    assert np.count_nonzero(ours & truth) / np.count_nonzero(ours | truth) >= 0.97
    assert not result.alpha[:40].any()


def test_nothing_outside_the_box_is_kept(weights: CutoutOptions) -> None:
    result = RembgEngine(weights).cut(bright_square(), box=Box(40, 40, 160, 80), on_progress=no_progress)
    assert result.alpha[70:110, 70:170].min() == 255
    assert not result.alpha[140:].any()


def test_a_flat_photo_holds_no_product(weights: CutoutOptions) -> None:
    photo = np.full((64, 64, 3), 90, np.uint8)
    with pytest.raises(InputRejected) as caught:
        RembgEngine(weights).cut(photo, box=None, on_progress=no_progress)
    assert caught.value.code == "cutout.nothing_found"


def test_it_refuses_weights_with_another_checksum(weights: CutoutOptions, tmp_path: Path) -> None:
    path = tmp_path / "u2netp.onnx"
    path.write_bytes(path.read_bytes() + b"\0")
    engine = RembgEngine(weights)
    assert engine.status().available
    with pytest.raises(EngineUnavailable, match="MD5") as caught:
        engine.warm()
    assert caught.value.code == "cutout.weights_corrupt"


def test_a_file_that_is_no_network_is_a_failure_of_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"not a network"
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    (tmp_path / "u2netp.onnx").write_bytes(content)
    monkeypatch.setitem(rembg.MODELS, "u2netp", Model("u2netp.onnx", digest, "Apache-2.0"))
    with pytest.raises(EngineFailed, match="can not load"):
        RembgEngine(CutoutOptions(model="u2netp", weights_dir=tmp_path)).warm()


def test_missing_weights_say_where_to_get_them(tmp_path: Path) -> None:
    status = RembgEngine(CutoutOptions(weights_dir=tmp_path)).status()
    assert not status.available
    assert "downloads are off" in status.reason
    assert status.next_step.startswith("fetch https://")
    assert str(tmp_path / "isnet-general-use.onnx") in status.next_step


def test_without_a_weights_folder_it_is_not_available() -> None:
    assert not RembgEngine(CutoutOptions()).status().available


def test_a_failed_download_is_not_tried_again_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def offline(address: str, path: Path) -> None:
        tries.append(address)
        path.write_bytes(b"half a fi")
        raise OSError("connection lost")

    monkeypatch.setattr(rembg, "_fetch", offline)
    engine = RembgEngine(CutoutOptions(model="u2net", weights_dir=tmp_path, allow_download=True))
    assert engine.status().available
    for _ in range(2):
        with pytest.raises(EngineUnavailable):
            engine.warm()
    assert tries == ["https://github.com/danielgatis/rembg/releases/download/v0.0.0/u2net.onnx"]
    assert not engine.status().available
    assert list(tmp_path.iterdir()) == []


def test_a_download_with_a_wrong_checksum_is_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rembg, "_fetch", lambda address, path: path.write_bytes(b"something else"))
    with pytest.raises(EngineUnavailable, match="checksum"):
        RembgEngine(CutoutOptions(weights_dir=tmp_path, allow_download=True)).warm()
    assert list(tmp_path.iterdir()) == []


def test_a_verified_download_is_kept_and_used(
    weights: CutoutOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "fresh"
    content = (tmp_path / "u2netp.onnx").read_bytes()
    monkeypatch.setattr(rembg, "_fetch", lambda address, path: path.write_bytes(content))
    RembgEngine(CutoutOptions(model="u2netp", weights_dir=folder, allow_download=True)).warm()
    assert [path.name for path in folder.iterdir()] == ["u2netp.onnx"]


@pytest.mark.parametrize("model", ["bria-rmbg", "sam", "../u2net", ""])
def test_it_refuses_models_that_may_not_be_sold_with(model: str) -> None:
    with pytest.raises(InputRejected) as caught:
        RembgEngine(CutoutOptions(model=model))
    assert caught.value.code == "cutout.model_not_allowed"


def test_every_listed_model_is_known_to_rembg_with_the_same_checksum() -> None:
    import inspect

    from rembg.sessions import sessions_class

    known = {session.name(): inspect.getsource(session.download_models) for session in sessions_class}
    for name, model in MODELS.items():
        assert model.md5 in known[name]
        assert model.file in known[name]


def test_asking_for_the_status_imports_nothing_heavy() -> None:
    code = (
        "import sys; from inference.registry import cutout_engine; from inference.ports import CutoutOptions;"
        "cutout_engine('rembg', CutoutOptions()).status();"
        "print(sorted({'rembg', 'onnxruntime', 'numba', 'pymatting'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_a_broken_network_hands_over_to_the_built_in_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"not a network"
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    (tmp_path / "u2netp.onnx").write_bytes(content)
    monkeypatch.setitem(rembg.MODELS, "u2netp", Model("u2netp.onnx", digest, "Apache-2.0"))
    options = CutoutOptions(model="u2netp", weights_dir=tmp_path)
    photo = draw("bottle", "wood", side_px=200)

    result = cut_out(photo.rgb, box=Box(*photo.box()), options=options)

    assert result.engine == "guided"
    assert "fallback_engine" in result.warnings
    assert warm(options) == "guided"


def test_weights_can_be_fetched_ahead_of_the_first_photo(
    weights: CutoutOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (tmp_path / "u2netp.onnx").read_bytes()
    monkeypatch.setattr(rembg, "_fetch", lambda address, path: path.write_bytes(content))
    folder = tmp_path / "ahead"

    path = fetch_weights(CutoutOptions(model="u2netp", weights_dir=folder, allow_download=True))

    assert path == folder / "u2netp.onnx"
    assert path.read_bytes() == content
