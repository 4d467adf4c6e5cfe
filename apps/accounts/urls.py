"""Addresses of accounts. ``home`` has no namespace and is registered in ``config.urls``."""

from __future__ import annotations

from django.urls import path

from apps.accounts.views import invitations, members, people, workspaces

app_name = "accounts"
urlpatterns = [
    path("language/", people.language, name="language"),
    path("signed-in/", people.signed_in_again, name="signed_in"),
    path("profile/", people.profile, name="profile"),
    path("workspaces/", people.switcher, name="switcher"),
    path("workspaces/new/", workspaces.new_workspace, name="new_workspace"),
    path("workspaces/deleted/<uuid:deleted>/restore/", workspaces.restore, name="restore"),
    path("invitations/<str:secret>/", invitations.invitation, name="invitation"),
    path("invitations/<str:secret>/accept/", invitations.accept, name="accept"),
    path("w/<slug:workspace>/settings/", workspaces.settings_page, name="settings"),
    path("w/<slug:workspace>/settings/rename/", workspaces.rename, name="rename"),
    path("w/<slug:workspace>/settings/leave/", workspaces.leave, name="leave"),
    path("w/<slug:workspace>/settings/delete/", workspaces.delete, name="delete"),
    path("w/<slug:workspace>/members/", members.members, name="members"),
    path("w/<slug:workspace>/members/invite/", members.invite_member, name="invite"),
    path("w/<slug:workspace>/members/<uuid:member>/role/", members.set_role, name="role"),
    path("w/<slug:workspace>/members/<uuid:member>/remove/", members.remove, name="remove"),
    path("w/<slug:workspace>/members/invitations/<uuid:invitation>/resend/", members.resend, name="resend"),
    path("w/<slug:workspace>/members/invitations/<uuid:invitation>/revoke/", members.revoke, name="revoke"),
]
