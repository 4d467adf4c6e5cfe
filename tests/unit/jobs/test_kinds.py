from __future__ import annotations

from typing import Any

import pytest

from apps.jobs.checks import check_kinds
from apps.jobs.kinds import title, whole_fraction
from apps.jobs.models import Priority
from tests.integration.jobs.kinds import Obedient


class NoKind:
    name = "test.none"


class Misnamed(Obedient):
    name = "test.other"


class Timeless(Obedient):
    name = "test.timeless"
    deadline_s = 0.0


class Staged(Obedient):
    stages = {"find": (0.0, 0.4), "matte": (0.4, 0.9)}


@pytest.mark.parametrize(
    ("name", "target", "ids"),
    [
        ("test.obedient", "tests.integration.jobs.kinds.Obedient", []),
        ("test.absent", "tests.integration.jobs.kinds.Absent", ["jobs.E001"]),
        ("test.absent", "no.such.module.Kind", ["jobs.E001"]),
        ("test.none", f"{__name__}.NoKind", ["jobs.E002"]),
        ("test.misnamed", f"{__name__}.Misnamed", ["jobs.E003"]),
        ("test.timeless", f"{__name__}.Timeless", ["jobs.E003"]),
    ],
)
def test_a_kind_that_can_not_work_is_found_at_boot(settings: Any, name: str, target: str, ids: list[str]) -> None:
    settings.JOB_KINDS = {name: target}
    found = check_kinds()
    assert [message.id for message in found] == ids
    assert all(message.hint for message in found)


@pytest.mark.parametrize(
    ("stage", "fraction", "whole"),
    [("find", 0.0, 0.0), ("find", 0.5, 0.2), ("matte", 0.0, 0.4), ("matte", 1.0, 0.9), ("matte", 7.0, 0.9)],
)
def test_stages_add_up_to_one_progress(stage: str, fraction: float, whole: float) -> None:
    assert whole_fraction(Staged(), stage, fraction) == pytest.approx(whole)


def test_without_stages_the_fraction_is_that_of_the_whole_job() -> None:
    assert whole_fraction(Obedient(), "find", 0.5) == 0.5


def test_a_kind_that_is_gone_is_shown_by_its_name(settings: Any) -> None:
    settings.JOB_KINDS = {}
    assert title("ads.gone") == "ads.gone"


def test_interactive_work_ranks_before_batch_before_maintenance() -> None:
    assert sorted(Priority, key=lambda priority: priority.rank) == ["interactive", "batch", "maintenance"]
