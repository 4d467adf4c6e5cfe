"""Logs keep no keys."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.conf import settings as ours
from django.test import Client

from apps.config.settings import base
from apps.core.logs import MaskSecrets, mask


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/files/abc.def:123", "/files/…"),
        ("Not Found: /invitations/s3cret/accept/", "Not Found: /invitations/…/accept/"),
        ("/accounts/password/reset/key/1-abc/", "/accounts/password/reset/key/…/"),
        ("/accounts/confirm-email/MQ:1abc/", "/accounts/confirm-email/…/"),
        ("/accounts/login/?next=%2Finvitations%2Fs3cret%2F", "/accounts/login/?next=%2Finvitations%2F…%2F"),
        ("/w/teas/members/", "/w/teas/members/"),
    ],
)
def test_secret_parts_of_addresses_are_masked(text: str, expected: str) -> None:
    assert mask(text) == expected


def test_a_refused_request_leaves_no_secret_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("django.request")
    masking = MaskSecrets()
    logger.addFilter(masking)
    try:
        Client().get("/invitations/s3cret/no/such/page")
    finally:
        logger.removeFilter(masking)
    assert "/invitations/…/no/such/page" in caplog.text
    assert "s3cret" not in caplog.text


def test_every_record_of_the_real_settings_passes_the_mask() -> None:
    configured: dict[str, Any] = base.LOGGING
    assert configured["filters"]["mask"]["()"] == "apps.core.logs.MaskSecrets"
    assert all("mask" in handler["filters"] for handler in configured["handlers"].values())
    assert ours.LOGGING is not configured, "the tests see everything"
