"""What of a shoot or batch an export takes, and what its page says of the rest."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.tenancy import tenant_scope
from apps.studio import services
from tests.factories import make_shoot, make_shot, make_workspace, owner_of

pytestmark = pytest.mark.django_db


def test_a_batch_of_which_some_were_accepted_says_how_many_are_left_out_and_takes_them_when_asked(
    client: Client,
) -> None:
    workspace = make_workspace()
    shoot = make_shoot(workspace)
    made = [make_shot(workspace, shoot=shoot, position=at) for at in range(4)]
    with tenant_scope(workspace.id):
        services.set_verdict(made[0], verdict="star")
        services.set_verdict(made[1], verdict="reject")
    client.force_login(owner_of(workspace).user)
    page = reverse("studio:new_export", args=[workspace.slug])
    text = client.get(page, {"shoot": str(shoot.id)}).content.decode()
    assert "2 that nobody has judged yet stay out." in text
    assert 'value="shopify" data-files="1"' in text
    assert f"?shoot={shoot.id}&amp;which=kept" in text

    all_kept = client.get(page, {"shoot": str(shoot.id), "which": "kept"}).content.decode()
    assert 'value="shopify" data-files="3"' in all_kept
    assert "stay out" not in all_kept
