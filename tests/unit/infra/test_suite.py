"""How `make test` shares the tests out."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local import suite
from tests import distribution

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("arguments", [[], ["tests"], ["-q", "--durations=20"], ["tests/unit", "tests/browser", "-x"]])
def test_many_tests_run_on_every_core(arguments: list[str]) -> None:
    assert suite.processes(arguments, ROOT, cores=2) == 2
    assert suite.processes(arguments, ROOT, cores=100) == suite.MOST_PROCESSES


def test_one_core_has_one_process() -> None:
    assert suite.processes([], ROOT, cores=1) is None


@pytest.mark.parametrize(
    "few",
    [
        "tests/unit/infra/test_suite.py",
        "tests/unit/infra/test_suite.py::test_one_core_has_one_process",
        "tests/architecture/test_licences.py tests/architecture/test_translations.py",
        "tests -k palette",
        "--lf",
    ],
)
def test_a_few_tests_run_in_one_process(few: str) -> None:
    assert suite.processes(few.split(), ROOT, cores=8) is None


@pytest.mark.parametrize("said", ["-n 0", "-n4", "--numprocesses=3", "--dist=worksteal -n 2", "--pdb", "-s", "--co -q"])
def test_what_a_person_says_about_processes_holds(said: str) -> None:
    assert suite.processes(said.split(), ROOT, cores=8) is None


def test_a_file_that_is_named_twice_counts_once() -> None:
    tests = ROOT / "tests"
    assert suite.processes(["tests/architecture/test_licences.py"] * 9, ROOT, cores=8) is None
    assert len(list(tests.rglob("test_*.py"))) > suite.FEW_FILES


def test_tests_of_a_file_stay_together_and_so_do_folders_that_share_something() -> None:
    file = "tests/unit/infra/test_suite.py"
    assert distribution.group(f"{file}::test_one[tests/browser/a.py::b]") == file
    groups = {distribution.group(f"tests/browser/{name}.py::test_it") for name in ("test_box", "test_kept")}
    assert groups == {"tests/browser"}


def test_what_takes_longest_begins() -> None:
    assert all((ROOT / name).exists() for name in (*distribution.LONGEST, *distribution.TOGETHER))
    ranks = [distribution.rank(distribution.group(name)) for name in (*distribution.LONGEST, "tests/unit/x.py")]
    assert ranks == sorted(set(ranks))
