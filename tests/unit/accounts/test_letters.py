"""Mail without a mail server."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from allauth.account import adapter as allauth_adapter
from django.utils.translation import override

from apps.accounts.letters import LETTERS

EVERYTHING = {
    "email": "ann@example.com",
    "activate_url": "https://example.com/confirm/1",
    "password_reset_url": "https://example.com/reset/1",
    "signup_url": "https://example.com/signup",
    "ip": "192.0.2.1",
    "user_agent": "Firefox",
    "timestamp": datetime(2026, 11, 21, 12, tzinfo=UTC),
    "from_email": "old@example.com",
    "to_email": "new@example.com",
    "deleted_email": "old@example.com",
}


@pytest.mark.parametrize("name", sorted(LETTERS))
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_letter_says_what_happened_in_the_readers_language(name: str, language: str) -> None:
    with override(language):
        letter = LETTERS[name](EVERYTHING)
    words = [letter.subject, *letter.paragraphs, letter.note, *([letter.action[0]] if letter.action else [])]
    is_chinese = [any("\u4e00" <= sign <= "\u9fff" for sign in text) for text in words if text]
    assert is_chinese == [language == "zh-hans"] * len(is_chinese)
    assert "%(" not in " ".join(words)


def test_we_have_a_letter_for_every_mail_that_the_sign_in_library_sends() -> None:
    root = Path(allauth_adapter.__file__).parents[1] / "templates" / "account" / "email"
    sent = {path.name.removesuffix("_subject.txt") for path in root.glob("*_subject.txt")}
    switched_off = {"login_code", "password_reset_code"}
    assert sent - switched_off == set(LETTERS)
