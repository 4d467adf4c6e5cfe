from __future__ import annotations

import pytest
from django.db import OperationalError
from django.test import Client

pytestmark = pytest.mark.django_db


def test_it_answers_whatever_the_host_and_without_tls(settings: pytest.FixtureRequest) -> None:
    settings.ALLOWED_HOSTS = ["shop.example.com"]  # type: ignore[attr-defined]
    settings.SECURE_SSL_REDIRECT = True  # type: ignore[attr-defined]
    answer = Client().get("/healthz", headers={"host": "127.0.0.1:8000"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_other_pages_still_refuse_a_foreign_host(settings: pytest.FixtureRequest) -> None:
    settings.ALLOWED_HOSTS = ["shop.example.com"]  # type: ignore[attr-defined]
    assert Client().get("/accounts/login/", headers={"host": "127.0.0.1:8000"}).status_code == 400


def test_it_is_unwell_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr("apps.core.health.connection.cursor", gone)
    assert Client(raise_request_exception=False).get("/healthz").status_code == 503
