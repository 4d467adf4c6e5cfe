"""What becomes of bad pictures: one sentence each, and never a crash of ours."""

from __future__ import annotations

import resource

import pytest

from apps.assets import decoding
from apps.core.errors import InvalidInput, Unavailable
from apps.core.sentences import SENTENCES
from tests.unit.assets import pictures as made
from tests.unit.assets.bad_files import BAD, HTML
from tests.unit.assets.conftest import TakeIn, opened


@pytest.mark.parametrize("name", BAD)
def test_each_bad_file_gets_its_sentence_or_becomes_harmless(take: TakeIn, name: str) -> None:
    build, code = BAD[name]
    data = build()
    if code is not None:
        with pytest.raises(InvalidInput) as refused:
            take(data)
        assert refused.value.code == code
        assert str(SENTENCES[code]) % refused.value.params
        return
    clean = take(data).clean.data
    assert set(made.chunks_of(clean)) in ({b"IHDR", b"IDAT", b"IEND"}, {b"VP8L"})
    for forbidden in (HTML, b"PK\x03\x04", b"<?php", b"MZ\x90", b"%PDF"):
        assert forbidden not in clean


def test_no_decoder_ever_took_more_than_its_memory() -> None:
    """Linux counts the largest process that this one has waited for; the files above ran in such processes."""
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2 * 1024 * 1024


def test_every_refusal_ends_with_a_next_step() -> None:
    codes = {code for _, code in BAD.values() if code} | {"assets.too_big", "assets.too_complex", "assets.heic"}
    for code in codes:
        sentences = [part for part in str(SENTENCES[code]).replace("%(", "(").split(". ") if part]
        assert len(sentences) >= 2 or ";" in str(SENTENCES[code]), code


def test_the_name_of_a_file_proves_nothing(take: TakeIn) -> None:
    """Ingest never sees the name: a GIF stays a GIF whatever it is called."""
    with pytest.raises(InvalidInput) as refused:
        take(made.saved(made.gradient(), "GIF"))
    assert refused.value.code == "assets.gif"


def test_a_file_above_the_limit_is_not_even_opened(settings: object, tmp_path: object) -> None:
    class Untouchable:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

    with pytest.raises(InvalidInput) as refused:
        decoding.take_in(Untouchable(), size_bytes=10**9, specs=())  # type: ignore[arg-type]
    assert refused.value.code == "assets.too_big"
    assert refused.value.params == {"limit_mb": 60}


def test_a_decoder_that_hangs_is_killed(take: TakeIn, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(decoding, "WALL_S", 0.3)
    monkeypatch.setattr(decoding, "SCRIPT", _script(tmp_path, "import time; time.sleep(60)"))
    with pytest.raises(Unavailable) as refused:
        take(made.saved(made.gradient(), "PNG"))
    assert refused.value.code == "assets.busy"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("import os; os.kill(os.getpid(), 11)", "assets.too_complex"),
        ("import resource as r; r.setrlimit(r.RLIMIT_CPU, (1, 1))\nwhile True: pass", "assets.too_complex"),
        ("raise MemoryError", "assets.too_complex"),
        ("raise ValueError('no such marker')", "assets.damaged"),
        ('import sys; sys.stderr.write(\'{"files": [{"name": "clean", "size": 5, "width": 9, "height": 9}]}\')', None),
        ("import sys; sys.stderr.write('{\"files\": []}')", None),
    ],
)
def test_a_decoder_that_breaks_or_lies_harms_nobody(
    take: TakeIn, monkeypatch: pytest.MonkeyPatch, tmp_path: object, body: str, code: str | None
) -> None:
    monkeypatch.setattr(decoding, "SCRIPT", _script(tmp_path, body))
    with pytest.raises(InvalidInput) as refused:
        take(made.saved(made.gradient(), "PNG"))
    assert refused.value.code == (code or "assets.damaged")


def test_the_decoder_has_no_environment_and_no_open_files(
    take: TakeIn, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    told = tmp_path / "told"  # type: ignore[operator]
    body = f"import os; open({str(told)!r}, 'w').write(repr((dict(os.environ), os.listdir('/proc/self/fd'))))"
    monkeypatch.setattr(decoding, "SCRIPT", _script(tmp_path, body))
    monkeypatch.setenv("SECRET_KEY", "must not travel")
    with pytest.raises(ValueError, match="Expecting value"):
        take(made.saved(made.gradient(), "PNG"))
    environment, descriptors = eval(told.read_text())
    assert "SECRET_KEY" not in environment
    assert not {name for name in environment if name not in ("LC_CTYPE",)}
    assert len(descriptors) <= 5  # three streams, the note and the listing itself


def test_no_room_for_the_result_is_our_fault_and_not_the_file_s(
    take: TakeIn, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(decoding, "SCRIPT", _script(tmp_path, "import os; os._exit(75)"))
    with pytest.raises(Unavailable) as refused:
        take(made.saved(made.gradient(), "PNG"))
    assert refused.value.code == "assets.storage_full"
    assert refused.value.retryable


def test_when_every_decoder_is_busy_it_says_so(take: TakeIn, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    taken = threading.BoundedSemaphore(1)
    taken.acquire()
    monkeypatch.setattr(decoding, "_turns", taken)
    monkeypatch.setattr(decoding, "TURN_S", 0.05)
    with pytest.raises(Unavailable) as refused:
        take(made.saved(made.gradient(), "PNG"))
    assert refused.value.code == "assets.busy"
    taken.release()
    assert opened(take(made.saved(made.gradient(), "PNG"))).size == made.SIZE


def _script(folder: object, body: str) -> object:
    path = folder / "script.py"  # type: ignore[operator]
    path.write_text(body)
    return path
