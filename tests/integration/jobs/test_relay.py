"""The relay's loop, with a broker that notes what it was given."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection
from kombu.exceptions import OperationalError as BrokerError

from apps.accounts.models import Workspace
from apps.jobs import dispatch, relay, services
from apps.jobs.dispatch import Ring
from apps.jobs.preparing import NOTE
from apps.jobs.relay import Relay
from tests.integration.jobs.conftest import bell
from tests.integration.jobs.test_lease import cut_connections
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Broker:
    def __init__(self) -> None:
        self.rings: list[str] = []
        self.away = 0

    def publish(self, ring: Ring) -> None:
        if self.away:
            self.away -= 1
            raise BrokerError("the broker is away")
        self.rings.append(str(ring.job_id))


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker()
    monkeypatch.setattr(relay, "publish", broker.publish)
    monkeypatch.setattr(relay, "FIRST_PAUSE_S", 0.02)
    return broker


@pytest.fixture
def running(broker: Broker) -> Iterator[Relay]:
    runner = Relay()

    def run() -> None:
        try:
            runner.run()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield runner
    runner.stop()
    thread.join(60)
    assert not thread.is_alive()


def submit(workspace: Workspace) -> str:
    return str(services.submit(workspace, kind="test.obedient", params={}).id)


def test_a_commit_wakes_the_relay(
    workspace: Workspace, broker: Broker, running: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "POLL_S", 60.0)
    first = submit(workspace)
    wait_until(lambda: broker.rings == [first])
    time.sleep(0.1)
    second = submit(workspace)
    wait_until(lambda: broker.rings == [first, second])
    running.stop()
    submit(workspace)  # wakes it, so that it sees that it has to stop


def test_work_from_before_the_start_is_found(workspace: Workspace, broker: Broker, request: Any) -> None:
    job_id = submit(workspace)
    request.getfixturevalue("running")
    wait_until(lambda: broker.rings == [job_id])


def test_an_absent_broker_is_waited_for(workspace: Workspace, broker: Broker, running: Relay) -> None:
    broker.away = 3
    job_id = submit(workspace)
    wait_until(lambda: broker.rings == [job_id])


def test_a_cut_connection_is_made_again(workspace: Workspace, broker: Broker, running: Relay) -> None:
    first = submit(workspace)
    wait_until(lambda: first in broker.rings)
    cut_connections()
    second = submit(workspace)
    # The first may have rung twice, if its stamp was not yet committed.
    wait_until(lambda: second in broker.rings)


def test_a_row_that_postgresql_refuses_is_said_and_the_others_are_rung(
    workspace: Workspace,
    broker: Broker,
    request: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse() -> int:
        raise IntegrityError("one row too many")

    monkeypatch.setattr(dispatch, "sweep", refuse)
    monkeypatch.setattr(relay, "SWEEP_EVERY_S", 0.0)
    job_id = submit(workspace)
    request.getfixturevalue("running")
    wait_until(lambda: broker.rings == [job_id])
    wait_until(lambda: "one row too many" in caplog.text)


@pytest.mark.parametrize("preparing", [True, False])
def test_the_sweep_is_silent_while_no_worker_can_have_answered(
    broker: Broker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    settings: Any,
    tmp_path: Path,
    preparing: bool,
) -> None:
    settings.DATA_DIR = tmp_path
    if preparing:
        (tmp_path / NOTE).touch()
    monkeypatch.setattr(dispatch, "sweep", lambda: 4)
    with caplog.at_level("INFO", logger="apps.jobs.relay"):
        Relay().turn()
    assert ("the sweep took up 4 jobs" in caplog.text) is not preparing


def test_a_kind_of_another_version_is_rung_with_a_generous_limit(workspace: Workspace, settings: Any) -> None:
    sent: list[Any] = []
    settings.CELERY_APP = f"{__name__}.App"
    App.sent = sent
    job = services.submit(workspace, kind="test.obedient", params={})
    relay.publish(Ring(1, job.id, workspace.id, "test.from_the_future", False))
    assert [options["time_limit"] for _, options in sent] == [630.0]


def test_the_message_carries_the_id_and_a_limit_above_the_deadline(workspace: Workspace, settings: Any) -> None:
    sent: list[Any] = []
    settings.CELERY_APP = f"{__name__}.App"
    App.sent = sent
    job = services.submit(workspace, kind="test.obedient", params={})
    outbox = bell(job)
    assert outbox is not None
    relay.publish(Ring(outbox.id, job.id, workspace.id, job.kind, False))
    assert sent == [("jobs.run", {"args": [str(job.id)], "queue": "jobs", "time_limit": 90.0, "retry": False})]


class App:
    sent: list[Any]

    @classmethod
    def send_task(cls, name: str, **options: Any) -> None:
        cls.sent.append((name, options))
