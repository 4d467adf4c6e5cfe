"""The start page, the profile and the language."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.access import UserRequest, signed_in
from apps.accounts.forms import LanguageForm, ProfileForm
from apps.accounts.models import Workspace
from apps.accounts.selectors import last_membership, memberships_of
from apps.accounts.services import set_language, update_profile
from apps.core.errors import InvalidInput


def workspace_home(workspace: Workspace) -> str:
    return reverse(settings.WORKSPACE_HOME, kwargs={"workspace": workspace.slug})


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Signed out: welcome. Signed in: where the person worked last, or naming the first workspace."""
    if not request.user.is_authenticated:
        return render(request, "accounts/welcome.html")
    membership = last_membership(cast(UserRequest, request).user)
    return redirect(workspace_home(membership.workspace) if membership else "accounts:new_workspace")


@signed_in
@require_safe
def signed_in_again(request: UserRequest) -> HttpResponse:
    """The end of a sign-in that a page in another window asked for; ``next`` is that page."""
    return render(request, "accounts/signed_in.html", {"go_on": _ours(request, request.GET.get("next", ""))})


@signed_in
@require_safe
def switcher(request: UserRequest) -> HttpResponse:
    """The person's workspaces: a menu for the rail, a page for everybody without script."""
    context = {"memberships": memberships_of(request.user), "current": request.GET.get("current", "")}
    is_part = "HX-Request" in request.headers
    return render(request, "accounts/_switcher.html" if is_part else "accounts/switcher.html", context)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: UserRequest) -> HttpResponse:
    person = request.user
    form = ProfileForm(request.POST or None, initial={"name": person.name, "language": person.language or "en"})
    if request.method == "POST" and form.is_valid():
        update_profile(person, **form.cleaned_data)
        with translation.override(person.language):  # the page that says so is in the new language
            messages.success(request, _("Saved."))
        return _with_language(redirect("accounts:profile"), person.language)
    return render(request, "accounts/profile.html", {"form": form, "tab": "profile"})


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """For visitors a cookie; for people who have signed in their account remembers it, too."""
    form = LanguageForm(request.POST)
    if not form.is_valid():
        raise InvalidInput("language_unknown")
    chosen: str = form.cleaned_data["language"]
    if request.user.is_authenticated:
        set_language(cast(UserRequest, request).user, language=chosen)
    return _with_language(HttpResponseRedirect(_ours(request, form.cleaned_data["next"])), chosen)


def _ours(request: HttpRequest, path: str) -> str:
    """``path`` when it leads to a page of this site, else the start page."""
    is_safe = path.startswith("/") and url_has_allowed_host_and_scheme(path, {request.get_host()})
    return path if is_safe else reverse("home")


def _with_language(response: HttpResponse, chosen: str) -> HttpResponse:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=365 * 24 * 3600,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response
