"""Requests that name as many things as may be asked for at once are read, not cut short by a limit of the framework."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Role
from apps.studio.looks import MOST_PRODUCTS
from apps.studio.services import batches
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def strangers(count: int) -> list[str]:
    """Ids that nobody has: a request that is read to its end answers that they are not there."""
    return [str(uuid.uuid4()) for _ in range(count)]


def test_the_most_that_may_be_chosen_at_once_is_read(client: Client) -> None:
    workspace = factories.make_workspace()
    shot = factories.make_shot(workspace)
    client.force_login(factories.make_member(workspace, Role.EDITOR).user)
    looked = strangers(MOST_PRODUCTS)
    requests = {
        reverse("studio:create_batch", args=[workspace.slug]): {
            "product": strangers(batches.MOST_PRODUCTS),
            "set": "white-sweep",
            "palette": "own",
            "format": "1:1",
        },
        reverse("studio:apply_look", args=[workspace.slug, shot.id]): {
            "product": looked,
            "token": "once",
            **{f"scale-{product}": "1.2" for product in looked},
        },
        reverse("studio:shots_zip", args=[workspace.slug]): {"shot": strangers(4000)},
    }
    assert {address: client.post(address, fields).status_code for address, fields in requests.items()} == dict.fromkeys(
        requests, 404
    )
