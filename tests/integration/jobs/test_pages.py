"""What people see of their jobs, and what they may do."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Role, User, Workspace
from apps.core.tenancy import tenant_scope
from apps.jobs import preparing, selectors, services, tasks, transitions
from apps.jobs.models import Batch, Job, Priority
from tests import factories
from tests.integration.jobs.conftest import change, fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    return factories.make_person("alice@example.com", name="Alice Ling")


@pytest.fixture
def house(alice: User) -> Workspace:
    return factories.make_workspace(alice, name="Kiln")


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def submit(house: Workspace, label: str = "Blue mug", batch: Batch | None = None, **params: object) -> Job:
    return services.submit(house, kind="test.obedient", params=params, label=label, batch=batch)


def url(name: str, house: Workspace, *arguments: object) -> str:
    return reverse(f"jobs:{name}", args=[house.slug, *arguments])


def text(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_the_tray_is_empty_when_nothing_runs(browser: Client, house: Workspace) -> None:
    tasks.run(str(submit(house).id))
    assert text(browser, url("tray", house)).strip() == ""


def test_the_tray_shows_a_running_job_with_progress_time_left_and_cancel(browser: Client, house: Workspace) -> None:
    job = submit(house)
    held = transitions.claim(job.id, worker="here/1")
    assert held is not None
    transitions.report(held, "shadow", 0.5)
    change(job, started_at=timezone.now() - timedelta(seconds=19))
    page = text(browser, url("tray", house))
    assert "Blue mug" in page
    assert "Casting the shadow" in page
    assert "about 20 s left" in page
    assert 'value="0.500"' in page
    assert url("cancel", house, job.id) in page


def test_tray_and_activity_say_why_nothing_begins_while_the_engines_are_prepared(
    browser: Client, house: Workspace, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    submit(house)
    (tmp_path / preparing.NOTE).touch()
    before = [text(browser, url(name, house)) for name in ("tray", "activity")]
    preparing.is_over()
    after = [text(browser, url(name, house)) for name in ("tray", "activity")]
    assert ["The engines are being prepared." in page for page in before] == [True, True]
    assert ["The engines are being prepared." in page for page in after] == [False, False]


def test_the_tray_shows_a_batch_as_one_row(browser: Client, house: Workspace) -> None:
    batch = services.create_batch(house, kind="test.obedient", label="Teapots")
    jobs = [submit(house, f"Pot {number}", batch) for number in range(4)]
    tasks.run(str(jobs[0].id))
    page = text(browser, url("tray", house))
    assert "1 of 4" in page
    assert "Teapots" in page
    assert "Pot 1" not in page
    assert 'value="0.250"' in page


def test_small_kinds_stay_out_of_the_tray_and_the_activity(browser: Client, house: Workspace) -> None:
    services.submit(house, kind="test.hasty", params={}, label="Flicker")
    assert "Flicker" not in text(browser, url("tray", house))
    assert "Flicker" not in text(browser, url("activity", house))


def test_the_activity_of_a_new_workspace_says_what_will_appear(browser: Client, house: Workspace) -> None:
    assert "Nothing has run yet" in text(browser, url("activity", house))


def test_a_failed_job_says_what_happened_and_offers_another_try(browser: Client, house: Workspace) -> None:
    job = submit(house, error="invalid")
    tasks.run(str(job.id))
    page = text(browser, url("activity", house))
    assert "A product needs a name." in page
    assert url("retry", house, job.id) in page


@pytest.mark.parametrize(
    ("show", "seen"),
    [("", "ABC"), ("open", "A"), ("failed", "B"), ("done", "C"), ("cancelled", ""), ("nonsense", "ABC")],
)
def test_the_activity_can_be_filtered_by_state(browser: Client, house: Workspace, show: str, seen: str) -> None:
    submit(house, "Job A")
    tasks.run(str(submit(house, "Job B", error="refused").id))
    tasks.run(str(submit(house, "Job C").id))
    page = text(browser, url("activity", house) + f"?show={show}")
    assert "".join(letter for letter in "ABC" if f"Job {letter}" in page) == seen


def test_a_batch_with_failures_is_found_under_failed_and_can_be_retried(browser: Client, house: Workspace) -> None:
    batch = services.create_batch(house, kind="test.obedient", label="Teapots")
    good, bad = submit(house, batch=batch), submit(house, batch=batch, error="refused")
    for job in (good, bad):
        tasks.run(str(job.id))
    page = text(browser, url("activity", house) + "?show=failed")
    assert "1 failed" in page
    browser.post(url("retry_batch", house, batch.id))
    assert (fresh(good).state, fresh(bad).state) == ("succeeded", "queued")


def test_the_activity_has_pages(browser: Client, house: Workspace) -> None:
    for number in range(31):
        submit(house, f"Job number {number:02}")
    first, second = (text(browser, url("activity", house) + f"?page={page}") for page in (1, 2))
    assert ("Job number 30" in first, "Job number 00" in first) == (True, False)
    assert ("Job number 30" in second, "Job number 00" in second) == (False, True)


def test_the_number_of_queries_does_not_grow_with_the_rows(
    browser: Client, house: Workspace, django_assert_max_num_queries: object
) -> None:
    batch = services.create_batch(house, kind="test.obedient", label="Teapots")
    for _ in range(20):
        submit(house)
        submit(house, batch=batch)
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        browser.get(url("activity", house))


def test_cancel_answers_with_the_event_that_makes_the_page_look_again(browser: Client, house: Workspace) -> None:
    job = submit(house)
    answer = browser.post(url("cancel", house, job.id), headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert json.loads(answer["HX-Trigger"])["vf:job"]["state"] == "cancelled"
    assert fresh(job).state == "cancelled"
    assert fresh(job).cancel_requested_by is not None


def test_without_script_cancel_leads_back_to_the_activity(browser: Client, house: Workspace) -> None:
    answer = browser.post(url("cancel", house, submit(house).id))
    assert (answer.status_code, answer["Location"]) == (302, url("activity", house))


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_a_reviewer_may_look_but_not_act(house: Workspace, action: str) -> None:
    bob = factories.make_member(house, Role.REVIEWER).user
    client = Client()
    client.force_login(bob)
    job = submit(house)
    assert client.post(url(action, house, job.id)).status_code == 403
    assert fresh(job).state == "queued"
    page = text(client, url("activity", house))
    assert "Blue mug" in page
    assert url("cancel", house, job.id) not in page


def test_a_job_of_another_workspace_is_not_found(browser: Client, house: Workspace) -> None:
    theirs = factories.make_workspace()
    job = submit(theirs)
    for name in ("card", "row"):
        assert browser.get(url(name, house, job.id)).status_code == 404
    for name in ("cancel", "retry"):
        assert browser.post(url(name, house, job.id)).status_code == 404
    assert fresh(job).state == "queued"


def test_the_card_of_a_job_follows_it(browser: Client, house: Workspace) -> None:
    job = submit(house)
    page = text(browser, url("card", house, job.id))
    assert f'data-live="{job.id}"' in page
    assert "Waiting" in page


def test_an_opened_batch_lists_its_jobs(browser: Client, house: Workspace) -> None:
    batch = services.create_batch(house, kind="test.obedient", label="Teapots")
    submit(house, "Pot 1", batch)
    submit(house, "Pot 2", batch)
    page = text(browser, url("batch_jobs", house, batch.id))
    assert "Pot 1" in page
    assert "Pot 2" in page


def test_polling_tells_what_the_stream_would_have_told(browser: Client, house: Workspace) -> None:
    old = submit(house, "old")
    change(old, changed_at=timezone.now() - timedelta(minutes=1))
    begin = browser.get(url("changes", house)).json()
    assert begin["changes"] == []
    job = submit(house)
    heard = browser.get(url("changes", house), {"since": begin["cursor"]}).json()
    assert heard["changes"] == [job.event()]
    tasks.run(str(job.id))
    again = browser.get(url("changes", house), {"since": heard["cursor"]}).json()
    assert [change["state"] for change in again["changes"]] == ["succeeded"]


def test_more_changes_than_fit_in_one_answer_are_told_page_by_page(
    browser: Client, house: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "CHANGES_AT_MOST", 2)
    since = timezone.now() - timedelta(minutes=9)
    jobs = [submit(house) for _ in range(7)]
    for job, minutes_ago in zip(jobs, (8, 7, 7, 7, 6, 5, 4), strict=True):  # three at the same moment
        change(job, changed_at=since + timedelta(minutes=9 - minutes_ago))
    answers = [browser.get(url("changes", house), {"since": since.isoformat()}).json()]
    while answers[-1]["rest"]:
        answers.append(browser.get(url("changes", house), {"since": answers[-1]["rest"]}).json())
    pages = [[change["job"] for change in answer["changes"]] for answer in answers]
    assert [len(page) for page in pages] == [4, 2, 1]
    assert {job for page in pages for job in page} == {str(job.id) for job in jobs}


@pytest.mark.parametrize("cursor", ["yesterday", "2026-01-01T00:00:00", "2026-13-45T00:00:00Z"])
def test_polling_refuses_a_cursor_that_it_did_not_give(browser: Client, house: Workspace, cursor: str) -> None:
    answer = browser.get(url("changes", house), {"since": cursor}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "cursor_unreadable")


def test_a_long_queue_is_counted_in_full_and_cancelled_in_one_go(browser: Client, house: Workspace) -> None:
    jobs = [submit(house, f"Mug {number}") for number in range(23)]
    tray = text(browser, url("tray", house))
    assert '<span class="muted numbers">23</span>' in tray
    assert "and 3 more" in tray
    assert "Cancel 23 jobs?" in text(browser, url("activity", house))
    answer = browser.post(url("cancel_all", house))
    assert answer["Location"] == url("activity", house)
    assert {fresh(job).state for job in jobs} == {"cancelled"}
    assert "Cancel all" not in text(browser, url("activity", house))


def test_cancelling_all_leaves_other_workspaces_alone(browser: Client, house: Workspace) -> None:
    elsewhere = submit(factories.make_workspace(name="Loom"))
    browser.post(url("cancel_all", house))
    assert fresh(elsewhere).state == "queued"


@pytest.mark.parametrize(
    ("progress", "elapsed_s", "typical_s", "left_s"),
    [
        (0.3, 1.0, 4.0, 3.0),  # earlier jobs say more than the pace of the first stage
        (0.8, 4.0, 2.0, 1.0),
        (0.5, 6.0, 4.0, 6.0),
        (0.1, 6.0, None, None),
    ],
)
def test_the_time_left_counts_down(
    house: Workspace, progress: float, elapsed_s: float, typical_s: float | None, left_s: float | None
) -> None:
    job = submit(house)
    job.state, job.progress = "running", progress
    job.started_at = timezone.now() - timedelta(seconds=elapsed_s)
    typical = {} if typical_s is None else {job.kind: typical_s}
    found = selectors.job_progress(job, typical).left_s
    assert found == (None if left_s is None else pytest.approx(left_s, abs=0.2))


def test_a_batch_is_timed_by_its_own_pace_once_it_has_one(house: Workspace, settings: Any) -> None:
    settings.WORKER_CONCURRENCY = 2
    batch = services.create_batch(house, kind="test.obedient", label="Teapots")
    jobs = [submit(house, f"Pot {number}", batch) for number in range(20)]
    began = timezone.now() - timedelta(seconds=30)
    for job in jobs[:5]:
        change(job, state="succeeded", started_at=began, ended_at=began + timedelta(seconds=2))
    for job in jobs[5:7]:
        change(job, state="running", started_at=began, lease_until=timezone.now() + timedelta(minutes=1))
    assert batch_left_s(house, batch) == pytest.approx(15 * 30 / 5, rel=0.05)
    for job in jobs[2:5]:
        change(job, state="queued", started_at=None, ended_at=None)
    assert batch_left_s(house, batch) == pytest.approx(18 * 2 / 2, rel=0.05)


def batch_left_s(house: Workspace, batch: Batch) -> float | None:
    with tenant_scope(house.id):
        (entry,) = selectors.entries(house, [batch.id])
    return entry.progress.left_s


def test_what_waits_ahead_is_counted_by_priority(house: Workspace, settings: Any) -> None:
    settings.WORKER_CONCURRENCY = 2
    submit(house)
    for _ in range(3):
        services.submit(house, kind="test.obedient", params={}, priority=Priority.BATCH)
    with tenant_scope(house.id):
        assert selectors.seconds_ahead(house, priority=Priority.INTERACTIVE) == pytest.approx(0.5)
        assert selectors.seconds_ahead(house, priority=Priority.BATCH) == pytest.approx(2.0)
