"""A workspace's life and settings."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.access import UserRequest, WorkspaceRequest, signed_in, workspace_view
from apps.accounts.forms import DeleteWorkspaceForm, WorkspaceNameForm
from apps.accounts.models import Role
from apps.accounts.selectors import GRACE, memberships_of, restorable_workspaces
from apps.accounts.services import (
    create_workspace,
    delete_workspace,
    leave_workspace,
    rename_workspace,
    restore_workspace,
)
from apps.accounts.views.people import workspace_home
from apps.core.errors import AppError, Conflict
from apps.core.sentences import sentence


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def new_workspace(request: UserRequest) -> HttpResponse:
    """Onboarding, and every further workspace. Also the place to bring a deleted one back."""
    form = WorkspaceNameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(workspace_home(create_workspace(request.user, **form.cleaned_data)))
        except AppError as error:
            form.add_error("name", sentence(error.code, error.params))
    context = {
        "form": form,
        "is_first": not memberships_of(request.user),
        "restorable": restorable_workspaces(request.user),
        "grace_days": GRACE.days,
    }
    return render(request, "accounts/new_workspace.html", context, status=422 if form.errors else 200)


@signed_in
@require_POST
def restore(request: UserRequest, deleted: UUID) -> HttpResponse:
    workspace = restore_workspace(request.user, workspace_id=deleted)
    messages.success(request, _("%(name)s is back, with everything in it.") % {"name": workspace.name})
    return redirect(workspace_home(workspace))


@require_safe
@workspace_view(role=Role.VIEWER)
def settings_page(request: WorkspaceRequest) -> HttpResponse:
    return _settings(request, _name_form(request), DeleteWorkspaceForm())


@require_POST
@workspace_view(role=Role.ADMIN)
def rename(request: WorkspaceRequest) -> HttpResponse:
    form = WorkspaceNameForm(request.POST)
    if not form.is_valid():
        return _settings(request, form, DeleteWorkspaceForm(), status=422)
    rename_workspace(request.workspace, name=form.cleaned_data["name"], actor=request.membership)
    messages.success(request, _("Saved."))
    return redirect("accounts:settings", workspace=request.workspace.slug)


@require_POST
@workspace_view(role=Role.VIEWER)
def leave(request: WorkspaceRequest) -> HttpResponse:
    try:
        leave_workspace(request.workspace, actor=request.membership)
    except Conflict as error:
        refusal = sentence(error.code, error.params)
        return _settings(request, _name_form(request), DeleteWorkspaceForm(), status=409, cannot_leave=refusal)
    messages.success(request, _("You have left %(name)s.") % {"name": request.workspace.name})
    return redirect("home")


@require_POST
@workspace_view(role=Role.OWNER)
def delete(request: WorkspaceRequest) -> HttpResponse:
    form = DeleteWorkspaceForm(request.POST)
    if form.is_valid():
        try:
            delete_workspace(request.workspace, actor=request.membership, **form.cleaned_data)
        except AppError as error:
            form.add_error("typed_name", sentence(error.code, error.params))
    if not form.is_valid():
        return _settings(request, _name_form(request), form, status=422)
    messages.success(request, _("%(name)s is deleted.") % {"name": request.workspace.name})
    return redirect("accounts:new_workspace")


def _name_form(request: WorkspaceRequest) -> WorkspaceNameForm:
    return WorkspaceNameForm(initial={"name": request.workspace.name})


def _settings(
    request: WorkspaceRequest,
    name_form: WorkspaceNameForm,
    delete_form: DeleteWorkspaceForm,
    *,
    status: int = 200,
    cannot_leave: str = "",
) -> HttpResponse:
    context = {
        "cannot_leave": cannot_leave,
        "name_form": name_form,
        "delete_form": delete_form,
        "may_rename": request.membership.may(Role.ADMIN),
        "may_delete": request.membership.may(Role.OWNER),
        "grace_days": GRACE.days,
        "tab": "settings",
    }
    return render(request, "accounts/settings.html", context, status=status)
