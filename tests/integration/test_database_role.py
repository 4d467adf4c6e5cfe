"""The tests are worth little if the role they use could see past row-level security."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.mark.django_db
def test_tests_connect_as_a_role_that_row_level_security_binds() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)
