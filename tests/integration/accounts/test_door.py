"""What somebody hears whose session is over."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> str:
    return reverse("accounts:members", args=[factories.make_workspace().slug])


def _next(address: str) -> str:
    parts = urlsplit(address)
    assert parts.path == reverse("account_login")
    return parse_qs(parts.query)["next"][0]


def test_a_page_leads_to_sign_in_and_back(client: Client, here: str) -> None:
    answer = client.get(f"{here}?page=2", headers={"sec-fetch-mode": "navigate"})
    assert answer.status_code == 302
    assert _next(answer["Location"]) == f"{here}?page=2"


def test_a_part_takes_the_whole_page_to_sign_in_and_back(client: Client, here: str) -> None:
    headers = {"hx-request": "true", "hx-current-url": "http://testserver/w/teas/studio/?q=a#b"}
    for answer in (client.get(here, headers=headers), client.post(f"{here}invite/", headers=headers)):
        assert answer.status_code == 401
        assert _next(answer["HX-Redirect"]) == "/w/teas/studio/?q=a"
        assert "<" not in answer.text


@pytest.mark.parametrize("address", ["", "http://evil.example.org/w/", "javascript:alert(1)", "//evil.example.org"])
def test_a_part_of_a_foreign_page_comes_back_to_the_start(client: Client, here: str, address: str) -> None:
    answer = client.get(here, headers={"hx-request": "true", "hx-current-url": address})
    assert _next(answer["HX-Redirect"]) == "/"


@pytest.mark.parametrize("headers", [{"accept": "application/json"}, {"sec-fetch-mode": "cors"}])
def test_a_script_hears_a_sentence(client: Client, here: str, headers: Any) -> None:
    answer = client.post(f"{here}invite/", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"] == {
        "code": "signed_out",
        "message": "You are signed out. Sign in again and go on where you were.",
    }


def test_a_form_leads_back_to_its_page_and_not_to_an_address_that_only_takes_forms(client: Client, here: str) -> None:
    answer = client.post(f"{here}invite/", headers={"referer": f"http://testserver{here}"})
    assert _next(answer["Location"]) == here
    assert _next(client.post(f"{here}invite/")["Location"]) == "/"
    answer = client.post(f"{here}invite/", headers={"referer": "https://evil.example.org/here"})
    assert _next(answer["Location"]) == "/"
