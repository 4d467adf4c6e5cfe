"""Refuses large bodies before they are read.

Django's ASGI handler writes a whole body to disk before the first middleware runs, so a limit inside Django comes too
late. This wraps the application: it believes Content-Length when it is too large, and counts when there is none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]
REFUSAL = b'{"error": {"code": "too_large"}}'


class BodyTooLarge(Exception):
    """Raised into the application that reads; nothing in it catches this."""


class BodyLimit:
    """Answers 413 to requests whose body exceeds ``limit_of(path)`` bytes."""

    def __init__(self, app: App, limit_of: Callable[[str], int]) -> None:
        self.app = app
        self.limit_of = limit_of

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.limit_of(scope["path"])
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            await _refuse(send)
            return
        try:
            await self.app(scope, _counted(receive, limit), send)
        except BodyTooLarge:
            await _refuse(send)


def _counted(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def counted() -> Mapping[str, Any]:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise BodyTooLarge
        return message

    return counted


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": REFUSAL})
