from __future__ import annotations

import importlib.util

import pytest

from apps.assets.formats import EXTENSIONS, detect, picker_types
from apps.assets.naming import clean_name, corrected_name, download_name
from apps.core.errors import InvalidInput
from tests.unit.assets import pictures as made
from tests.unit.assets.bad_files import heic


@pytest.mark.parametrize("file_format", [name for name in EXTENSIONS if name != "HEIF"])
def test_each_format_is_known_by_its_first_bytes(file_format: str) -> None:
    assert detect(made.saved(made.gradient(), file_format)[:1024]) == file_format


def test_heic_is_taken_where_its_extra_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InvalidInput) as refused:
        detect(heic())
    assert refused.value.code == "assets.heic"
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if name == "pillow_heif" else None)
    assert detect(heic()) == "HEIF"


def test_a_picker_offers_heic_only_where_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert {"image/jpeg", ".jpg", ".tiff", ".bmp"} <= set(picker_types())
    assert "heic" not in " ".join(picker_types())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert ".heic" in picker_types()


@pytest.mark.parametrize("head", [b"BM", b"BM" + b"\0" * 40, b"RIFF\0\0\0\0WEB", b"\xff\xd8", b"\x89PNG\r\n", b"II*"])
def test_half_a_mark_is_no_mark(head: bytes) -> None:
    with pytest.raises(InvalidInput):
        detect(head)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("", "photo"),
        (".jpg", "jpg"),
        ("  .  ", "photo"),
        ("a\0b\x1b[31m.png", "ab[31m.png"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("x" * 400 + ".jpeg", "x" * 150 + ".jpeg"),
        ("folder/../boot.png", "boot.png"),
        ("nai\u0308ve.png", "na\u00efve.png"),
    ],
)
def test_a_name_is_the_last_part_without_tricks(sent: str, kept: str) -> None:
    assert clean_name(sent) == kept


def test_names_follow_what_the_file_is() -> None:
    assert corrected_name("boot.tif", "TIFF") == "boot.tif"
    assert corrected_name("boot.png", "TIFF") == "boot.tif"
    assert corrected_name("SKU 12.5", "JPEG") == "SKU 12.5.jpg"
    assert download_name("boot.tif", "image/webp") == "boot.webp"
    assert download_name("SKU 12.5", "image/png") == "SKU 12.5.png"
