"""Files that go straight to the object storage: ticket, form post, completion. moto plays the storage."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import Role, Workspace
from apps.assets import services
from apps.assets.models import Asset, Upload, UploadState
from apps.assets.s3 import BucketStorage
from apps.core.errors import Unavailable
from apps.core.tenancy import tenant_scope
from tests.integration.assets.conftest import photo_bytes, signed_in


def ask_ticket(browser: Client, workspace: Workspace, *, name: str = "boot.jpg", size: int = 5000) -> Any:
    return browser.post(
        f"/w/{workspace.slug}/uploads/ticket", {"name": name, "size": size}, headers={"Accept": "application/json"}
    )


def complete(browser: Client, ticket: dict[str, Any]) -> Any:
    return browser.post(ticket["complete"], headers={"Accept": "application/json"})


def deliver(ticket: dict[str, Any], data: bytes) -> requests.Response:
    return requests.post(ticket["url"], data=ticket["fields"], files={"file": ("boot.jpg", data)}, timeout=60)


def keys(bucket: Any, prefix: str) -> list[str]:
    return [item.key for item in bucket.objects.filter(Prefix=prefix)]


def test_without_a_bucket_a_ticket_points_here(browser: Client, workspace: Workspace) -> None:
    assert ask_ticket(browser, workspace).json() == {
        "mode": "direct",
        "url": f"/w/{workspace.slug}/uploads/",
        "fields": {},
        "upload": None,
        "complete": "",
    }


def test_a_ticket_is_good_for_one_key_one_type_a_limited_size_and_five_minutes(
    bucket: Any, browser: Client, workspace: Workspace, settings: Settings
) -> None:
    ticket = ask_ticket(browser, workspace).json()
    policy = json.loads(base64.b64decode(ticket["fields"]["policy"]))
    key = f"quarantine/{workspace.id}/{ticket['upload']}"
    assert ticket["mode"] == "s3"
    assert ticket["fields"]["key"] == key
    assert {"key": key} in policy["conditions"]
    assert {"Content-Type": "application/octet-stream"} in policy["conditions"]
    assert ["content-length-range", 1, settings.UPLOAD_MAX_BYTES] in policy["conditions"]
    assert not [c for c in policy["conditions"] if isinstance(c, list) and c[0] == "starts-with"]
    left = datetime.fromisoformat(policy["expiration"].replace("Z", "+00:00")) - datetime.now(UTC)
    assert 290 < left.total_seconds() <= 300


def test_a_delivered_file_becomes_an_asset_and_quarantine_is_empty_again(
    bucket: Any, browser: Client, workspace: Workspace
) -> None:
    ticket = ask_ticket(browser, workspace).json()
    assert deliver(ticket, photo_bytes()).status_code == 204
    assert len(keys(bucket, "quarantine/")) == 1
    first = complete(browser, ticket)
    assert first.status_code == 201
    assert keys(bucket, "quarantine/") == []
    assert len(keys(bucket, f"blobs/{workspace.id}/")) == 2
    again = complete(browser, ticket)
    assert (again.status_code, again.json()) == (201, first.json())
    with tenant_scope(workspace.id):
        assert Asset.objects.count() == 1


def test_a_delivered_lie_is_rejected_and_erased(bucket: Any, browser: Client, workspace: Workspace) -> None:
    ticket = ask_ticket(browser, workspace).json()
    deliver(ticket, b"<html><script>alert(1)</script></html>")
    answers = [complete(browser, ticket) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["error"]["code"] == "assets.web_page"
    assert keys(bucket, "") == []


def test_a_file_larger_than_its_ticket_is_rejected_unread(
    bucket: Any, browser: Client, workspace: Workspace, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Storages enforce the range of the form; this is what happens when one does not."""
    ticket = ask_ticket(browser, workspace).json()
    bucket.put_object(Key=ticket["fields"]["key"], Body=b"\xff\xd8\xff" + b"\0" * 5000)
    settings.UPLOAD_MAX_BYTES = 2000
    monkeypatch.setattr(BucketStorage, "get", lambda self, key: pytest.fail("it was read"))
    answer = complete(browser, ticket)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "assets.too_big")
    assert keys(bucket, "") == []


def test_completing_before_the_file_is_there_changes_nothing(
    bucket: Any, browser: Client, workspace: Workspace
) -> None:
    ticket = ask_ticket(browser, workspace).json()
    answer = complete(browser, ticket)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "assets.not_arrived")
    deliver(ticket, photo_bytes())
    assert complete(browser, ticket).status_code == 201


def test_a_fault_of_the_storage_leaves_the_upload_to_be_completed_again(
    bucket: Any, browser: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = ask_ticket(browser, workspace).json()
    deliver(ticket, photo_bytes())

    def down(self: BucketStorage, key: str, data: bytes, content_type: str) -> None:
        raise Unavailable("assets.storage_down")

    with monkeypatch.context() as patched:
        patched.setattr(BucketStorage, "put", down)
        assert complete(browser, ticket).status_code == 503
    with tenant_scope(workspace.id):
        assert Upload.objects.get().state == UploadState.PENDING
        assert Asset.objects.count() == 0
    assert complete(browser, ticket).status_code == 201


@pytest.mark.parametrize(
    ("size", "code"), [(10**9, "assets.too_big"), (0, "assets.empty"), ("many", "assets.one_file")]
)
def test_a_ticket_is_refused_before_a_byte_is_sent(
    bucket: Any, browser: Client, workspace: Workspace, size: Any, code: str
) -> None:
    answer = ask_ticket(browser, workspace, size=size)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    with tenant_scope(workspace.id):
        assert Upload.objects.count() == 0


def test_only_editors_get_tickets_and_only_their_own_tenant_completes(
    bucket: Any, browser: Client, workspace: Workspace, rival: Workspace
) -> None:
    assert ask_ticket(signed_in(workspace, Role.VIEWER), workspace).status_code == 403
    assert ask_ticket(signed_in(rival), workspace).status_code == 404
    ticket = ask_ticket(browser, workspace).json()
    deliver(ticket, photo_bytes())
    theirs = signed_in(rival)
    assert complete(theirs, ticket).status_code == 404
    stolen = ticket["complete"].replace(workspace.slug, rival.slug)
    assert complete(theirs, {"complete": stolen}).status_code == 404
    assert len(keys(bucket, "quarantine/")) == 1


def test_purging_erases_what_was_delivered_and_never_completed(
    bucket: Any, browser: Client, workspace: Workspace
) -> None:
    ticket = ask_ticket(browser, workspace).json()
    deliver(ticket, photo_bytes())
    call_command("purge_quarantine", "--hours", "0", verbosity=0)
    assert keys(bucket, "") == []
    assert complete(browser, ticket).json()["error"]["code"] == "assets.upload_expired"


def test_direct_uploads_work_with_a_bucket_too(bucket: Any, workspace: Workspace) -> None:
    import io

    upload = services.receive_upload(workspace, file=io.BytesIO(photo_bytes()), file_name="boot.jpg")
    assert upload.state == UploadState.ACCEPTED
    assert len(keys(bucket, "blobs/")) == 2
