"""Nothing that can not be sold comes in."""

from __future__ import annotations

import pytest

from infra.local.licences import LOCKS, TABLE, Package, licence_of, locked, main, table


def test_every_locked_package_may_be_used_in_what_people_sell() -> None:
    packages = locked()
    assert len(packages) > 80
    assert [f"{package.name}: {package.problem}" for package in packages if package.problem] == []


def test_the_table_of_licences_names_every_locked_package_in_its_version() -> None:
    text = TABLE.read_text()
    assert [p.name for p in locked() if f"| {p.name} | {p.version} | {p.licence} | {p.use} |" not in text] == []


def test_the_table_of_licences_names_nothing_that_is_not_locked() -> None:
    assert TABLE.read_text().count("\n| ") == table(locked()).count("\n| ")


def test_a_package_that_is_not_here_and_states_its_licence_nowhere_is_a_problem() -> None:
    assert Package("plinth", "1.0", licence_of("plinth"), LOCKS["base"]).problem == "states no licence"


def test_whoever_asks_for_help_gets_it_and_no_new_table(capsys: pytest.CaptureFixture[str]) -> None:
    before = TABLE.stat().st_mtime_ns
    assert main(["--help"]) == 2
    assert "--check" in capsys.readouterr().out
    assert TABLE.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("licence", "use", "is_problem"),
    [
        ("MIT", "base", False),
        ("CC-BY-NC-4.0", "base", True),
        ("Free for non-commercial use", "dev", True),
        ("GPL-3.0-or-later", "base", True),
        ("GNU Affero General Public License v3", "base", True),
        ("GPL-3.0-or-later", "dev", False),
        ("MPL-2.0", "base", False),
        ("", "base", True),
    ],
)
def test_what_counts_as_a_problem(licence: str, use: str, is_problem: bool) -> None:
    assert bool(Package("anything", "1", licence, LOCKS[use]).problem) == is_problem
