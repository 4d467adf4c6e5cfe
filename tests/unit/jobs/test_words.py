from __future__ import annotations

import pytest
from django.utils import translation

from apps.jobs.models import Job
from apps.jobs.runner import minutes
from apps.jobs.words import job_note, stage_words, time_left


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "almost done"),
        (2.4, "almost done"),
        (2.6, "about 5 s left"),
        (7.4, "about 5 s left"),
        (7.6, "about 10 s left"),
        (57.4, "about 55 s left"),
        (58, "about 1 minute left"),
        (89, "about 1 minute left"),
        (91, "about 2 minutes left"),
        (3600, "about 60 minutes left"),
    ],
)
def test_the_time_left_is_rounded_so_that_it_does_not_flicker(seconds: float, words: str) -> None:
    assert time_left(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(30.0, "0.5"), (90.0, "1.5"), (900.0, "15"), (21_600.0, "360")])
def test_a_limit_is_said_in_minutes_without_empty_decimals(seconds: float, words: str) -> None:
    assert minutes(seconds) == words


def test_a_stage_reads_as_a_person_would_say_it() -> None:
    assert stage_words("shadow") == "Casting the shadow"


def test_an_unknown_stage_is_just_work() -> None:
    assert stage_words("xyz-17") == "Working"


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"state": "queued"}, "Waiting"),
        ({"state": "queued", "error_code": "worker_lost"}, "Waiting for another try"),
        ({"state": "running", "stage": "store"}, "Saving"),
        ({"state": "running", "cancel_requested_at": "2026-01-01T00:00:00Z"}, "Stopping…"),
        ({"state": "succeeded"}, "Done"),
        ({"state": "cancelled"}, "Cancelled"),
        (
            {"state": "failed", "error_code": "deadline_passed", "error_params": {"minutes": minutes(120.0)}},
            "This took longer than it may (2 min) and was stopped. Please try again.",
        ),
    ],
)
def test_the_note_of_a_job_says_what_it_does_or_how_it_ended(fields: dict[str, object], note: str) -> None:
    with translation.override("en"):
        assert job_note(Job(kind="test", **fields)) == note
