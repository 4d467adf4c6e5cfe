from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from apps.core.body_limit import BodyLimit


def ask(chunks: list[bytes], *, declared: bytes | None = None, path: str = "/", limit: int = 100) -> tuple[int, int]:
    """Status, and how many bytes the application saw."""
    waiting = [{"type": "http.request", "body": c, "more_body": i + 1 < len(chunks)} for i, c in enumerate(chunks)]
    sent: list[Mapping[str, Any]] = []
    seen = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal seen
        while True:
            message = await receive()
            seen += len(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Mapping[str, Any]:
        return waiting.pop(0)

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    headers = [(b"content-length", declared)] if declared is not None else []
    limits = {"/uploads/": 1000}
    asyncio.run(
        BodyLimit(app, lambda p: limits.get(p, limit))(
            {"type": "http", "path": path, "headers": headers}, receive, send
        )
    )
    return sent[0]["status"], seen


def test_a_body_within_the_limit_passes_whole() -> None:
    assert ask([b"x" * 60, b"x" * 40], declared=b"100") == (200, 100)


def test_a_declared_excess_is_refused_before_a_byte_is_read() -> None:
    assert ask([b"x"], declared=b"101") == (413, 0)


def test_an_undeclared_excess_is_refused_where_it_begins() -> None:
    assert ask([b"x" * 60, b"x" * 41, b"x" * 9]) == (413, 60)


@pytest.mark.parametrize("declared", [b"5", b"-7", b"many", b""])
def test_a_lie_about_the_length_does_not_help(declared: bytes) -> None:
    assert ask([b"x" * 60, b"x" * 60], declared=declared)[0] == 413


def test_each_path_has_its_own_limit() -> None:
    assert ask([b"x" * 900], declared=b"900", path="/uploads/") == (200, 900)
    assert ask([b"x" * 900], declared=b"900", path="/elsewhere") == (413, 0)


def test_the_site_lets_files_in_at_one_kind_of_address_only(settings: Any) -> None:
    from apps.config.asgi import _body_limit

    assert _body_limit("/w/acme/uploads/") > settings.UPLOAD_MAX_BYTES
    assert _body_limit("/w/acme/studio/verify/file") > settings.UPLOAD_MAX_BYTES
    assert _body_limit("/w/acme/studio/verify/") == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert _body_limit("/accounts/login/") == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert _body_limit("/w/acme/uploads/ticket") == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
