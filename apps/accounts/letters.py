"""Every mail that accounts send, as words. One pair of templates turns a letter into text and HTML.

The language is the reader's: the one stored with the account, else the one of the page that caused the mail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from smtplib import SMTPException
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from apps.accounts.models import Invitation, Role, User
from apps.core.errors import Unavailable


@dataclass(frozen=True)
class Letter:
    """What a mail says; ``action`` is a label and an address."""

    subject: str
    paragraphs: tuple[str, ...]
    action: tuple[str, str] | None = None
    note: str = ""


Context = Mapping[str, Any]
Writer = Callable[[Context], Letter]


def confirm_address(context: Context) -> Letter:
    return Letter(
        subject=_("Confirm your e-mail address"),
        paragraphs=(
            _("Please confirm that %(email)s is your address, so that we can reach you about your account.")
            % {"email": context["email"]},
        ),
        action=(_("Confirm the address"), context["activate_url"]),
        note=_("If you did not sign up at VisualForge, ignore this mail: nothing happens without the confirmation."),
    )


def reset_password(context: Context) -> Letter:
    return Letter(
        subject=_("Choose a new password"),
        paragraphs=(
            _("Somebody, hopefully you, asked for a new password for %(email)s.") % {"email": context["email"]},
        ),
        action=(_("Choose a new password"), context["password_reset_url"]),
        note=_("If it was not you, ignore this mail: your password stays as it is."),
    )


def account_exists(context: Context) -> Letter:
    return Letter(
        subject=_("You already have an account"),
        paragraphs=(
            _("Somebody, hopefully you, tried to sign up with %(email)s, which has an account already.")
            % {"email": context["email"]},
            _("If you forgot the password, choose a new one."),
        ),
        action=(_("Choose a new password"), context["password_reset_url"]),
        note=_("If it was not you, ignore this mail: nothing was changed."),
    )


def account_unknown(context: Context) -> Letter:
    return Letter(
        subject=_("There is no account with this address"),
        paragraphs=(
            _("Somebody, hopefully you, asked for a new password for %(email)s. We know no account with this address.")
            % {"email": context["email"]},
            _("Perhaps you signed up with another one. If you are new here, create an account."),
        ),
        action=(_("Create an account"), context["signup_url"]),
        note=_("If it was not you, ignore this mail: nothing was changed."),
    )


def _notice(subject: str, happened: str, context: Context) -> Letter:
    """A change of the account, told to its owner in case it was somebody else."""
    origin = _("It came from the address %(ip)s with %(browser)s on %(when)s.") % {
        "ip": context["ip"],
        "browser": context["user_agent"],
        "when": date_format(context["timestamp"], "DATETIME_FORMAT"),
    }
    return Letter(
        subject=subject,
        paragraphs=(happened, origin),
        note=_("If it was not you, choose a new password at once."),
    )


def password_changed(context: Context) -> Letter:
    return _notice(_("Your password was changed"), _("The password of your account was changed."), context)


def address_changed(context: Context) -> Letter:
    happened = _("The e-mail address of your account was changed from %(before)s to %(after)s.") % {
        "before": context["from_email"],
        "after": context["to_email"],
    }
    return _notice(_("Your e-mail address was changed"), happened, context)


def address_confirmed(context: Context) -> Letter:
    happened = _("The address %(email)s now belongs to your account.") % {"email": context["email"]}
    return _notice(_("Your e-mail address is confirmed"), happened, context)


def address_removed(context: Context) -> Letter:
    happened = _("The address %(email)s was removed from your account.") % {"email": context["deleted_email"]}
    return _notice(_("An e-mail address was removed"), happened, context)


LETTERS: dict[str, Writer] = {
    "account_already_exists": account_exists,
    "email_changed": address_changed,
    "email_confirm": address_confirmed,
    "email_confirmation": confirm_address,
    "email_confirmation_signup": confirm_address,
    "email_deleted": address_removed,
    "password_changed": password_changed,
    "password_reset": password_changed,
    "password_reset_key": reset_password,
    "password_set": password_changed,
    "unknown_account": account_unknown,
}
"""By the names under which django-allauth sends them."""


def invitation_letter(invitation: Invitation, *, link: str) -> Letter:
    inviter = invitation.invited_by.get_full_name() if invitation.invited_by else invitation.workspace.name
    return Letter(
        subject=_("%(inviter)s invites you to %(workspace)s")
        % {"inviter": inviter, "workspace": invitation.workspace.name},
        paragraphs=(
            _("%(inviter)s would like to work with you in the workspace %(workspace)s. Your role: %(role)s.")
            % {"inviter": inviter, "workspace": invitation.workspace.name, "role": Role(invitation.role).label},
        ),
        action=(_("Accept the invitation"), link),
        note=_("The link is for %(email)s alone and works until %(until)s.")
        % {"email": invitation.email, "until": date_format(invitation.expires_at, "DATE_FORMAT")},
    )


def send_invitation(invitation: Invitation, *, link: str) -> None:
    """Raises Unavailable when the mail server does not take it; the invitation can be sent again."""
    with override(language_of(invitation.email)):
        post(invitation_letter(invitation, link=link), to=invitation.email)


def language_of(email: str) -> str:
    """The language stored with the account of ``email``, else the active one."""
    stored = User.objects.filter(email=email.lower()).values_list("language", flat=True).first()
    return stored or get_language() or "en"


def post(letter: Letter, *, to: str) -> None:
    """Send in the active language. Raises Unavailable when the mail server does not take it, or says nothing."""
    context = {"letter": letter, "language": get_language()}
    subject = " ".join(letter.subject.split())
    mail = EmailMultiAlternatives(subject, render_to_string("accounts/mail/letter.txt", context), to=[to])
    mail.attach_alternative(render_to_string("accounts/mail/letter.html", context), "text/html")
    try:
        mail.send()
    except (SMTPException, OSError) as error:
        raise Unavailable("mail_not_sent") from error
