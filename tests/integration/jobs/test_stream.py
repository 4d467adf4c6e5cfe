"""Events through the real ASGI application, a real LISTEN connection and real commits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.asgi import get_asgi_application
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Membership, User, Workspace
from apps.core.listening import connection_parameters
from apps.core.tenancy import tenant_scope
from apps.jobs import services, stream
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True)]
PATIENCE_S = 30.0


class Page:
    """A browser's EventSource."""

    def __init__(self, communicator: ApplicationCommunicator) -> None:
        self._communicator = communicator
        self.status = 0
        self.headers: dict[str, str] = {}

    async def open(self) -> None:
        start = await self._communicator.receive_output(PATIENCE_S)
        self.status = start["status"]
        self.headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}

    async def hear(self) -> str:
        message = await self._communicator.receive_output(PATIENCE_S)
        return str(message.get("body", b"").decode())

    async def next_job(self) -> dict[str, Any]:
        while True:
            text = await self.hear()
            if text.startswith("event: job\n"):
                return dict(json.loads(text.partition("data: ")[2]))

    async def is_ended(self) -> bool:
        while True:
            message = await self._communicator.receive_output(PATIENCE_S)
            if not message.get("more_body", False):
                return True


@asynccontextmanager
async def watching(user: User, slug: str) -> AsyncIterator[Page]:
    cookie = await sync_to_async(_sign_in)(user)
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": reverse("jobs:events", args=[slug]),
        "raw_path": b"",
        "query_string": b"",
        "headers": [(b"host", b"testserver"), (b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode())],
    }
    communicator = ApplicationCommunicator(get_asgi_application(), scope)
    await communicator.send_input({"type": "http.request", "body": b"", "more_body": False})
    page = Page(communicator)
    await page.open()
    try:
        yield page
    finally:
        await communicator.send_input({"type": "http.disconnect"})
        await communicator.wait(PATIENCE_S)


def _sign_in(user: User) -> str:
    client = Client()
    client.force_login(user)
    connection.close()
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@sync_to_async
def _submit(workspace: Workspace) -> str:
    job = services.submit(workspace, kind="test.obedient", params={}, subject="shot:1")
    connection.close()
    return str(job.id)


@pytest.fixture
def house() -> Workspace:
    return factories.make_workspace(factories.make_person("alice@example.com"))


@pytest.fixture
def alice(house: Workspace) -> User:
    return factories.owner_of(house).user


def test_a_page_hears_of_a_job_of_its_workspace_once_committed(house: Workspace, alice: User) -> None:
    async def story() -> None:
        async with watching(alice, house.slug) as page:
            assert page.status == 200
            assert page.headers["content-type"] == "text/event-stream"
            assert page.headers["x-accel-buffering"] == "no"
            assert await page.hear() == "retry: 2000\n\n"
            assert (await page.hear()).startswith("event: resync\n")
            job_id = await _submit(house)
            assert await page.next_job() == {
                "job": job_id,
                "batch": None,
                "subject": "shot:1",
                "kind": "test.obedient",
                "state": "queued",
            }

    asyncio.run(story())


def test_a_page_hears_nothing_of_another_workspace(house: Workspace, alice: User) -> None:
    theirs = factories.make_workspace()

    async def story() -> None:
        async with watching(alice, house.slug) as page:
            assert await page.hear() == "retry: 2000\n\n"
            assert (await page.hear()).startswith("event: resync\n")
            await _submit(theirs)
            ours = await _submit(house)
            assert (await page.next_job())["job"] == ours

    asyncio.run(story())


