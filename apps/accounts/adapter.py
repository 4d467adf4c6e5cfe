"""Where django-allauth meets our people: our words, our letters, addresses in lower case."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import ratelimit
from django.http import HttpRequest
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from apps.accounts.letters import LETTERS, language_of, post
from apps.accounts.models import User
from apps.core.errors import Unavailable

logger = logging.getLogger(__name__)
CONFIRMATION_LETTERS = {"account_already_exists", "email_confirmation", "email_confirmation_signup"}
"""Every answer to signing up among them: they fail in the same words, or a failure would tell who has an account."""
AWAITED_LETTERS = {"password_reset_key", "unknown_account"}


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
        """Raises Unavailable when the mail server does not take a letter that somebody waits for.

        A notice about what has been done already must not turn it into a failure; it is left out, with a warning.
        """
        name = template_prefix.rsplit("/", 1)[-1]
        try:
            with override(language_of(email)):
                post(LETTERS[name]({**context, "email": email}), to=email)
        except Unavailable as error:
            self._explain(name, email, error)

    def _explain(self, name: str, email: str, error: Unavailable) -> None:
        if name in CONFIRMATION_LETTERS:
            ratelimit.clear(self.request, action="confirm_email", key=email.lower())  # it may be asked for again now
            is_visitor = not self.request.user.is_authenticated
            raise Unavailable("confirmation_not_sent" if is_visitor else "mail_not_sent") from error
        if name in AWAITED_LETTERS:
            raise error
        logger.warning("the notice %s was not sent: %s", name, error.__cause__)
