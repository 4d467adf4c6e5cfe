"""Sign-up, sign-in, passwords, addresses and languages through the pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.selectors import memberships_of
from tests import factories

pytestmark = pytest.mark.django_db


def _link(text: str) -> str:
    found = re.search(r"https?://testserver(\S+)", text)
    assert found, text
    return found.group(1)


def _without_token(text: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text)


def test_signing_up_creates_no_workspace_and_leads_to_naming_one(client: Client) -> None:
    answer = client.post(reverse("account_signup"), {"email": "Ann@Example.com", "password1": factories.PASSWORD})
    assert answer["Location"] == reverse("home")
    ann = User.objects.get(email="ann@example.com")
    assert memberships_of(ann) == []
    assert client.get("/")["Location"] == reverse("accounts:new_workspace")
    answer = client.post(reverse("accounts:new_workspace"), {"name": "Teas"})
    (membership,) = memberships_of(ann)
    assert answer["Location"] == reverse("studio:home", args=[membership.workspace.slug])
    assert client.get("/")["Location"] == answer["Location"]


def test_signing_up_remembers_the_language_of_the_page(client: Client) -> None:
    client.post(
        reverse("account_signup"),
        {"email": "mei@example.com", "password1": factories.PASSWORD},
        headers={"accept-language": "zh-CN,zh;q=0.9"},
    )
    assert User.objects.get(email="mei@example.com").language == "zh-hans"
    assert re.search("[\u4e00-\u9fff]", mail.outbox[0].subject)


@pytest.mark.parametrize(
    ("server", "said"), [("", "No mail server is set up here"), ("mail.example", "We mailed a link")]
)
def test_nobody_is_told_of_a_mail_that_was_never_sent(client: Client, settings: Any, server: str, said: str) -> None:
    settings.EMAIL_HOST = server
    sign_up = {"email": "ann@example.com", "password1": factories.PASSWORD}
    page = client.post(reverse("account_signup"), sign_up, follow=True).content.decode()
    assert said in page
    assert ("We mailed" in page) is bool(server)
    client.logout()
    page = client.post(reverse("account_reset_password"), {"email": "ann@example.com"}, follow=True).content.decode()
    assert ("on its way" in page) is bool(server)


def test_somebody_without_a_workspace_can_sign_out(client: Client) -> None:
    client.force_login(factories.make_person("ann@example.com"))
    page = client.get(reverse("accounts:new_workspace")).content.decode()
    assert "Signed in as ann@example.com" in page
    assert f'action="{reverse("account_logout")}"' in page


def test_an_address_has_to_be_confirmed_where_mail_is_sent(client: Client, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    answer = client.post(reverse("account_signup"), {"email": "ann@example.com", "password1": factories.PASSWORD})
    assert answer["Location"] == reverse("account_email_verification_sent")
    assert client.get("/").status_code == 200, "still signed out"
    here = _link(mail.outbox[0].body)
    assert "Confirm the address" in client.get(here).text
    assert client.post(here).status_code == 302
    assert EmailAddress.objects.get(email="ann@example.com").verified


def test_signing_up_twice_tells_only_the_mailbox(client: Client, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    factories.make_person("ann@example.com")
    answer = client.post(reverse("account_signup"), {"email": "ann@example.com", "password1": "another long one"})
    assert answer["Location"] == reverse("account_email_verification_sent")
    assert [letter.subject for letter in mail.outbox] == ["You already have an account"]
    assert User.objects.count() == 1


def test_a_wrong_password_is_refused_in_our_words(client: Client) -> None:
    factories.make_person("ann@example.com")
    answer = client.post(reverse("account_login"), {"login": "ann@example.com", "password": "wrong"})
    assert "The e-mail address and the password do not match" in answer.text
    assert "_auth_user_id" not in client.session


def test_too_many_wrong_passwords_close_the_door_for_a_while(client: Client, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
    factories.make_person("ann@example.com")
    for _ in range(5):
        client.post(reverse("account_login"), {"login": "ann@example.com", "password": "wrong"})
    answer = client.post(reverse("account_login"), {"login": "ann@example.com", "password": factories.PASSWORD})
    assert "Too many attempts" in answer.text
    assert "_auth_user_id" not in client.session


def test_a_forgotten_password_is_replaced_through_the_mailed_link(client: Client) -> None:
    factories.make_person("ann@example.com")
    client.post(reverse("account_reset_password"), {"email": "ann@example.com"})
    here = client.get(_link(mail.outbox[0].body))["Location"]
    answer = client.post(here, {"password1": "a brand new sentence", "password2": "a brand new sentence"})
    assert answer.status_code == 302
    assert User.objects.get().check_password("a brand new sentence")
    assert mail.outbox[-1].subject == "Your password was changed"


def test_asking_for_a_password_of_nobody_says_the_same(client: Client) -> None:
    factories.make_person("ann@example.com")
    known = client.post(reverse("account_reset_password"), {"email": "ann@example.com"}, follow=True)
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.com"}, follow=True)
    assert _without_token(known.text) == _without_token(unknown.text)
    assert mail.outbox[-1].subject == "There is no account with this address"


def test_a_password_is_changed_with_the_current_one(client: Client) -> None:
    ann = factories.make_person()
    client.force_login(ann)
    fields = {"oldpassword": "wrong", "password1": "a brand new sentence", "password2": "a brand new sentence"}
    assert "not your current password" in client.post(reverse("account_change_password"), fields).text
    client.post(reverse("account_change_password"), fields | {"oldpassword": factories.PASSWORD})
    ann.refresh_from_db()
    assert ann.check_password("a brand new sentence")


def test_an_address_changes_only_after_it_was_confirmed(client: Client) -> None:
    ann = factories.make_person("old@example.com")
    client.force_login(ann)
    client.post(reverse("account_email"), {"email": "new@example.com", "action_add": "1"})
    ann.refresh_from_db()
    assert ann.email == "old@example.com"
    assert "new@example.com waits to be confirmed" in client.get(reverse("account_email")).text
    client.post(_link(next(letter for letter in mail.outbox if letter.to == ["new@example.com"]).body))
    ann.refresh_from_db()
    assert ann.email == "new@example.com"
    assert [letter.to for letter in mail.outbox if letter.subject == "Your e-mail address was changed"] == [
        ["old@example.com"]
    ]


def test_signing_out_needs_a_post(client: Client) -> None:
    client.force_login(factories.make_person())
    assert "_auth_user_id" in client.session
    client.get(reverse("account_logout"))
    assert "_auth_user_id" in client.session
    left = client.post(reverse("account_logout"))
    assert left["Clear-Site-Data"] == '"cache"'  # "back" shows nothing of what was seen
    assert "_auth_user_id" not in client.session


def test_visitors_choose_a_language_with_a_cookie(client: Client) -> None:
    answer = client.post(reverse("accounts:language"), {"language": "zh-hans", "next": "/accounts/login/"})
    assert answer["Location"] == "/accounts/login/"
    assert '<html lang="zh-hans">' in client.get("/").text


def test_the_stored_language_wins_over_the_browsers(client: Client) -> None:
    client.force_login(factories.make_person(language="zh-hans"))
    assert '<html lang="zh-hans">' in client.get(reverse("accounts:profile"), headers={"accept-language": "en"}).text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_language_switch_leads_nowhere_else(client: Client, target: str) -> None:
    answer = client.post(reverse("accounts:language"), {"language": "en", "next": target})
    assert answer["Location"] == reverse("home")


def test_an_unknown_language_is_refused(client: Client) -> None:
    ann = factories.make_person(language="en")
    client.force_login(ann)
    assert client.post(reverse("accounts:language"), {"language": "tlh"}).status_code == 400
    ann.refresh_from_db()
    assert ann.language == "en"


def test_a_profile_is_saved(client: Client) -> None:
    ann = factories.make_person()
    client.force_login(ann)
    client.post(reverse("accounts:profile"), {"name": " Ann   Lee ", "language": "zh-hans"})
    ann.refresh_from_db()
    assert (ann.name, ann.language) == ("Ann Lee", "zh-hans")


class Refuses(BaseEmailBackend):
    """A mail server that is down."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        raise SMTPServerDisconnected("gone")


