"""Who may do what, without a database."""

from __future__ import annotations

import pytest

from apps.accounts.models import Membership, Role

MIGHT = [Role.VIEWER, Role.REVIEWER, Role.EDITOR, Role.ADMIN, Role.OWNER]


@pytest.mark.parametrize("position", range(len(MIGHT)))
def test_a_role_includes_itself_and_all_below_and_none_above(position: int) -> None:
    role = MIGHT[position]
    assert [role.includes(other) for other in MIGHT] == [other <= position for other in range(len(MIGHT))]


def test_a_membership_may_what_its_role_may() -> None:
    assert Membership(role="reviewer").may(Role.VIEWER)
    assert not Membership(role="reviewer").may(Role.EDITOR)
