"""What a product is, guessed from its name."""

from __future__ import annotations

import pytest

from apps.studio.kinds import guess_kind, kinds


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Red mug", "homeware"),
        ("Colorful sneaker", "shoe"),
        ("Leather watch box bag", "bag"),
        ("Sunglasses", ""),
        ("红色运动鞋", "shoe"),
        ("真皮手提包", "bag"),
        ("复古台灯", "homeware"),
        ("IMG_1234", ""),
        ("Carpet", ""),
    ],
)
def test_the_last_word_that_says_what_a_thing_is_counts(name: str, kind: str) -> None:
    assert guess_kind(name) == kind


def test_every_guess_is_a_kind_that_the_library_knows() -> None:
    from apps.studio.kinds import WORDS

    assert set(WORDS) == set(kinds())
