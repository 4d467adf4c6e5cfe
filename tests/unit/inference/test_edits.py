"""Edits are plain numbers: neutral by default, checked, and the same after a trip through JSON."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from inference.edits import KNOBS, SWITCHES, EditProblem, Edits


def test_every_field_is_a_knob_or_a_switch_and_neutral_by_default() -> None:
    assert {field.name for field in fields(Edits)} == {*KNOBS, *SWITCHES}
    assert Edits().as_dict() == {}
    assert all(getattr(Edits(), name) == knob.neutral for name, knob in KNOBS.items())


def test_only_what_was_changed_is_written() -> None:
    assert Edits(scale=1.2, flip=True, shadow_length=1.0).as_dict() == {"scale": 1.2, "flip": True}


def test_edits_survive_json() -> None:
    edits = Edits(scale=0.75, rotate_deg=-12.5, flip=True, warmth_ev=0.06, background_blur=0.4, frame_x=-0.1)
    assert Edits.from_dict(json.loads(json.dumps(edits.as_dict()))) == edits


@pytest.mark.parametrize("name", KNOBS)
def test_both_ends_of_a_range_are_allowed_and_nothing_beyond(name: str) -> None:
    knob = KNOBS[name]
    assert getattr(Edits.from_dict({name: knob.low}), name) == knob.low
    assert getattr(Edits.from_dict({name: knob.high}), name) == knob.high
    for outside in (knob.low - 0.01, knob.high + 0.01, float("nan"), float("inf"), "wide", None, True):
        with pytest.raises(EditProblem) as problem:
            Edits.from_dict({name: outside})
        assert problem.value.code == "shot.edit_out_of_range"
        assert problem.value.params == {"name": name, "low": knob.low, "high": knob.high}


def test_a_switch_is_true_or_false() -> None:
    with pytest.raises(EditProblem) as problem:
        Edits.from_dict({"flip": "perhaps"})
    assert problem.value.code == "shot.edit_out_of_range"


def test_an_unknown_edit_is_refused_by_name() -> None:
    with pytest.raises(EditProblem) as problem:
        Edits.from_dict({"sparkle": 1})
    assert (problem.value.code, problem.value.params) == ("shot.unknown_edit", {"name": "sparkle"})
