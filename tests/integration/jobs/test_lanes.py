"""Jobs that only some workers can do: they wait for one, are rung in its lane, and take turns there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.core.tenancy import system_scope, tenant_scope
from apps.jobs import dispatch, relay, selectors, services, stations, transitions
from apps.jobs.dispatch import Ring
from apps.jobs.models import Job, Outbox, Priority, Share, Station
from tests.integration.jobs.conftest import bell, change, fresh, new_workspace
from tests.integration.jobs.kinds import Obedient

LANE = "gpu-klein"


class Drawn(Obedient):
    name = "test.drawn"

    def lane(self, params: Mapping[str, Any]) -> str:
        return stations.lane_of_model(params["model"])


@pytest.fixture(autouse=True)
def _drawn(settings: Any, _kinds: None) -> None:
    settings.JOB_KINDS = {**settings.JOB_KINDS, "test.drawn": f"{__name__}.Drawn"}


def submit(workspace: Workspace, count: int = 1, kind: str = "test.drawn", **options: Any) -> list[Job]:
    with tenant_scope(workspace.id):
        return [services.submit(workspace, kind=kind, params={"model": "klein"}, **options) for _ in range(count)]


def worker(name: str = "gpu/1", *, model: str = "klein", slots: int = 2, is_ready: bool = True) -> None:
    told = {"name": model, "title": model.title(), "licence": "Apache-2.0", "is_commercial": True}
    stations.beat(name, slots=slots, offers=[{**told, "is_ready": is_ready}])


def ring() -> list[Ring]:
    rings: list[Ring] = []
    dispatch.ring_next(rings.append)
    return rings


def test_nobody_is_rung_while_nobody_can_do_it(workspace: Workspace) -> None:
    [job] = submit(workspace)
    assert fresh(job).lane == bell(job).lane == LANE  # type: ignore[union-attr]
    assert ring() == []
    worker(model="another")
    assert ring() == []
    worker("gpu/2", is_ready=False)
    assert ring() == []
    worker("gpu/3")
    assert [(one.job_id, one.lane) for one in ring()] == [(job.id, LANE)]


def test_a_silent_worker_is_rung_no_more(workspace: Workspace) -> None:
    submit(workspace)
    worker()
    Station.objects.update(seen_at=timezone.now() - timedelta(seconds=stations.ALIVE_S + 1))
    assert ring() == []


def test_work_that_waits_for_a_gpu_takes_no_room_from_the_rest(workspace: Workspace) -> None:
    submit(workspace, 10)
    [other] = submit(workspace, kind="test.obedient")
    assert [one.job_id for one in ring()] == [other.id]
    worker()
    assert {one.lane for one in ring()} == {LANE}


def test_a_lane_holds_as_many_bells_as_its_workers_have_room(workspace: Workspace) -> None:
    worker("gpu/1", slots=2)
    worker("gpu/2", slots=1)
    submit(workspace, 10, priority=Priority.BATCH)
    assert len(ring()) == 3
    assert ring() == []


def test_turns_of_one_lane_say_nothing_about_another(workspace: Workspace) -> None:
    """A workspace that made many shots of sets is not last in line for the GPU."""
    quiet = new_workspace()
    with system_scope():
        Share.objects.create(workspace=workspace, lane="cpu", tag=500.0)
        Share.objects.create(workspace=quiet, lane="cpu", tag=0.0)
    worker(slots=1)
    submit(workspace, 6, priority=Priority.BATCH)
    submit(quiet, 6, priority=Priority.BATCH)
    served = []
    for _ in range(6):
        [one] = ring()
        held = transitions.claim(one.job_id, worker="gpu/1")
        assert held is not None
        transitions.fail_attempt(held, "internal", retryable=False)
        served.append(one.workspace_id)
    assert served.count(quiet.id) == 3


def test_a_weight_holds_in_every_lane(workspace: Workspace) -> None:
    with system_scope():
        Share.objects.create(workspace=workspace, lane="cpu", weight=3.0)
    worker(slots=1)
    submit(workspace)
    ring()
    with system_scope():
        assert Share.objects.get(workspace=workspace, lane=LANE).weight == 3.0


def test_a_job_that_lost_its_worker_waits_in_its_lane_again(workspace: Workspace) -> None:
    [job] = submit(workspace)
    worker()
    ring()
    assert transitions.claim(job.id, worker="gpu/1") is not None
    change(job, lease_until=timezone.now() - timedelta(seconds=1))
    assert dispatch.sweep() == 1
    assert bell(job).lane == LANE  # type: ignore[union-attr]


def test_a_retry_stays_in_its_lane(workspace: Workspace) -> None:
    [job] = submit(workspace)
    services.cancel(job)
    services.retry(fresh(job))
    assert bell(job).lane == LANE  # type: ignore[union-attr]


def test_a_busy_lane_of_sets_is_no_reason_to_wait_longer_for_a_lost_bell(workspace: Workspace) -> None:
    [busy] = submit(workspace, kind="test.obedient")
    transitions.claim(busy.id, worker="here/1")
    worker()
    [job] = submit(workspace)
    ring()
    with system_scope():
        sent = timezone.now() - timedelta(seconds=dispatch.RING_AGAIN_IDLE_S + 1)
        Outbox.objects.filter(job=job).update(published_at=sent)
    assert dispatch.sweep() == 1


def test_the_message_goes_to_the_queue_of_its_lane(workspace: Workspace, settings: Any) -> None:
    from tests.integration.jobs.test_relay import App

    sent: list[Any] = []
    settings.CELERY_APP = "tests.integration.jobs.test_relay.App"
    App.sent = sent
    worker()
    submit(workspace)
    dispatch.ring_next(relay.publish)
    assert [options["queue"] for _, options in sent] == [LANE]


def test_the_time_ahead_is_counted_lane_by_lane(workspace: Workspace) -> None:
    submit(workspace, 6)
    with tenant_scope(workspace.id):
        assert selectors.seconds_ahead(workspace, priority=Priority.BATCH) == 0
        assert selectors.seconds_ahead(workspace, priority=Priority.BATCH, lane=LANE, slots=3) == 2


def test_offers_are_counted_over_all_workers(workspace: Workspace) -> None:
    worker("gpu/1", slots=2)
    worker("gpu/2", slots=3)
    worker("gpu/3", model="another")
    assert [(offer.name, offer.slots) for offer in stations.offers()] == [("klein", 5), ("another", 2)]
    stations.sign_off("gpu/2")
    assert [offer.slots for offer in stations.offers()] == [2, 2]


def test_workers_that_nobody_heard_of_for_a_day_are_forgotten(workspace: Workspace) -> None:
    worker("gpu/1")
    worker("gpu/2")
    Station.objects.filter(worker="gpu/1").update(seen_at=timezone.now() - timedelta(days=2))
    assert stations.forget_silent() == 1
    assert [station.worker for station in stations.living()] == ["gpu/2"]


def test_a_worker_that_takes_no_work_is_neither_rung_nor_offered(workspace: Workspace) -> None:
    submit(workspace)
    worker("gpu/1", slots=0)
    assert ring() == []
    assert (stations.slots(), stations.offers()) == ({}, [])
    assert stations.living().count() == 1
    worker("gpu/2", slots=1)
    assert len(ring()) == 1
    assert [(offer.name, offer.slots) for offer in stations.offers()] == [("klein", 1)]


def test_a_worker_that_ends_by_a_fault_again_and_again_leaves_its_last_word_alone(workspace: Workspace) -> None:
    worker("here/1")
    worker("elsewhere/1")
    for pid in (2, 3):
        stations.sign_off(f"here/{pid}", fault="RuntimeError:\nno device", offers=[])
    assert {one.worker for one in Station.objects.all()} == {"here/1", "elsewhere/1", "here/2", "here/3"}
    Station.objects.exclude(worker="here/1").update(seen_at=timezone.now() - timedelta(seconds=stations.ALIVE_S + 1))
    stations.sign_off("here/4", fault="RuntimeError:\nno device")
    rows = Station.objects.order_by("worker").values_list("worker", "slots", "fault")
    assert list(rows) == [("elsewhere/1", 2, ""), ("here/1", 2, ""), ("here/4", 0, "RuntimeError: no device")]
    stations.sign_off("here/1")
    assert set(stations.living().values_list("worker", flat=True)) == {"here/4"}
