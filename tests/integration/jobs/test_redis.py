"""Redis instead of the folder: a server of the test's own carries the bells, dies, and comes back empty.

Needs the program redis-server (Debian's package of that name). RabbitMQ takes too long to start for every run of the
tests; `python -m tests.chaos --broker rabbitmq` does the same and more with it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache.backends.redis import RedisCache

from apps.accounts.models import Workspace
from apps.core.tenancy import system_scope
from apps.jobs import services
from apps.jobs.models import Job, JobState
from tests.brokers import BrokerMissing, RedisBroker
from tests.browser.database import own_database
from tests.browser.site import with_database
from tests.integration.jobs.conftest import charges, new_workspace
from tests.programs import killed, started
from tests.waiting import wait_until

WORKER = [sys.executable, "-m", "celery", "--app=apps.config.celery:app", "worker", "--concurrency=1"]
RELAY = [sys.executable, "manage.py", "relay"]


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisBroker]:
    try:
        server = RedisBroker(tmp_path)
    except BrokerMissing as missing:
        pytest.skip(str(missing))
    yield server
    server.close()


@pytest.fixture
def house(redis_server: RedisBroker, tmp_path: Path, transactional_db: None) -> Iterator[Workspace]:
    """A workspace in a database of its own, beside which a relay and a worker run that ring and hear through Redis."""
    with own_database() as name:
        environment = os.environ | {
            "DATABASE_URL": with_database(os.environ["DATABASE_URL"], name),
            "VISUALFORGE_DATA_DIR": str(settings.DATA_DIR),
            "DJANGO_SETTINGS_MODULE": "tests.integration.jobs.worker_settings",
            "CELERY_BROKER_URL": redis_server.url,
            "WORKER_CONCURRENCY": "1",
        }
        programs = [started(argv, environment, tmp_path / "log") for argv in (RELAY, WORKER)]
        try:
            yield new_workspace()
        finally:
            for program in programs:
                killed(program)


def _submit(workspace: Workspace, count: int) -> list[Job]:
    return [services.submit(workspace, kind="test.obedient", params={"ledger": True}) for _ in range(count)]


def _succeeded(jobs: list[Job]) -> int:
    with system_scope():
        return Job.objects.filter(id__in=[job.id for job in jobs], state=JobState.SUCCEEDED).count()


@pytest.mark.slow
def test_what_was_asked_while_redis_was_dead_is_done_once(house: Workspace, redis_server: RedisBroker) -> None:
    before = _submit(house, 3)
    wait_until(lambda: _succeeded(before) == 3, "the first jobs had been done")
    redis_server.kill()
    meanwhile = _submit(house, 3)
    assert _succeeded(meanwhile) == 0
    redis_server.start_again()
    wait_until(lambda: _succeeded(meanwhile) == 3, "the jobs from meanwhile had been done")
    wait_until(lambda: redis_server.waiting() == 0, "every message had been acknowledged")
    assert [charges(job) for job in before + meanwhile] == [1] * 6


def test_attempts_are_counted_in_redis_for_all_machines(
    redis_server: RedisBroker, settings: Any, client: Any, db: None
) -> None:
    url = redis_server.url
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}}
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/5m/key"}
    wrong = {"login": "somebody@example.com", "password": "not the password"}
    said = [client.post("/accounts/login/", wrong).content.decode() for _ in range(4)]
    assert ["Too many" in page for page in said] == [False, False, False, True]
    elsewhere = RedisCache(url, {})
    assert elsewhere._cache.get_client().dbsize() > 0
