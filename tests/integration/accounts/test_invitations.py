"""From the mail to the membership."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Invitation, Membership, Role, User, Workspace
from apps.accounts.selectors import find_membership, invitation_by_secret, memberships_of, pending_invitations
from apps.accounts.services import accept_invitation, invite, remove_member, resend_invitation, revoke_invitation
from apps.core.errors import AppError, Conflict, InvalidInput, NotAllowed, NotFound, Unavailable
from apps.core.tenancy import tenant_scope
from tests import factories

pytestmark = pytest.mark.django_db


def link_to(secret: str) -> str:
    return f"https://example.com/invitations/{secret}/"


def _invitations(workspace: Workspace) -> list[Invitation]:
    with tenant_scope(workspace.id):
        return list(Invitation.objects.filter(workspace=workspace).order_by("created_at"))


def _change(invitation: Invitation, **fields: Any) -> None:
    with tenant_scope(invitation.workspace_id):
        Invitation.objects.filter(id=invitation.id).update(**fields)


def test_an_invitation_is_mailed_after_commit_and_only_its_hash_is_kept(
    django_capture_on_commit_callbacks: Any,
) -> None:
    workspace = factories.make_workspace(factories.make_person(name="Ann"), name="Teas")
    with django_capture_on_commit_callbacks(execute=False) as callbacks:
        link = invite(
            workspace, email="Bob@Example.com", role=Role.EDITOR, actor=factories.owner_of(workspace), link_to=link_to
        )
        assert mail.outbox == []
    for callback in callbacks:
        callback()
    (letter,) = mail.outbox
    secret = link.rstrip("/").rsplit("/", 1)[1]
    (row,) = _invitations(workspace)
    assert (letter.to, letter.subject) == (["bob@example.com"], "Ann invites you to Teas")
    assert link in letter.body
    assert link in letter.alternatives[0].content
    assert row.token_sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert len(secret) >= 43
    assert timedelta(days=6, hours=23) < row.expires_at - timezone.now() <= timedelta(days=7)


def test_a_mail_goes_out_in_the_language_of_its_reader(django_capture_on_commit_callbacks: Any) -> None:
    factories.make_person("mei@example.com", language="zh-hans")
    with django_capture_on_commit_callbacks(execute=True):
        factories.make_invitation(factories.make_workspace(name="Teas"), email="mei@example.com")
    assert re.search("[\u4e00-\u9fff]", mail.outbox[0].subject)


def test_the_right_person_accepts_once() -> None:
    workspace = factories.make_workspace()
    _, secret = factories.make_invitation(workspace, email="bob@example.com", role=Role.REVIEWER)
    bob = factories.make_person("bob@example.com")
    membership = accept_invitation(bob, secret=secret)
    assert (membership.role, membership.workspace_id, bob.last_workspace_id) == ("reviewer", workspace.id, workspace.id)
    with pytest.raises(NotFound):
        accept_invitation(bob, secret=secret)
    assert len(memberships_of(bob)) == 1


def test_somebody_else_can_not_use_the_link() -> None:
    workspace = factories.make_workspace()
    invitation, secret = factories.make_invitation(workspace, email="bob@example.com")
    eve = factories.make_person("eve@example.com")
    with pytest.raises(NotAllowed) as refusal:
        accept_invitation(eve, secret=secret)
    assert refusal.value.code == "invitation_for_somebody_else"
    assert memberships_of(eve) == []
    assert _invitations(workspace) == [invitation]
    assert _invitations(workspace)[0].accepted_at is None


@pytest.mark.parametrize("closed_by", ["expires_at", "revoked_at", "accepted_at"])
def test_a_closed_invitation_lets_nobody_in(closed_by: str) -> None:
    workspace = factories.make_workspace()
    invitation, secret = factories.make_invitation(workspace, email="bob@example.com")
    _change(invitation, **{closed_by: timezone.now()})
    bob = factories.make_person("bob@example.com")
    with pytest.raises(NotFound):
        accept_invitation(bob, secret=secret)
    assert memberships_of(bob) == []


def test_an_unknown_secret_is_refused_like_a_closed_one() -> None:
    with pytest.raises(NotFound) as refusal:
        invitation_by_secret("no-such-secret")
    assert refusal.value.code == "invitation_closed"


def test_an_invitation_to_a_deleted_workspace_is_closed() -> None:
    workspace = factories.make_workspace()
    _, secret = factories.make_invitation(workspace)
    with tenant_scope(workspace.id):
        Workspace.objects.filter(id=workspace.id).update(deleted_at=timezone.now())
    with pytest.raises(NotFound):
        invitation_by_secret(secret)


def test_sending_again_makes_a_new_secret_and_a_new_week(django_capture_on_commit_callbacks: Any) -> None:
    workspace = factories.make_workspace()
    invitation, old = factories.make_invitation(workspace, email="bob@example.com")
    long_ago = timezone.now() - timedelta(days=9)
    _change(invitation, sent_at=long_ago, expires_at=long_ago + timedelta(days=7))
    with django_capture_on_commit_callbacks(execute=True):
        link = resend_invitation(workspace, invitation=invitation, actor=factories.owner_of(workspace), link_to=link_to)
    with pytest.raises(NotFound):
        invitation_by_secret(old)
    anew = invitation_by_secret(link.rstrip("/").rsplit("/", 1)[1])
    assert (anew.email, anew.role, anew.created_at) == (invitation.email, invitation.role, invitation.created_at)
    with tenant_scope(workspace.id):
        assert list(pending_invitations(workspace)) == [anew]
    assert [letter.to for letter in mail.outbox] == [["bob@example.com"]]


def test_sending_again_has_to_wait_a_minute() -> None:
    workspace = factories.make_workspace()
    invitation, secret = factories.make_invitation(workspace)
    with pytest.raises(Conflict) as refusal:
        resend_invitation(workspace, invitation=invitation, actor=factories.owner_of(workspace), link_to=link_to)
    assert refusal.value.code == "invitation_just_sent"
    assert invitation_by_secret(secret) == invitation


def test_revoking_closes_the_link() -> None:
    workspace = factories.make_workspace()
    invitation, secret = factories.make_invitation(workspace)
    revoke_invitation(workspace, invitation=invitation, actor=factories.owner_of(workspace))
    with pytest.raises(NotFound):
        invitation_by_secret(secret)


def test_an_invitation_that_ran_out_makes_room_for_a_new_one() -> None:
    workspace = factories.make_workspace()
    old, _ = factories.make_invitation(workspace, email="bob@example.com")
    _change(old, expires_at=timezone.now())
    new, _ = factories.make_invitation(workspace, email="bob@example.com", role=Role.ADMIN)
    assert (new.role, len(_invitations(workspace))) == ("admin", 2)


def _refused(workspace: Workspace, actor: Membership, email: str, role: Role) -> AppError:
    before = len(_invitations(workspace))
    with pytest.raises(AppError) as refusal:
        invite(workspace, email=email, role=role, actor=actor, link_to=link_to)
    assert len(_invitations(workspace)) == before
    return refusal.value


def test_the_rules_of_inviting() -> None:
    workspace = factories.make_workspace()
    owner, admin = factories.owner_of(workspace), factories.make_member(workspace, Role.ADMIN)
    editor = factories.make_member(workspace, Role.EDITOR)
    factories.make_invitation(workspace, email="waiting@example.com")
    cases = [
        (editor, "new@example.com", Role.VIEWER, NotAllowed, "not_allowed"),
        (admin, "new@example.com", Role.OWNER, NotAllowed, "role_above_yours"),
        (owner, editor.user.email.upper(), Role.VIEWER, Conflict, "already_member"),
        (owner, "waiting@example.com", Role.VIEWER, Conflict, "already_invited"),
        (owner, "not an address", Role.VIEWER, InvalidInput, "email_invalid"),
    ]
    for actor, email, role, kind, code in cases:
        error = _refused(workspace, actor, email, role)
        assert (type(error), error.code) == (kind, code)


def test_inviting_and_revoking_in_turn_can_not_flood_mailboxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.accounts.services.invitations.MAILS_AN_HOUR", 2)
    workspace = factories.make_workspace()
    owner = factories.owner_of(workspace)
    for _ in range(2):
        invitation, _secret = factories.make_invitation(workspace, email="victim@example.com")
        revoke_invitation(workspace, invitation=invitation, actor=owner)
    error = _refused(workspace, owner, "victim@example.com", Role.VIEWER)
    assert error.code == "invitations_too_fast"
    for row in _invitations(workspace):
        _change(row, sent_at=timezone.now() - timedelta(minutes=61))
    factories.make_invitation(workspace, email="victim@example.com")


def test_many_workspaces_do_not_make_more_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.accounts.services.invitations.MAILS_AN_HOUR", 2)
    ann = factories.make_person()
    first, second, third = (factories.make_workspace(ann) for _ in range(3))
    factories.make_invitation(first)
    factories.make_invitation(second)
    error = _refused(third, factories.owner_of(third), "victim@example.com", Role.VIEWER)
    assert error.code == "invitations_too_fast"
    factories.make_invitation(factories.make_workspace())


def test_sending_again_counts_as_a_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.accounts.services.invitations.MAILS_AN_HOUR", 2)
    workspace = factories.make_workspace()
    factories.make_invitation(workspace)
    a_while_ago = timezone.now() - timedelta(minutes=5)
    for is_refused in (False, True):
        with tenant_scope(workspace.id):
            open_now = pending_invitations(workspace).get()
        _change(open_now, sent_at=a_while_ago)
        actor = factories.owner_of(workspace)
        if is_refused:
            with pytest.raises(Conflict, match="invitations_too_fast"):
                resend_invitation(workspace, invitation=open_now, actor=actor, link_to=link_to)
        else:
            resend_invitation(workspace, invitation=open_now, actor=actor, link_to=link_to)


def test_an_invitation_outlives_the_membership_of_who_sent_it() -> None:
    workspace = factories.make_workspace()
    admin = factories.make_member(workspace, Role.ADMIN)
    with tenant_scope(workspace.id):
        link = invite(workspace, email="bob@example.com", role=Role.VIEWER, actor=admin, link_to=link_to)
    owner = factories.owner_of(workspace)
    remove_member(workspace, member=admin, actor=owner)
    found = invitation_by_secret(link.rstrip("/").rsplit("/", 1)[1])
    with tenant_scope(workspace.id):
        assert list(pending_invitations(workspace)) == [found]
    revoke_invitation(workspace, invitation=found, actor=owner)
    assert not _invitations(workspace)[0].is_open


def test_an_admin_can_not_touch_the_invitation_of_an_owner() -> None:
    workspace = factories.make_workspace()
    admin = factories.make_member(workspace, Role.ADMIN)
    invitation, secret = factories.make_invitation(workspace, role=Role.OWNER)
    _change(invitation, sent_at=timezone.now() - timedelta(hours=1))
    with pytest.raises(NotAllowed):
        revoke_invitation(workspace, invitation=invitation, actor=admin)
    with pytest.raises(NotAllowed):
        resend_invitation(workspace, invitation=invitation, actor=admin, link_to=link_to)
    assert invitation_by_secret(secret) == invitation


def test_a_mail_server_that_is_down_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise SMTPServerDisconnected("gone")

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    workspace = factories.make_workspace()
    with pytest.raises(Unavailable) as refusal, django_capture_on_commit_callbacks(execute=True):
        factories.make_invitation(workspace)
    assert refusal.value.code == "mail_not_sent"
    assert len(_invitations(workspace)) == 1


def test_the_link_leads_somebody_without_an_account_through_sign_up_into_the_workspace(
    client: Client, settings: Any
) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    workspace = factories.make_workspace(name="Teas")
    _, secret = factories.make_invitation(workspace, email="new@example.com")
    here = reverse("accounts:invitation", args=[secret])
    page = client.get(here)
    assert "Create an account to accept" in page.text
    answer = client.post(
        f"{reverse('account_signup')}?next={here}",
        {"email": "new@example.com", "password1": factories.PASSWORD, "next": here},
    )
    assert (answer.status_code, answer["Location"]) == (302, here), "the mailed link proved the address"
    page = client.get(here)
    assert "Accept the invitation" in page.text
    answer = client.post(reverse("accounts:accept", args=[secret]))
    assert answer.status_code == 302
    new = User.objects.get(email="new@example.com")
    assert find_membership(new, workspace.slug).role == "editor"


def test_the_link_proves_no_address_where_no_mail_is_sent(client: Client, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    _, secret = factories.make_invitation(factories.make_workspace(), email="new@example.com")
    client.get(reverse("accounts:invitation", args=[secret]))
    assert "account_verified_email" not in client.session


def test_the_link_asks_somebody_with_an_account_to_sign_in(client: Client) -> None:
    factories.make_person("bob@example.com")
    _, secret = factories.make_invitation(factories.make_workspace(), email="bob@example.com")
    here = reverse("accounts:invitation", args=[secret])
    page = client.get(here)
    assert "Sign in to accept" in page.text
    answer = client.post(
        reverse("account_login"), {"login": "bob@example.com", "password": factories.PASSWORD, "next": here}
    )
    assert answer["Location"] == here


def test_the_link_tells_the_wrong_person_what_to_do(client: Client) -> None:
    _, secret = factories.make_invitation(factories.make_workspace(), email="bob@example.com")
    client.force_login(factories.make_person("eve@example.com"))
    page = client.get(reverse("accounts:invitation", args=[secret]))
    assert "You are signed in as eve@example.com, but the invitation is for bob@example.com" in page.text
    answer = client.post(reverse("accounts:accept", args=[secret]))
    assert answer.status_code == 403


def test_accepting_needs_a_sign_in(client: Client) -> None:
    _, secret = factories.make_invitation(factories.make_workspace())
    answer = client.post(reverse("accounts:accept", args=[secret]))
    assert answer["Location"].startswith(reverse("account_login"))
