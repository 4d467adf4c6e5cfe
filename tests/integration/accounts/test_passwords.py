"""What is wrong with a password is said in the language of the page, every word of it."""

from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import translation

from apps.accounts.models import User

EVERYTHING_WRONG = [("short1x", 1), ("password12", 1), ("meilin@example.com", 1), ("meilin", 2)]


@pytest.mark.parametrize(("password", "count"), EVERYTHING_WRONG)
def test_every_complaint_about_a_password_is_chinese_on_a_chinese_page(password: str, count: int) -> None:
    person = User(email="meilin@example.com", name="meilin")
    with translation.override("zh-hans"), pytest.raises(ValidationError) as caught:
        validate_password(password, person)
    assert len(caught.value.messages) == count
    for message in caught.value.messages:
        assert not any(letter.isascii() and letter.isalpha() for letter in message), message


def test_a_short_password_hears_how_long_it_has_to_be() -> None:
    with pytest.raises(ValidationError, match=r"at least 10 characters\. Make it longer\."):
        validate_password("qZ7-vX")
