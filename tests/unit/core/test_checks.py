"""The installation's own complaints. Each check is silent when all is well and speaks with its id when not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.db import connection

from apps.core import checks


def ids(found: list[CheckMessage]) -> list[str | None]:
    assert all(message.hint for message in found), "every complaint says what to do"
    return [message.id for message in found]


@pytest.mark.django_db
def test_a_role_that_row_level_security_binds_is_fine() -> None:
    assert ids(checks.check_database_role(databases=["default"])) == []


@pytest.mark.parametrize(("is_super", "bypasses"), [(True, False), (False, True), (True, True)])
def test_a_role_above_row_level_security_is_refused(
    monkeypatch: pytest.MonkeyPatch, is_super: bool, bypasses: bool
) -> None:
    class Cursor:
        def __enter__(self) -> Cursor:
            return self

        def __exit__(self, *error: object) -> None:
            return None

        def execute(self, sql: str) -> None:
            assert "pg_roles" in sql

        def fetchone(self) -> tuple[str, bool, bool]:
            return "root", is_super, bypasses

    monkeypatch.setattr(connection, "cursor", Cursor)
    assert ids(checks.check_database_role(databases=["default"])) == ["visualforge.E001"]


def test_the_database_is_only_asked_when_it_may_be() -> None:
    assert checks.check_database_role(databases=None) == []
    assert checks.check_row_level_security(databases=None) == []


@pytest.mark.django_db
def test_a_tenant_table_without_protection_is_named() -> None:
    assert ids(checks.check_row_level_security(databases=["default"])) == []
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE forgotten (workspace_id uuid)")
        cursor.execute("CREATE TABLE half_done (workspace_id uuid)")
        cursor.execute("ALTER TABLE half_done ENABLE ROW LEVEL SECURITY")
    found = checks.check_row_level_security(databases=["default"])
    assert ids(found) == ["visualforge.E002"] * 2
    assert ["forgotten" in found[0].msg, "half_done" in found[1].msg] == [True, True]


@pytest.mark.django_db
def test_the_table_of_workspaces_needs_protection_itself() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_workspace NO FORCE ROW LEVEL SECURITY")
    (found,) = checks.check_row_level_security(databases=["default"])
    assert "accounts_workspace" in found.msg


def test_a_data_folder_that_does_not_exist_yet_is_fine(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path / "not" / "yet"
    assert ids(checks.check_data_folder()) == []


def test_a_data_folder_below_a_file_is_refused(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "file").write_text("")
    settings.DATA_DIR = tmp_path / "file" / "data"
    assert ids(checks.check_data_folder()) == ["visualforge.E003"]


@pytest.mark.parametrize(
    ("endpoint", "bucket", "expected"),
    [
        ("", "", []),
        ("", "shots", []),
        ("https://s3.example", "shots", []),
        ("https://s3.example", "", ["visualforge.E004"]),
    ],
)
def test_an_endpoint_needs_a_bucket(settings: Any, endpoint: str, bucket: str, expected: list[str]) -> None:
    settings.S3_ENDPOINT_URL, settings.S3_BUCKET = endpoint, bucket
    assert ids(checks.check_storage()) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("filesystem://", []),
        ("amqp://guest@rabbit//", []),
        ("rediss://cache:6379/0", []),
        ("kafka://nowhere", ["visualforge.E005"]),
        ("localhost:6379", ["visualforge.E005"]),
    ],
)
def test_a_broker_has_to_be_one_that_we_know(settings: Any, url: str, expected: list[str]) -> None:
    settings.CELERY_BROKER_URL = url
    assert ids(checks.check_broker()) == expected


def test_purge_steps_have_to_exist(settings: Any) -> None:
    assert ids(checks.check_purge_steps()) == []
    settings.WORKSPACE_PURGE_STEPS = ["apps.assets.services.no_such_thing"]
    assert ids(checks.check_purge_steps()) == ["visualforge.E006"]
    settings.DAILY_CHORES = ["apps.studio.services.no_such_thing"]
    assert ids(checks.check_purge_steps()) == ["visualforge.E006"] * 2


def test_a_translation_has_to_be_compiled_and_fresh(tmp_path: Path, settings: Any) -> None:
    settings.LOCALE_PATHS = [tmp_path]
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text("")
    assert ids(checks.check_translations()) == ["visualforge.W001"]
    (folder / "django.mo").write_bytes(b"")
    assert ids(checks.check_translations()) == []
    os.utime(folder / "django.mo", (1, 1))
    assert ids(checks.check_translations()) == ["visualforge.W001"]


def test_production_without_mail_is_a_warning(settings: Any) -> None:
    settings.EMAIL_HOST = ""
    assert ids(checks.check_mail()) == ["visualforge.W002"]
    settings.EMAIL_HOST = "mail.example.com"
    assert ids(checks.check_mail()) == []
