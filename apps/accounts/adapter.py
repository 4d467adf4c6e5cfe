"""Where django-allauth meets our people: our words, our letters, addresses in lower case."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from apps.accounts.letters import LETTERS, language_of, post
from apps.accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account is closed. Write to the person who runs this site."),
        "duplicate_email": _("This is your address already."),
        "email_password_mismatch": _("The e-mail address and the password do not match. Check both, or reset it."),
        "email_taken": _("There is an account with this address already. Sign in, or use another address."),
        "enter_current_password": _("That is not your current password."),
        "incorrect_password": _("That is not your password."),
        "invalid_password_reset": _("This link is used up or too old. Ask for a new one."),
        "rate_limited": _("That was a bit much at once. Wait a minute and try again."),
        "same_as_current": _("That is what it is already. Enter a different one."),
        "too_many_login_attempts": _("Too many attempts. Wait five minutes, or reset your password."),
        "unverified_primary_email": _("Confirm your e-mail address first: we sent you a link."),
    }

    def clean_email(self, email: str) -> str:
        return str(super().clean_email(email)).lower()

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.language = get_language() or ""
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        write = LETTERS[template_prefix.rsplit("/", 1)[-1]]
        with override(language_of(email)):
            post(write({**context, "email": email}), to=email)
