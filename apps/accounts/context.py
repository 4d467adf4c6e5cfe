"""What every page knows: the current workspace, the person's role in it, and whether mail leaves this server."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.accounts.models import Membership, User, Workspace
from apps.accounts.selectors import last_membership, memberships_of


def workspace(request: HttpRequest) -> dict[str, Any]:
    """``workspace`` and ``membership``: those of the address, else where the person worked last, else falsy.

    With ``memberships``, all workspaces of the person, for the switcher. Each is looked up only when a template asks.
    """
    user = cast("User | None", getattr(request, "user", None))
    is_known = user is not None and user.is_authenticated

    def current() -> Membership | None:
        guarded = getattr(request, "membership", None)
        return guarded or (last_membership(cast(User, user)) if is_known else None)

    def its_workspace() -> Workspace | None:
        return membership.workspace if membership else None

    membership = SimpleLazyObject(current)
    return {
        "workspace": getattr(request, "workspace", None) or SimpleLazyObject(its_workspace),
        "membership": membership,
        "memberships": SimpleLazyObject(lambda: memberships_of(cast(User, user)) if is_known else []),
    }


def mail(request: HttpRequest) -> dict[str, Any]:
    """``mail_is_sent``: a mail server is set up. Without one letters stay in a folder and no page may say otherwise."""
    return {"mail_is_sent": bool(settings.EMAIL_HOST)}
