"""Whose forms are accepted behind TLS."""

from __future__ import annotations

import pytest
from django.core.checks.compatibility.django_4_0 import check_csrf_trusted_origins
from django.middleware.csrf import CsrfViewMiddleware
from django.test import RequestFactory

from apps.core.env import trusted_origins


@pytest.mark.parametrize(
    ("origin", "is_trusted"),
    [
        ("https://example.com", True),
        ("https://shop.example.com", True),
        ("https://studio.example.org", True),
        ("https://evilexample.com", False),
        ("http://example.com", False),
    ],
)
def test_the_origins_are_those_of_the_hosts(origin: str, is_trusted: bool, settings: object) -> None:
    hosts = [".example.com", "studio.example.org", "localhost", "127.0.0.1", "*"]
    settings.CSRF_TRUSTED_ORIGINS = trusted_origins(hosts)  # type: ignore[attr-defined]
    assert check_csrf_trusted_origins(None) == []
    request = RequestFactory().post("/", headers={"origin": origin, "host": "elsewhere.example.net"})
    assert CsrfViewMiddleware(lambda _: None)._origin_verified(request) is is_trusted
