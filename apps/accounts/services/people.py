"""What people say about themselves."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from apps.accounts.models import User, Workspace
from apps.core.errors import InvalidInput


def create_person(email: str, password: str, *, name: str = "", language: str = "") -> User:
    """An account whose address counts as confirmed: for operators and scripts. People sign up themselves."""
    with transaction.atomic():
        user = User.objects.create_user(email, password, name=name, language=language)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def update_profile(user: User, *, name: str, language: str) -> User:
    _known(language)
    user.name = " ".join(name.split())
    user.language = language
    user.save(update_fields=["name", "language"])
    return user


def set_language(user: User, *, language: str) -> None:
    """The language of this person's pages and mail."""
    _known(language)
    user.language = language
    user.save(update_fields=["language"])


def remember_workspace(user: User, *, workspace: Workspace) -> None:
    """Where the next sign-in should lead. Writes only on a change."""
    if user.last_workspace_id != workspace.id:
        User.objects.filter(id=user.id).update(last_workspace_id=workspace.id)
        user.last_workspace_id = workspace.id


def _known(language: str) -> None:
    if language not in dict(settings.LANGUAGES):
        raise InvalidInput("language_unknown")
