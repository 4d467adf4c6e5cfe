"""The pages of accounts, opened and used."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Role
from apps.accounts.selectors import find_membership, memberships_of
from apps.core.errors import NotFound
from tests import factories

pytestmark = pytest.mark.django_db
SIGNED_OUT = ["home", "account_login", "account_signup", "account_reset_password", "account_reset_password_done"]
SIGNED_IN = [
    "account_email",
    "account_change_password",
    "accounts:profile",
    "accounts:switcher",
    "accounts:new_workspace",
]


@pytest.mark.parametrize("name", [*SIGNED_OUT, "account_email_verification_sent", "account_inactive"])
def test_visitors_can_open_the_pages_around_sign_in(client: Client, name: str) -> None:
    page = client.get(reverse(name))
    assert page.status_code == 200
    assert page.text.count("<h1") == 1


@pytest.mark.parametrize("name", [*SIGNED_IN, "account_logout", "account_reauthenticate"])
def test_people_without_a_workspace_can_open_their_own_pages(client: Client, name: str) -> None:
    client.force_login(factories.make_person())
    page = client.get(reverse(name))
    assert page.status_code == 200
    assert page.text.count("<h1") == 1


@pytest.mark.parametrize("name", SIGNED_IN)
def test_pages_of_a_person_ask_visitors_to_sign_in(client: Client, name: str) -> None:
    assert client.get(reverse(name))["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize(
    ("name", "field"), [("account_login", "login"), ("account_signup", "email"), ("account_reset_password", "email")]
)
def test_a_page_that_is_one_form_begins_in_its_first_field(client: Client, name: str, field: str) -> None:
    [focused] = re.findall(r"<input[^>]* autofocus[^>]*>", client.get(reverse(name)).text)
    assert f'name="{field}"' in focused


def test_a_bad_reset_link_offers_a_new_one(client: Client) -> None:
    page = client.get(reverse("account_reset_password_from_key", kwargs={"uidb36": "1", "key": "no-key"}))
    assert "This link does not work any more" in page.text


def test_a_bad_confirmation_link_offers_a_new_one(client: Client) -> None:
    page = client.get(reverse("account_confirm_email", kwargs={"key": "no-key"}))
    assert "This link does not work any more" in page.text


def test_an_admin_invites_from_the_members_page_and_sees_the_link_once(client: Client, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    workspace = factories.make_workspace()
    client.force_login(factories.make_member(workspace, Role.ADMIN).user)
    here = reverse("accounts:members", args=[workspace.slug])
    fields = {"email": "bob@example.com", "role": "viewer"}
    answer = client.post(reverse("accounts:invite", args=[workspace.slug]), fields)
    assert answer["Location"] == here
    first, second = client.get(here), client.get(here)
    assert "http://testserver/invitations/" in first.text
    assert "http://testserver/invitations/" not in second.text
    assert "bob@example.com" in second.text


def test_a_refused_invitation_keeps_what_was_typed(client: Client) -> None:
    workspace = factories.make_workspace()
    owner = factories.owner_of(workspace)
    client.force_login(owner.user)
    fields = {"email": owner.user.email, "role": "viewer"}
    page = client.post(reverse("accounts:invite", args=[workspace.slug]), fields)
    assert page.status_code == 422
    assert "This person is a member already." in page.text
    assert f'value="{owner.user.email}"' in page.text


def test_an_admin_is_offered_no_role_above_their_own(client: Client) -> None:
    workspace = factories.make_workspace()
    client.force_login(factories.make_member(workspace, Role.ADMIN).user)
    page = client.get(reverse("accounts:members", args=[workspace.slug]))
    assert 'value="admin"' in page.text
    assert 'value="owner"' not in page.text


def test_a_viewer_sees_members_but_no_invitations_and_no_controls(client: Client) -> None:
    workspace = factories.make_workspace()
    factories.make_invitation(workspace, email="secret-guest@example.com")
    client.force_login(factories.make_member(workspace, Role.VIEWER).user)
    page = client.get(reverse("accounts:members", args=[workspace.slug]))
    assert factories.owner_of(workspace).user.email in page.text
    assert "secret-guest@example.com" not in page.text
    assert reverse("accounts:invite", args=[workspace.slug]) not in page.text


def test_roles_change_and_members_go_through_the_page(client: Client) -> None:
    workspace = factories.make_workspace()
    bob = factories.make_member(workspace, Role.VIEWER)
    client.force_login(factories.owner_of(workspace).user)
    client.post(reverse("accounts:role", args=[workspace.slug, bob.id]), {"role": "editor"})
    assert find_membership(bob.user, workspace.slug).role == "editor"
    client.post(reverse("accounts:role", args=[workspace.slug, bob.id]), {"role": "emperor"})
    assert find_membership(bob.user, workspace.slug).role == "editor"
    client.post(reverse("accounts:remove", args=[workspace.slug, bob.id]))
    with pytest.raises(NotFound):
        find_membership(bob.user, workspace.slug)


def test_a_workspace_is_renamed_deleted_and_brought_back_through_the_pages(client: Client) -> None:
    workspace = factories.make_workspace(name="Teas")
    owner = factories.owner_of(workspace).user
    client.force_login(owner)
    client.post(reverse("accounts:rename", args=[workspace.slug]), {"name": "Pots"})
    assert find_membership(owner, workspace.slug).workspace.name == "Pots"
    refused = client.post(reverse("accounts:delete", args=[workspace.slug]), {"typed_name": "Teas"})
    assert refused.status_code == 422
    client.post(reverse("accounts:delete", args=[workspace.slug]), {"typed_name": "Pots"})
    assert memberships_of(owner) == []
    assert "Pots" in client.get(reverse("accounts:new_workspace")).text
    client.post(reverse("accounts:restore", args=[workspace.id]))
    assert len(memberships_of(owner)) == 1


def test_the_last_owner_is_told_at_the_button_why_leaving_is_refused(client: Client) -> None:
    workspace = factories.make_workspace()
    client.force_login(factories.owner_of(workspace).user)
    page = client.post(reverse("accounts:leave", args=[workspace.slug]))
    assert page.status_code == 409
    [sentence] = re.findall(r'id="cannot-leave"[^>]*>\s*([^<]+?)\s*<a', page.text)
    assert sentence == "A workspace needs an owner. Make somebody else an owner first."
    assert reverse("accounts:leave", args=[workspace.slug]) in page.text


def test_a_new_language_is_confirmed_in_that_language(client: Client) -> None:
    client.force_login(factories.make_person())
    page = client.post(reverse("accounts:profile"), {"name": "Mei", "language": "zh-hans"}, follow=True)
    assert "已保存" in page.text


def test_the_switcher_lists_the_persons_workspaces_only(client: Client) -> None:
    ann = factories.make_person()
    factories.make_workspace(ann, name="Teas")
    factories.make_workspace(ann, name="Pots")
    factories.make_workspace(name="Strangers")
    client.force_login(ann)
    part = client.get(reverse("accounts:switcher"), headers={"hx-request": "true"}).text
    assert "<html" not in part
    assert [name in part for name in ("Teas", "Pots", "Strangers")] == [True, True, False]


def test_opening_a_page_remembers_the_workspace_and_fetching_a_part_does_not(client: Client) -> None:
    ann = factories.make_person()
    first, second = factories.make_workspace(ann), factories.make_workspace(ann)
    client.force_login(ann)
    here = reverse("accounts:settings", args=[first.slug])
    client.get(here, headers={"hx-request": "true", "accept": "text/html"})
    ann.refresh_from_db()
    assert ann.last_workspace_id == second.id
    client.get(here, headers={"accept": "text/html,*/*"})
    ann.refresh_from_db()
    assert ann.last_workspace_id == first.id