def test_one_person_can_not_take_every_place(house: Workspace, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_A_PERSON", 2)
    bob = factories.make_member(house).user

    async def story() -> None:
        async with watching(alice, house.slug) as first:
            assert await first.hear() == "retry: 2000\n\n"
            async with watching(alice, house.slug) as second, watching(alice, house.slug) as third:
                assert await second.hear() == "retry: 2000\n\n"
                assert await third.hear() == "retry: 30000\n\n"
                assert await third.is_ended()
                async with watching(bob, house.slug) as other:
                    assert await other.hear() == "retry: 2000\n\n"
            async with watching(alice, house.slug) as again:
                assert await again.hear() == "retry: 2000\n\n"

    asyncio.run(story())


def test_a_stranger_gets_no_stream(house: Workspace) -> None:
    stranger = factories.make_person()

    async def story() -> None:
        async with watching(stranger, house.slug) as page:
            assert page.status == 404

    asyncio.run(story())


def test_a_stream_ends_when_the_membership_is_revoked(house: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = factories.make_member(house)
    monkeypatch.setattr(stream, "WELCOME_EVERY_S", 0.0)
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.05)

    @sync_to_async
    def revoke() -> None:
        with tenant_scope(house.id):
            Membership.objects.filter(id=bob.id).delete()
        connection.close()

    async def story() -> None:
        async with watching(bob.user, house.slug) as page:
            assert await page.hear() == "retry: 2000\n\n"
            assert stream.BEAT.decode() in [await page.hear() for _ in range(4)]
            await revoke()
            assert await page.is_ended()

    asyncio.run(story())


def test_a_stream_ends_when_the_person_signs_out(
    house: Workspace, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "WELCOME_EVERY_S", 0.0)
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.05)

    @sync_to_async
    def forget_sessions() -> None:
        Session.objects.all().delete()
        connection.close()

    async def story() -> None:
        async with watching(alice, house.slug) as page:
            assert await page.hear() == "retry: 2000\n\n"
            await forget_sessions()
            assert await page.is_ended()

    asyncio.run(story())


def test_a_stream_ends_when_the_password_changes(
    house: Workspace, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "WELCOME_EVERY_S", 0.0)
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.05)

    @sync_to_async
    def change_password() -> None:
        alice.set_password("another password")
        alice.save()
        connection.close()

    async def story() -> None:
        async with watching(alice, house.slug) as page:
            assert await page.hear() == "retry: 2000\n\n"
            assert stream.BEAT.decode() in [await page.hear() for _ in range(4)]
            await change_password()
            assert await page.is_ended()

    asyncio.run(story())


def test_a_stream_ends_when_the_session_expires(house: Workspace, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "WELCOME_EVERY_S", 0.0)
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.05)

    @sync_to_async
    def expire_sessions() -> None:
        Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
        connection.close()

    async def story() -> None:
        async with watching(alice, house.slug) as page:
            assert await page.hear() == "retry: 2000\n\n"
            assert stream.BEAT.decode() in [await page.hear() for _ in range(4)]
            await expire_sessions()
            assert await page.is_ended()

    asyncio.run(story())


@pytest.mark.parametrize(("host", "is_watched"), [("db.example.com", True), ("/run/postgresql", False), ("", False)])
def test_a_listener_over_the_network_watches_whether_the_other_end_lives(
    host: str, is_watched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "HOST", host)
    assert ("keepalives_idle" in connection_parameters()) is is_watched


def test_pages_share_one_listening_connection_which_ends_with_the_last(house: Workspace, alice: User) -> None:
    @sync_to_async
    def listeners() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND query = 'LISTEN \"vf_events\"' AND state = 'idle'"
            )
            count: int = cursor.fetchone()[0]
        connection.close()
        return count

    async def story() -> None:
        async with watching(alice, house.slug) as first, watching(alice, house.slug) as second:
            await first.hear()
            await second.hear()
            job_id = await _submit(house)
            assert (await first.next_job())["job"] == (await second.next_job())["job"] == job_id
            assert await listeners() == 1
        async with asyncio.timeout(PATIENCE_S):
            while await listeners():
                await asyncio.sleep(0.05)

    asyncio.run(story())


def test_a_page_that_can_not_keep_up_is_told_to_ask_for_everything() -> None:
    queue: asyncio.Queue[bytes] = asyncio.Queue(2)
    for number in range(3):
        stream._put(queue, str(number).encode())
    assert queue.get_nowait() == stream.RESYNC
    assert queue.empty()
