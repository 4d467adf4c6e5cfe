"""Adapters of a worker: fetched once, kept within a limit, never taken away from somebody who is about to draw."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from apps.jobs import adapters
from apps.jobs.adapters import AdapterCache


def grow_old(cache: Path, name: str, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(cache / f"{name}.safetensors", (moment, moment))


def names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.iterdir())


def test_it_is_fetched_once_and_readable_by_its_hash(tmp_path: Path) -> None:
    fetched: list[int] = []

    def read() -> bytes:
        fetched.append(1)
        return b"weights"

    cache = AdapterCache(tmp_path / "new", most_bytes=100)
    assert cache.ensure("abc", read) == cache.ensure("abc", read)
    assert (tmp_path / "new" / "abc.safetensors").read_bytes() == b"weights"
    assert fetched == [1]
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_what_was_not_asked_for_the_longest_leaves_first(tmp_path: Path) -> None:
    cache = AdapterCache(tmp_path, most_bytes=25)
    for age, name in enumerate(("newest", "middle", "oldest"), start=1):
        cache.ensure(name, lambda: b"0123456789")
        grow_old(tmp_path, name, adapters.KEPT_S * 2 * age)
    cache.ensure("fresh", lambda: b"0123456789")
    assert names(tmp_path) == ["fresh", "newest"]


def test_what_was_asked_for_lately_stays_however_full_it_is(tmp_path: Path) -> None:
    cache = AdapterCache(tmp_path, most_bytes=5)
    for name in ("one", "two"):
        cache.ensure(name, lambda: b"0123456789")
    assert names(tmp_path) == ["one", "two"]
    grow_old(tmp_path, "one", adapters.KEPT_S + 60)
    cache.ensure("one", pytest.fail)  # asked for again, so it is young again
    cache.ensure("three", lambda: b"0123456789")
    assert names(tmp_path) == ["one", "three", "two"]


def test_a_fetch_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def away() -> bytes:
        raise OSError("the storage does not answer")

    with pytest.raises(OSError, match="does not answer"):
        AdapterCache(tmp_path, most_bytes=100).ensure("abc", away)
    assert names(tmp_path) == []
