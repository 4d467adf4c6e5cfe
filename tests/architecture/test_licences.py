"""Nothing that can not be sold comes in."""

from __future__ import annotations

import pytest

from infra.local.licences import LOCKS, TABLE, Package, locked


def test_every_locked_package_may_be_used_in_what_people_sell() -> None:
    packages = locked()
    assert len(packages) > 80
    assert [f"{package.name}: {package.problem}" for package in packages if package.problem] == []


def test_the_table_of_licences_names_every_locked_package_in_its_version() -> None:
    text = TABLE.read_text()
    assert [p.name for p in locked() if f"| {p.name} | {p.version} | " not in text] == []


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
