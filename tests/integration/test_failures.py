"""What people and scripts see when something is wrong."""

from __future__ import annotations

import asyncio
import errno
import re
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import include, path, reverse
from redis.exceptions import ConnectionError as RedisAway

from tests import factories

CHINESE = {"accept-language": "zh-CN,zh;q=0.9"}
JSON = {"accept": "application/json"}
HTMX = {"hx-request": "true"}


def breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret detail")


def database_away(request: HttpRequest) -> HttpResponse:
    raise OperationalError("connection refused")


def disk_full(request: HttpRequest) -> HttpResponse:
    raise OSError(errno.ENOSPC, "No space left on device", "/srv/secret/cache")


def cache_away(request: HttpRequest) -> HttpResponse:
    raise RedisAway("Error 111 connecting to redis")


def asks_database(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("fine")


handler400 = "apps.core.failures.bad_request"
handler403 = "apps.core.failures.forbidden"
handler404 = "apps.core.failures.not_found"
handler500 = "apps.core.failures.server_error"
urlpatterns = [
    path("breaks", breaks),
    path("asks-database", asks_database),
    path("database-away", database_away),
    path("cache-away", cache_away),
    path("disk-full", disk_full),
    path("", include("apps.config.urls")),
]


@pytest.fixture
def visitor(settings: Any) -> Client:
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", refuse)


def test_an_unknown_address_is_a_page_in_the_language_of_the_reader(visitor: Client) -> None:
    english, chinese = visitor.get("/no/such/page"), visitor.get("/no/such/page", headers=CHINESE)
    assert (english.status_code, chinese.status_code) == (404, 404)
    assert "There is no page at this address." in english.text
    assert "这个地址没有页面" in chinese.text
    assert english.text.count("<h1") == 1


def test_an_unknown_address_is_json_for_scripts_and_a_toast_for_parts(visitor: Client) -> None:
    assert visitor.get("/no/such/page", headers=JSON).json()["error"]["code"] == "page_not_found"
    part = visitor.get("/no/such/page", headers=HTMX)
    assert (part.status_code, part.content, part["HX-Reswap"]) == (404, b"", "none")
    assert "There is no page at this address." in part["HX-Trigger"]


def test_a_wrong_method_is_a_page(visitor: Client) -> None:
    page = visitor.get(reverse("accounts:language"))
    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert "Go back and use the button on the page." in page.text


def test_a_stale_form_says_what_to_do(settings: Any) -> None:
    page = Client(enforce_csrf_checks=True).post(reverse("accounts:language"), {"language": "en"})
    assert page.status_code == 403
    assert "What you typed is still there when you go back" in page.text
    part = Client(enforce_csrf_checks=True).post(reverse("accounts:language"), {"language": "en"}, headers=HTMX)
    assert part.status_code == 401, "a part of a page hears that nobody is signed in any more"


def test_an_error_page_says_in_words_what_happened_and_the_number_last(visitor: Client) -> None:
    page = visitor.get("/no/such/page").text
    assert re.findall(r"<h1>(.*?)</h1>", page) == ["Nothing is here"]
    assert page.index("There is no page at this address.") < page.index("Error 404")


def test_a_broken_page_says_so_and_tells_no_secrets(visitor: Client) -> None:
    english, chinese = visitor.get("/breaks"), visitor.get("/breaks", headers=CHINESE)
    assert (english.status_code, chinese.status_code) == (500, 500)
    assert "Something broke on our side." in english.text
    assert "secret detail" not in english.text
    assert 'lang="zh-hans"' in chinese.text
    assert "Something broke" not in chinese.text
    assert english["Content-Security-Policy"]
    assert visitor.get("/breaks", headers=JSON).json()["error"]["code"] == "internal"


@pytest.mark.parametrize("address", ["/?q=%00", "/%00", "/no/such/page?kind=a%00b"])
def test_a_nul_in_an_address_is_a_bad_request(visitor: Client, address: str) -> None:
    page = visitor.get(address)
    assert page.status_code == 400
    assert "We could not read that request." in page.text


def test_a_nul_in_a_form_is_a_bad_request(visitor: Client) -> None:
    body = "language=en&next=%00"
    answer = visitor.post(reverse("accounts:language"), body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400


def test_an_unknown_host_is_a_bad_request_page(visitor: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["example.com"]
    page = visitor.get("/", headers={"host": "evil.example.org"})
    assert page.status_code == 400
    assert "We could not read that request." in page.text


@pytest.mark.usefixtures("no_database")
def test_a_page_waits_for_a_database_that_is_away(visitor: Client) -> None:
    page = visitor.get("/asks-database")
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert "We can not reach our database right now." in page.text
    assert '<meta http-equiv="refresh" content="5">' in page.text


@pytest.mark.usefixtures("no_database")
def test_what_was_sent_is_not_sent_again_by_itself(visitor: Client) -> None:
    page = visitor.post("/asks-database")
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert "http-equiv" not in page.text
    assert "What you typed is still there" in page.text


def test_a_cache_that_is_away_is_said_and_waited_for(visitor: Client) -> None:
    page = visitor.get("/cache-away", headers=CHINESE)
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert "网站的一部分暂时没有响应" in page.text
    assert "Error 111" not in page.text


def test_a_full_disk_is_said_and_waited_for(visitor: Client) -> None:
    page = visitor.get("/disk-full")
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert "The disk of this site is full." in page.text
    assert "secret" not in page.text


def test_a_page_is_kept_by_no_proxy_and_may_use_nothing_that_it_does_not_need(visitor: Client) -> None:
    for address in ("/accounts/login/", "/no/such/page"):
        page = visitor.get(address)
        assert page["Cache-Control"].startswith("private") or "no-store" in page["Cache-Control"], address
        assert "camera=()" in page["Permissions-Policy"], address


@pytest.mark.usefixtures("no_database")
def test_scripts_and_parts_hear_of_the_database_in_their_form(visitor: Client) -> None:
    answer = visitor.get("/asks-database", headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "database_away")
    assert "We can not reach our database" in visitor.get("/asks-database", headers=HTMX)["HX-Trigger"]


@pytest.mark.django_db
def test_a_session_that_can_not_be_read_is_no_broken_page(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session is read by a middleware, before any view."""
    visitor.force_login(factories.make_person())

    def refuse(*args: object) -> None:
        raise InterfaceError("connection already closed")

    monkeypatch.setattr(connection, "cursor", refuse)
    page = visitor.get("/", headers=CHINESE)
    monkeypatch.undo()
    assert page.status_code == 503
    assert 'lang="zh-hans"' in page.text


def test_the_database_is_recognised_under_asgi(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    client = AsyncClient(raise_request_exception=False)
    page = asyncio.run(client.get("/database-away"))
    assert (page.status_code, page["Retry-After"]) == (503, "5")
