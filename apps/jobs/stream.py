"""Server-sent events: one LISTEN connection a process, shared by every open page.

A page hears only its own workspace, and only while its session and membership stand. No connection of the ORM is held
while a stream is open. What a page missed it asks for (``views.changes``); the rows are the truth.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import sql

from apps.core.events import CHANNEL
from apps.core.listening import connection_parameters

logger = logging.getLogger(__name__)
HEARTBEAT_S = 15.0
WELCOME_EVERY_S = 30.0
QUEUE_SIZE = 256
LONGEST_PAUSE_S = 5.0
RESYNC = b"event: resync\ndata: {}\n\n"
BEAT = b": beat\n\n"
RETRY = b"retry: 2000\n\n"
MOST_A_PERSON = 30  # open pages of one person in one process; more would leave no room for others
COME_LATER = b"retry: 30000\n\n"

Queue = asyncio.Queue[bytes]


class Hub:
    """Hears every notification of the channel once and hands it to the workspace's open pages."""

    def __init__(self) -> None:
        self._queues: defaultdict[str, set[Queue]] = defaultdict(set)
        self._pages: Counter[uuid.UUID] = Counter()
        self._listening: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def seat(self, person_id: uuid.UUID) -> AsyncIterator[bool]:
        """Whether one more page of this person may listen; the place is kept as long as the context."""
        is_free = self._pages[person_id] < MOST_A_PERSON
        self._pages[person_id] += is_free
        try:
            yield is_free
        finally:
            self._pages[person_id] -= is_free
            if not self._pages[person_id]:
                del self._pages[person_id]

    @asynccontextmanager
    async def subscribe(self, workspace_id: uuid.UUID) -> AsyncIterator[Queue]:
        """The messages of one workspace. The first subscriber starts the listening, the last one ends it."""
        queue: Queue = asyncio.Queue(QUEUE_SIZE)
        queues = self._queues[str(workspace_id)]
        queues.add(queue)
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())
        try:
            yield queue
        finally:
            queues.discard(queue)
            if not queues:
                self._queues.pop(str(workspace_id), None)
            if not self._queues and self._listening is not None:
                self._listening.cancel()
                self._listening = None

    async def _listen(self) -> None:
        pause_s = 0.25
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**connection_parameters(), autocommit=True) as raw:
                    await raw.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
                    pause_s = 0.25
                    self._tell_everyone(RESYNC)
                    async for heard in raw.notifies():
                        self._deliver(heard.payload)
            except (psycopg.Error, OSError) as error:
                logger.warning("events are deaf for %.2f s: %s", pause_s, str(error).strip())
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _deliver(self, payload: str) -> None:
        message: dict[str, Any] = json.loads(payload)
        text = f"event: {message['event']}\ndata: {json.dumps(message['data'])}\n\n".encode()
        for queue in self._queues.get(message["workspace"], ()):
            _put(queue, text)

    def _tell_everyone(self, text: bytes) -> None:
        for queues in self._queues.values():
            for queue in queues:
                _put(queue, text)


def _put(queue: Queue, text: bytes) -> None:
    """A page that can not keep up is told to ask for everything instead."""
    if queue.full():
        with suppress(asyncio.QueueEmpty):
            while True:
                queue.get_nowait()
        text = RESYNC
    queue.put_nowait(text)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def _hub() -> Hub:
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


async def event_stream(
    workspace_id: uuid.UUID, person_id: uuid.UUID, is_welcome: Callable[[], Awaitable[bool]]
) -> AsyncIterator[bytes]:
    """The body of the response. Ends within ``WELCOME_EVERY_S`` and a heartbeat of the reader losing access.

    Of a person with more than ``MOST_A_PERSON`` open pages the next ones only come back every half a minute, and ask
    then for what changed.
    """
    async with _hub().seat(person_id) as is_free, _hub().subscribe(workspace_id) as queue:
        if not is_free:
            yield COME_LATER
            return
        checked_at = time.monotonic()
        yield RETRY
        while True:
            message = await _next(queue)
            if time.monotonic() - checked_at >= WELCOME_EVERY_S:
                if not await is_welcome():
                    return
                checked_at = time.monotonic()
            yield message


async def _next(queue: Queue) -> bytes:
    try:
        async with asyncio.timeout(HEARTBEAT_S):
            return await queue.get()
    except TimeoutError:
        return BEAT
