"""Who is in a workspace, and invitations seen from inside."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.forms import InviteForm, RoleForm
from apps.accounts.models import Membership, Role
from apps.accounts.selectors import find_invitation, find_member, members_of, pending_invitations
from apps.accounts.services import change_role, invite, remove_member, resend_invitation, revoke_invitation
from apps.accounts.services.invitations import LinkTo
from apps.core.errors import AppError
from apps.core.sentences import sentence

SHOWN_LINK = "invitation_link"


@require_safe
@workspace_view(role=Role.VIEWER)
def members(request: WorkspaceRequest) -> HttpResponse:
    return _members(request, InviteForm(actor=request.membership))


@require_POST
@workspace_view(role=Role.ADMIN)
def invite_member(request: WorkspaceRequest) -> HttpResponse:
    form = InviteForm(request.POST, actor=request.membership)
    if form.is_valid():
        email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
        try:
            link = invite(
                request.workspace, email=email, role=role, actor=request.membership, link_to=_link_to(request)
            )
        except AppError as error:
            form.add_error("email", sentence(error.code, error.params))
    if not form.is_valid():
        return _members(request, form, status=422)
    return _invited(request, email, link)


@require_POST
@workspace_view(role=Role.ADMIN)
def set_role(request: WorkspaceRequest, member: UUID) -> HttpResponse:
    target = find_member(request.workspace, member)
    form = RoleForm(request.POST, actor=request.membership)
    if not form.is_valid():
        messages.error(request, sentence("role_above_yours"))
        return _back(request)
    change_role(request.workspace, member=target, role=Role(form.cleaned_data["role"]), actor=request.membership)
    messages.success(request, _("Saved."))
    return _back(request)


@require_POST
@workspace_view(role=Role.ADMIN)
def remove(request: WorkspaceRequest, member: UUID) -> HttpResponse:
    target = find_member(request.workspace, member)
    remove_member(request.workspace, member=target, actor=request.membership)
    messages.success(request, _("%(person)s is no longer a member.") % {"person": target.user.get_full_name()})
    return _back(request)


@require_POST
@workspace_view(role=Role.ADMIN)
def resend(request: WorkspaceRequest, invitation: UUID) -> HttpResponse:
    found = find_invitation(request.workspace, invitation)
    link = resend_invitation(request.workspace, invitation=found, actor=request.membership, link_to=_link_to(request))
    return _invited(request, found.email, link)


@require_POST
@workspace_view(role=Role.ADMIN)
def revoke(request: WorkspaceRequest, invitation: UUID) -> HttpResponse:
    found = find_invitation(request.workspace, invitation)
    revoke_invitation(request.workspace, invitation=found, actor=request.membership)
    messages.success(request, _("The invitation for %(email)s is revoked.") % {"email": found.email})
    return _back(request)


def _members(request: WorkspaceRequest, form: InviteForm, *, status: int = 200) -> HttpResponse:
    acting = request.membership
    found = members_of(request.workspace)
    invitations = list(pending_invitations(request.workspace)) if acting.may(Role.ADMIN) else []
    context = {
        "members": [_row(member, acting) for member in found],
        "invitations": invitations,
        "form": form,
        "roles": [role for role in Role if acting.may(role)],
        "may_manage": acting.may(Role.ADMIN),
        "shown_link": request.session.pop(SHOWN_LINK, None),
        "tab": "members",
    }
    return render(request, "accounts/members.html", context, status=status)


def _row(member: Membership, acting: Membership) -> dict[str, object]:
    """A member and whether the person who looks may change it."""
    is_manageable = acting.may(Role.ADMIN) and acting.may(Role(member.role))
    return {"member": member, "is_you": member.id == acting.id, "is_manageable": is_manageable}


def _invited(request: WorkspaceRequest, email: str, link: str) -> HttpResponse:
    """Without a mail server the link is shown once, to be passed on by hand."""
    if settings.EMAIL_HOST:
        messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": email})
    else:
        request.session[SHOWN_LINK] = {"email": email, "link": link}
    return _back(request)


def _link_to(request: HttpRequest) -> LinkTo:
    return lambda secret: request.build_absolute_uri(reverse("accounts:invitation", kwargs={"secret": secret}))


def _back(request: WorkspaceRequest) -> HttpResponse:
    return redirect("accounts:members", workspace=request.workspace.slug)
