"""Chromium, the running site, and people who are signed in. A page that complains in its console fails its test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from infra.local import chromium
from tests.browser.database import own_database
from tests.browser.site import Site, running_site
from tests.programs import free_port

# Playwright keeps an event loop in this thread, in which Django would refuse plain queries.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# Waits end as soon as they can: their limit only says when a loaded machine is given up.
PATIENCE_MS = 120_000
expect.set_options(timeout=PATIENCE_MS)
DESKTOP, PHONE = (1440, 900), (390, 844)
# A stream or a request that ends because its page was left, or because the next letter of a search overtook it, is no
# fault. Htmx says two things of each request that came to no answer: the second says whether it was given up or failed.
GIVEN_UP = ("ERR_INCOMPLETE_CHUNKED_ENCODING", "net::ERR_ABORTED", "htmx:sendAbort, ", "htmx:afterRequest, ")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def database(django_db_blocker: Any) -> Iterator[str]:
    """A database of its own, which this process uses too while browser tests run.

    The site has connections of its own, so rows are really committed: every test makes its own people and workspaces.
    """
    with django_db_blocker.unblock(), own_database() as name:
        yield name


@pytest.fixture(scope="package")
def site(database: str) -> Iterator[Site]:
    with running_site(
        port=free_port(), database=database, data_dir=settings.DATA_DIR, secret_key=settings.SECRET_KEY
    ) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(chromium.require()), args=["--no-sandbox"])
        yield started
        started.close()


class Complaints:
    """What pages say in their console, scripts that break, and answers that are our fault."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def listen(self, page: Page) -> None:
        page.on("console", lambda message: self._hear_console(page, message))
        page.on("pageerror", lambda error: self._hear(True, str(error)))
        page.on("response", lambda answer: self._hear(answer.status >= 500, f"{answer.status} {answer.url}"))

    def _hear_console(self, page: Page, message: ConsoleMessage) -> None:
        is_about_page_itself = message.location.get("url") == page.url  # a page that says 404, and is meant to
        self._hear(message.type in ("error", "warning") and not is_about_page_itself, message.text)

    def _hear(self, is_bad: bool, text: str) -> None:
        if is_bad and not any(word in text for word in GIVEN_UP):
            self.heard.append(text)


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[OpenPage]:
    """open_page(user=…, size=…, theme=…, language=…): a fresh browser window, signed in as ``user`` if there is one.

    ``is_heard=False`` is for tests in which answers fail on purpose, which the browser writes into the console.
    """
    contexts: list[BrowserContext] = []
    complaints = Complaints()

    def open_one(
        *,
        user: Any = None,
        size: tuple[int, int] = DESKTOP,
        theme: str = "light",
        language: str = "en",
        scripts: bool = True,
        is_heard: bool = True,
    ) -> Page:
        context = browser.new_context(
            base_url=site.address,
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,  # type: ignore[arg-type]
            locale="zh-CN" if language.startswith("zh") else "en-US",
            has_touch=size == PHONE,
            reduced_motion="reduce",
            java_script_enabled=scripts,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        if user is not None:
            context.add_cookies([_session_cookie(user, site)])
        page = context.new_page()
        # Chromium hands over its file dialogs only once somebody listens, and to begin takes it a moment.
        page.on("filechooser", lambda _: None)
        if is_heard:
            complaints.listen(page)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints.heard == [], site.last_words()


def _session_cookie(user: Any, site: Site) -> Any:
    """What the browser has after signing in."""
    from django.test import Client

    client = Client()
    client.force_login(user)
    return {"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key, "url": site.address}
