from __future__ import annotations

import pytest

from apps.core.errors import InvalidInput
from apps.studio import catalogue, offers


def test_a_ready_palette_is_known_by_its_key() -> None:
    assert offers.parse_palette("forest") == ("#e6e9dd", "#cbd4c0", "#7c9a80", "#1b4d3e")


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


def test_a_ready_palette_colours_surfaces_by_their_part_and_leaves_wood_alone() -> None:
    wall, ground, support, accent = offers.PALETTES["sage"].colours

    assert catalogue.fitting_palette("plinth", (wall, ground, support, accent)) == (wall, ground, support, accent)
    assert catalogue.fitting_palette("white-sweep", (wall, ground, support, accent)) == (wall,)
    assert catalogue.fitting_palette("window-table", (wall, ground, support, accent)) == ("#9c6f4a", wall, support)


def test_ones_own_colours_go_to_the_surfaces_in_their_order() -> None:
    assert catalogue.fitting_palette("plinth", ("#111111", "#222222")) == ("#111111", "#222222")
    assert catalogue.fitting_palette("white-sweep", ("#111111", "#222222")) == ("#111111",)


def test_a_detail_takes_a_colour_only_where_one_is_picked_for_it() -> None:
    own = ("#111111", "#222222", "#333333", "#444444")
    assert [item.name for item in catalogue.get_set("winter-fir").surfaces] == [
        "floor",
        "wall",
        "props",
        "leaf",
        "brass",
    ]
    assert catalogue.fitting_palette("winter-fir", own) == own[:3]
    assert catalogue.fitting_palette("winter-fir", own[:1], ("", "#c0c0c0")) == ("#111111", "", "", "", "#c0c0c0")
    assert catalogue.fitting_palette("winter-fir", (), ("", "")) == ()
