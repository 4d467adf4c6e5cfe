"""File names from templates: safe everywhere, whatever stands in the values."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import InvalidInput
from apps.studio.exports import names

VALUES = dict.fromkeys(names.TOKENS, "x") | {"sku": "FC-7", "name": "红色马克杯", "n": "01", "marketplace": "amazon"}


def path(template: str, *, unicode: bool = True, **values: str) -> str:
    return names.file_path(template, VALUES | values, suffix="jpg", unicode=unicode, max_length=80)


def test_tokens_are_replaced_and_a_slash_of_the_template_makes_a_folder() -> None:
    assert path("{marketplace}/{sku}_{name}_{n}") == "amazon/FC-7_红色马克杯_01.jpg"


def test_other_scripts_are_dropped_where_a_marketplace_does_not_take_them() -> None:
    assert path("{sku}_{name}", unicode=False) == "FC-7.jpg"
    assert path("{name}", unicode=False) == "FC-7-01.jpg"
    assert path("{name}", unicode=False, name="Tasse à café") == "Tasse a cafe.jpg"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("../../etc/passwd", "etc-passwd.jpg"),
        ("C:\\Windows\\x", "C-Windows-x.jpg"),
        ("a\0b\x1b[31mc", "ab-31mc.jpg"),
        ("CON", "_CON.jpg"),
        ("nul.txt", "_nul.txt.jpg"),
        ("COM¹", "_COM¹.jpg"),
        (" . ", "FC-7-01.jpg"),
        ("a\u202egpj.exe", "agpj.exe.jpg"),
        ("\ud800", "FC-7-01.jpg"),
        ("-rf *", "rf.jpg"),
    ],
)
def test_hostile_values_become_harmless_names(value: str, expected: str) -> None:
    assert path("{name}", name=value) == expected


@given(st.text(max_size=300), st.booleans())
def test_any_value_gives_one_short_safe_part(value: str, unicode: bool) -> None:
    made = path("{marketplace}/{name}", unicode=unicode, name=value)
    folder, _, last = made.partition("/")
    assert folder == "amazon"
    assert re.fullmatch(r"[\w.\-+() ]+\.jpg", last)
    assert not last.startswith((".", " ", "-"))
    assert len(last) <= 80
    assert len(last.encode()) <= 190
    assert unicode or made.isascii()


def test_collisions_are_numbered_without_regard_to_case() -> None:
    assert names.numbered(["a/x.jpg", "a/X.jpg", "b/x.jpg", "a/x_2.jpg"]) == [
        "a/x.jpg",
        "a/X_2.jpg",
        "b/x.jpg",
        "a/x_2_2.jpg",
    ]


@pytest.mark.parametrize("template", ["", "  ", "{sku", "sku}", "a/b/c/d/{n}", "{n}" + "x" * 200])
def test_a_template_that_can_not_be_used_is_refused(template: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        names.checked_template(template)
    assert caught.value.code == "export.template_unusable"


def test_an_unknown_token_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        names.checked_template("{sku}_{colour}")
    assert (caught.value.code, caught.value.params["name"]) == ("export.token_unknown", "colour")


@pytest.mark.parametrize(
    ("sku", "expected"), [("4006381333931", "04006381333931"), ("12345670", "00000012345670"), ("FC-7", "FC-7")]
)
def test_a_sku_that_is_a_gtin_gets_its_fourteen_digits(sku: str, expected: str) -> None:
    assert names.gtin(sku) == expected
