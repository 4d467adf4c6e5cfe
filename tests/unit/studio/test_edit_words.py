"""What was done to a shot and what a version changed, in words."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import override

from apps.studio.models import ShotVersion
from apps.studio.templatetags import edit_words
from inference.edits import KNOBS, SWITCHES

SPEC: dict[str, Any] = {
    "set": "white-sweep",
    "palette": [],
    "format": "1:1",
    "width": 1200,
    "height": 1200,
    "seed": 0,
}
BESIDE = {"product": "a", "cutout": "b", "scale": 1.0, "offset": [0.2, 0.0], "shadow": 1.0}


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    parent = ShotVersion(number=1, spec=SPEC | before)
    return edit_words.what_changed(ShotVersion(number=2, parent=parent, spec=SPEC | after))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {"edits": {"light_direction": -0.4, "frame_zoom": 1.2}}, ["light from the left, 40%", "zoom 1.20×"]),
        ({"edits": {"light_direction": 0.4}}, {}, ["light from the set's own side"]),
        ({"edits": {"flip": True, "scale": 1.5}}, {"edits": {"scale": 1.5}}, ["product not mirrored"]),
        ({}, {"edits": {"rotate_deg": -8, "exposure_ev": 0.1}}, ["turned 8.0° to the left", "exposure +0.10 EV"]),
        ({}, {"offset": [0.075, -0.02]}, ["moved 7.5% to the right, 2.0% further back"]),
        ({"offset": [0.1, 0]}, {}, ["back at its place"]),
        ({}, {"format": "4:5", "height": 1500}, ["format 4:5"]),
        ({}, {"width": 2400, "height": 2400}, ["file 2× as large"]),
        ({}, {"seed": 3}, ["variation 4"]),
        ({}, {"palette": ["#112233"]}, ["palette #112233"]),
        ({"palette": ["#112233"]}, {}, ["the set's own colours"]),
        ({}, {"companion": BESIDE}, ["a second product beside it"]),
        ({"companion": BESIDE}, {"companion": BESIDE | {"scale": 2.0}}, ["second product placed differently"]),
        ({"companion": BESIDE}, {}, ["no second product any more"]),
        ({}, {}, ["nothing changed"]),
    ],
)
def test_a_version_says_what_it_changed(before: dict[str, Any], after: dict[str, Any], words: list[str]) -> None:
    assert changed(before, after) == words


def test_another_set_is_told_by_its_title_and_the_first_version_by_where_it_comes_from() -> None:
    [words] = changed({}, {"set": "flatlay-linen"})
    assert words.startswith("set ")
    assert "flatlay-linen" not in words
    assert edit_words.what_changed(ShotVersion(number=1, spec=SPEC)) == ["as the shoot made it"]


def test_a_version_made_from_an_older_one_says_which() -> None:
    first = ShotVersion(number=1, spec=SPEC)
    third = ShotVersion(number=3, parent=first, spec=SPEC | {"edits": {"reflection": 0.5}})
    assert edit_words.what_changed(third) == ["from version 1", "reflection 50%"]


def test_camera_and_mood_are_told_by_title_the_sets_first_where_none_was_chosen() -> None:
    assert edit_words.camera_title(SPEC)
    assert edit_words.mood_title(SPEC)
    chosen = SPEC | {"camera": "wide-left"}
    assert edit_words.camera_title(chosen) not in ("", "wide-left", edit_words.camera_title(SPEC))
    assert edit_words.camera_title(SPEC | {"set": "gone", "camera": "wide-left"}) == "wide-left"


def test_every_edit_that_the_library_knows_has_words_in_both_languages() -> None:
    for name in [*KNOBS, *SWITCHES]:
        ends = (KNOBS[name].low, KNOBS[name].high) if name in KNOBS else (True, False)
        for value in ends:
            with override("en"):
                [english] = edit_words.edits_in_words({"edits": {name: value}})
            with override("zh-hans"):
                [chinese] = edit_words.edits_in_words({"edits": {name: value}})
            assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese), (name, chinese)
            assert "%(" not in english
