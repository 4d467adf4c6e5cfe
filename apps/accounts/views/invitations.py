"""An invitation seen from outside, by whoever opens the mailed link."""

from __future__ import annotations

from typing import cast

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.access import UserRequest, signed_in
from apps.accounts.models import User
from apps.accounts.selectors import invitation_by_secret
from apps.accounts.services import accept_invitation
from apps.accounts.views.people import workspace_home


@require_safe
@never_cache
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Signed out: sign in or up, and come back. Wrong address: say so. Otherwise: accept."""
    found = invitation_by_secret(secret)
    is_known = User.objects.filter(email=found.email).exists()
    if not request.user.is_authenticated and _link_was_mailed():
        # The link reached this mailbox, which is all that confirming the address would prove.
        get_adapter().stash_verified_email(request, found.email)
    is_theirs = request.user.is_authenticated and cast(UserRequest, request).user.email == found.email
    context = {"invitation": found, "is_known": is_known, "is_theirs": is_theirs, "secret": secret}
    return render(request, "accounts/invitation.html", context)


@signed_in
@require_POST
def accept(request: UserRequest, secret: str) -> HttpResponse:
    membership = accept_invitation(request.user, secret=secret)
    messages.success(request, _("Welcome to %(name)s.") % {"name": membership.workspace.name})
    return redirect(workspace_home(membership.workspace))


def _link_was_mailed() -> bool:
    return bool(settings.EMAIL_HOST)
