from __future__ import annotations

import pytest

from apps.core.errors import InvalidInput
from apps.studio import offers


def test_a_ready_palette_is_known_by_its_key() -> None:
    assert offers.parse_palette("forest") == ("#dfe3d3", "#1b4d3e", "#7c9a80")


def test_own_means_that_the_set_keeps_its_colours() -> None:
    assert offers.parse_palette("own") == ()


def test_colours_may_be_written_in_any_case_and_with_spaces() -> None:
    assert offers.parse_palette(" #1B4D3E , #f4e9d8 ") == ("#1b4d3e", "#f4e9d8")


@pytest.mark.parametrize("text", ["", "#12", "green", "#gggggg", "#123456;#123456", ",".join(["#123456"] * 7)])
def test_it_rejects_what_is_not_a_palette(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        offers.parse_palette(text)
    assert caught.value.code == "studio.palette_unreadable"


def test_formats_keep_their_order_and_come_once() -> None:
    assert [f.key for f in offers.parse_formats(["9:16", "1:1", "9:16"])] == ["9:16", "1:1"]


def test_it_rejects_an_unknown_format() -> None:
    with pytest.raises(InvalidInput) as caught:
        offers.parse_formats(["1:1", "2:7"])
    assert caught.value.code == "studio.format_unknown"
