"""Dates read as sentences need them, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import formats, translation


@pytest.mark.parametrize(
    ("language", "name", "written"),
    [
        ("en", "DATETIME_FORMAT", "8 Nov 2026, 14:05"),
        ("en", "SHORT_DATETIME_FORMAT", "8 Nov 2026, 14:05"),
        ("en", "DATE_FORMAT", "8 Nov 2026"),
        ("zh-hans", "DATETIME_FORMAT", "2026年11月8日 14:05"),
    ],
)
def test_dates_fit_into_sentences(language: str, name: str, written: str) -> None:
    with translation.override(language):
        assert formats.date_format(datetime(2026, 11, 8, 14, 5, tzinfo=UTC), name) == written
