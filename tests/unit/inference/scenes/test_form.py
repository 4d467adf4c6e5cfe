"""The form: what it takes, what it refuses, how it looks as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inference.errors import InputRejected
from inference.scene import FIELDS, DrawnBox, SceneForm, scene_choices

FULL = SceneForm(
    setting="kitchen",
    surface="oak",
    light="window",
    lens="standard",
    mood="calm",
    props=("lemons", "cup"),
    season="spring",
    palette=("#1b4d3e", "#f4ead6"),
    copy_space="left",
    words="linen in the back",
    boxes=(DrawnBox("cup", (0.7, 0.6, 0.2, 0.2)),),
)


def test_a_form_comes_back_from_its_json() -> None:
    text = json.dumps(FULL.to_json())
    assert SceneForm.from_json(json.loads(text)) == FULL


def test_what_was_not_said_is_not_written_down() -> None:
    assert SceneForm().to_json() == {}
    assert SceneForm.from_json({}) == SceneForm()


def test_colours_and_words_are_brought_into_one_form() -> None:
    checked = SceneForm(palette=("#1B4D3E", "#fff"), words="  moss \n", props=("cup", "cup")).checked()
    assert checked.palette == ("#1b4d3e", "#ffffff")
    assert checked.words == "moss"
    assert checked.props == ("cup",)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ([], "scene.bad_form"),
        ({"sky": "blue"}, "scene.bad_form"),
        ({"setting": 3}, "scene.bad_form"),
        ({"props": "cup"}, "scene.bad_form"),
        ({"boxes": [{"object": "cup"}]}, "scene.bad_form"),
        ({"boxes": [{"object": "cup", "box": [0, 0, 1]}]}, "scene.bad_form"),
        ({"boxes": [{"object": "cup", "box": [0, 0, True, 1]}]}, "scene.bad_form"),
        ({"boxes": [{"object": "cup", "box": [0.5, 0, 0.6, 1]}]}, "scene.bad_box"),
        ({"boxes": [{"object": "cup", "box": [0, 0, float("nan"), 1]}]}, "scene.bad_box"),
        ({"setting": "moon"}, "scene.unknown_choice"),
        ({"copy_space": "everywhere"}, "scene.unknown_choice"),
        ({"palette": ["#12345"]}, "shot.bad_colour"),
        ({"palette": ["#123456"] * 7}, "scene.too_many"),
        ({"words": "x" * 601}, "scene.words_too_long"),
    ],
)
def test_anything_else_is_refused(raw: Any, code: str) -> None:
    with pytest.raises(InputRejected) as caught:
        SceneForm.from_json(raw)
    assert caught.value.code == code


def test_every_choice_has_names_words_and_both_titles() -> None:
    for field in FIELDS:
        choices = scene_choices()[field]
        assert len({choice.name for choice in choices}) == len(choices) >= 5
        for choice in choices:
            assert choice.words or choice.name == "none"
            assert choice.titles["en"]
            assert any("\u4e00" <= letter <= "\u9fff" for letter in choice.titles["zh-hans"])