@pytest.fixture
def mail_down(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refuses"
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_RATE_LIMITS = {"confirm_email": "1/3m/key"}
    cache.clear()


@pytest.mark.usefixtures("mail_down")
def test_somebody_whose_confirmation_was_not_sent_signs_in_and_is_sent_it_again(client: Client, settings: Any) -> None:
    answer = client.post(reverse("account_signup"), {"email": "ann@example.com", "password1": factories.PASSWORD})
    assert answer.status_code == 503
    assert "Your account is kept: sign in a few minutes from now" in answer.text
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    answer = client.post(reverse("account_login"), {"login": "ann@example.com", "password": factories.PASSWORD})
    assert answer["Location"] == reverse("account_email_verification_sent")
    assert client.post(_link(mail.outbox[0].body)).status_code == 302
    assert EmailAddress.objects.get(email="ann@example.com").verified


@pytest.mark.usefixtures("mail_down")
def test_a_mail_server_that_is_down_does_not_tell_who_has_an_account(client: Client) -> None:
    factories.make_person("ann@example.com")
    fields = {"email": "ann@example.com", "password1": "another long one"}
    known = client.post(reverse("account_signup"), fields)
    unknown = client.post(reverse("account_signup"), fields | {"email": "new@example.com"})
    assert (known.status_code, _without_token(known.text)) == (503, _without_token(unknown.text))
    for email in ("ann@example.com", "nobody@example.com"):
        answer = client.post(reverse("account_reset_password"), {"email": email})
        assert answer.status_code == 503
        assert "The mail could not be sent." in answer.text


@pytest.mark.usefixtures("mail_down")
def test_a_password_changes_although_the_notice_about_it_can_not_be_sent(client: Client) -> None:
    ann = factories.make_person()
    client.force_login(ann)
    new = "a brand new sentence"
    fields = {"oldpassword": factories.PASSWORD, "password1": new, "password2": new}
    assert client.post(reverse("account_change_password"), fields).status_code == 302
    ann.refresh_from_db()
    assert ann.check_password(new)


def test_a_language_with_a_nonsense_address_leads_to_the_start(client: Client) -> None:
    for target in ("nonsense", "//evil.example.org", "https://evil.example.org/", "javascript:alert(1)"):
        answer = client.post(reverse("accounts:language"), {"language": "en", "next": target})
        assert (answer.status_code, answer["Location"]) == (302, "/")
