"""How `make test` shares the tests out."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local import suite
from tests import distribution

ROOT = Path(__file__).resolve().parents[3]
ONE = "tests/unit/infra/test_suite.py"


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribution, "usable_cores", lambda: 8)


def read(pytestconfig: pytest.Config, arguments: str) -> Any:
    """What pytest makes of the arguments of `make test`."""
    option = pytestconfig._parser.parse(["--numprocesses=auto", *arguments.split()])
    here = SimpleNamespace(dir=ROOT)
    return SimpleNamespace(option=option, args=option.file_or_dir or ["tests"], rootpath=ROOT, invocation_params=here)


@pytest.mark.parametrize("many", ["", "tests/unit tests/browser", "tests/integration/studio -x -q --durations=20"])
def test_many_tests_run_on_every_core(pytestconfig: pytest.Config, many: str) -> None:
    assert distribution.pytest_xdist_auto_num_workers(read(pytestconfig, many)) == 8


@pytest.mark.parametrize(
    "few", ["tests/browser", ONE, f"{ONE}::test_it[a/b]", "-k palette", "tests --lf", "-s", "--collect-only tests"]
)
def test_a_few_tests_run_in_one_process(pytestconfig: pytest.Config, few: str) -> None:
    assert distribution.pytest_xdist_auto_num_workers(read(pytestconfig, few)) == 0


@pytest.mark.parametrize(("said", "processes"), [("-n 0", 0), ("tests/browser -n3", 3), ("--numprocesses=5", 5)])
def test_the_number_that_a_person_says_holds(pytestconfig: pytest.Config, said: str, processes: int) -> None:
    assert read(pytestconfig, said).option.numprocesses == processes


def test_what_make_test_runs_asks_for_as_many_as_suit(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(suite.steps, "do", lambda steps, say: None)
    monkeypatch.setattr(suite.chromium, "find", lambda: Path("/usr/bin/chromium"))
    monkeypatch.setattr(suite.os, "execv", lambda program, arguments: ran.append(list(arguments)))
    suite.main(["tests/unit", "-n", "0"])
    assert [arguments[1:] for arguments in ran] == [["-m", "pytest", "--numprocesses=auto", "tests/unit", "-n", "0"]]


@pytest.mark.parametrize(("cores", "processes"), [(1, 0), (2, 2), (100, distribution.MOST_PROCESSES)])
def test_there_are_no_more_processes_than_cores(cores: int, processes: int) -> None:
    assert distribution.processes([ROOT / "tests"], ROOT, cores) == processes


def test_there_are_no_more_processes_than_files() -> None:
    chosen = [ROOT / "tests" / "unit" / "infra" / f"test_{name}.py" for name in "abcde"]
    assert distribution.processes([*chosen, *chosen], ROOT, 8) == 5


def test_tests_of_a_file_stay_together_and_so_do_folders_that_share_something() -> None:
    assert distribution.group(f"{ONE}::test_one[tests/browser/a.py::b]") == ONE
    groups = {distribution.group(f"tests/browser/{name}.py::test_it") for name in ("test_box", "test_kept")}
    assert groups == {"tests/browser"}


def test_what_takes_longest_begins() -> None:
    assert all((ROOT / name).exists() for name in (*distribution.LONGEST, *distribution.TOGETHER))
    ranks = [distribution.rank(distribution.group(name)) for name in (*distribution.LONGEST, ONE)]
    assert ranks == sorted(set(ranks))
