"""Every address that takes an object, tried by everybody who should not get in.

Generated from the URL map: a new address is walked without being mentioned here, and one that we can build no object
for fails (see ``stranger_world``). For each (address, person, method): the answer is a sign-in, 404, 403 or 405 as the
person deserves, nothing of the victim stands in it, and afterwards every row and every file is as before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pytest
from django.db import connection, transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Role, User
from tests.fingerprints import difference, take_fingerprint
from tests.integration.stranger_world import (
    BEARER,
    HOUSE_MARK,
    OBJECT_MARK,
    OBJECTS,
    PERSONAL,
    Door,
    World,
    build_world,
    find_doors,
    kind_of,
)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
DOORS = find_doors()
WORKSPACE_DOORS = [door for door in DOORS if "workspace" in door.arguments]
HIDDEN = {404, 405}
FORBIDDEN = {403, 405}

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Attempt:
    """Somebody at an address, with the answers they may get and the words they must not see."""

    who: str
    person: User | None
    address: str
    allowed: set[int]
    hidden_words: tuple[str, ...] = (OBJECT_MARK, HOUSE_MARK)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    # A stream that begins or ends gives its connection back; here that one belongs to the test.
    monkeypatch.setattr(connection, "close", lambda: None)
    return build_world()


def test_every_address_with_an_object_can_be_walked() -> None:
    unknown = {kind_of(argument) for door in DOORS for argument in door.arguments} - set(OBJECTS)
    assert not unknown, f"add a factory for {sorted(unknown)} to OBJECTS in stranger_world"
    outside = {door.name for door in DOORS if "workspace" not in door.arguments} - set(PERSONAL) - BEARER
    assert not outside, f"say in stranger_world whom {sorted(outside)} are for: PERSONAL or BEARER"
    unguarded = [door.name for door in WORKSPACE_DOORS if not hasattr(door.view, "required_role")]
    assert not unguarded, f"{unguarded} are below /w/ but not behind workspace_view"
    assert len(WORKSPACE_DOORS) >= 25, "the URL map was not found"


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_nobody_gets_through_a_door_that_is_not_theirs(door: Door, world: World) -> None:
    problems = _walk_through(door, world)
    assert not problems, "\n".join(problems)


@pytest.mark.urls("tests.integration.leaky_urls")
@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("shows", "a stranger: GET .* -> 404 shows .*Zanzibar"),
        ("open", "a mere viewer: GET .* -> 200"),
        ("changes", "somebody changed .*studio_product"),
    ],
)
def test_the_walk_notices_a_bad_door(name: str, problem: str, world: World) -> None:
    (door,) = [door for door in find_doors() if door.name == name]
    assert re.search(problem, "\n".join(_walk_through(door, world)))


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_the_rightful_person_gets_through(door: Door, world: World) -> None:
    """Otherwise the walk would prove nothing: a wrong factory refuses everybody."""
    if door.name in BEARER and door.name.startswith("account_"):
        return  # links of the sign-in library answer every key with a page; test_sign_in follows real ones
    client = _sign_in(_rightful(door, world))
    statuses = []
    for method in ("GET", "POST"):
        with transaction.atomic():
            answer = client.generic(method, door.address(world.values()))
            statuses.append(answer.status_code)
            _close(answer)
            transaction.set_rollback(True)
    assert not {401, 403, 404} & set(statuses), statuses
    assert set(statuses) != {405}


@pytest.mark.parametrize(
    "door", [door for door in WORKSPACE_DOORS if door.arguments == ("workspace",)], ids=lambda door: door.name
)
def test_ids_of_another_workspace_in_a_form_do_nothing_there(door: Door, world: World) -> None:
    """An owner posts to their own workspace, naming the victim's objects in every field that we know of."""
    client = _sign_in(world.stranger)
    before = take_fingerprint([world.house])
    fields = {name: str(value) for name, value in world.values().items()}
    fields |= {f"{name}_id": value for name, value in fields.items()}
    answer = client.post(reverse(door.name, kwargs={"workspace": world.strangers_house.slug}), fields)
    text = _text(answer)
    assert not _leaks(text, {str(value) for value in fields.values()}, world, (OBJECT_MARK, HOUSE_MARK))
    assert difference(before, take_fingerprint([world.house])) == ""


def _attempts(door: Door, world: World) -> Iterable[Attempt]:
    real = world.values()
    if door.name in BEARER:
        # Whoever holds the secret may; so knock with a forged one. The sign-in library answers with a page.
        allowed = HIDDEN | FORBIDDEN | ({200, 302} if door.name.startswith("account_") else set())
        address = door.address(world.forged())
        yield Attempt("a visitor with a forged secret", None, address, allowed)
        yield Attempt("a stranger with a forged secret", world.stranger, address, allowed)
        return
    here = door.address(real)
    yield Attempt("anonymous", None, here, {302, 401} | HIDDEN | FORBIDDEN)
    if door.name in PERSONAL:
        yield Attempt("a stranger", world.stranger, here, HIDDEN | FORBIDDEN)
        yield Attempt("a member", world.staff[Role.ADMIN], here, HIDDEN | FORBIDDEN, (OBJECT_MARK,))
        return
    yield Attempt("a stranger", world.stranger, here, HIDDEN)
    yield Attempt("a revoked admin", world.revoked, here, HIDDEN)
    if len(door.arguments) > 1:
        own = door.address(real | {"workspace": world.strangers_house.slug})
        yield Attempt("a stranger under their own address", world.stranger, own, HIDDEN)
    for role in Role:
        if not role.includes(door.role):
            yield Attempt(f"a mere {role}", world.staff[role], here, FORBIDDEN, (OBJECT_MARK,))


def _walk_through(door: Door, world: World) -> list[str]:
    """Everybody with every method; what went wrong, in words."""
    attempts = [(attempt, _sign_in(attempt.person)) for attempt in _attempts(door, world)]
    houses, people = [world.house, world.strangers_house, world.deleted], [world.owner]
    before = take_fingerprint(houses, people)
    problems = [problem for attempt, client in attempts for problem in _try(attempt, client, world)]
    if changed := difference(before, take_fingerprint(houses, people)):
        problems.append(f"somebody changed {changed}")
    return problems


def _sign_in(person: User | None) -> Client:
    client = Client()
    if person:
        client.force_login(person)
    return client


def _try(attempt: Attempt, client: Client, world: World) -> list[str]:
    found = []
    for method in METHODS:
        answer = client.generic(method, attempt.address, b"", "application/x-www-form-urlencoded")
        where = f"{attempt.who}: {method} {attempt.address} -> {answer.status_code}"
        if answer.status_code not in attempt.allowed:
            found.append(where)
        if attempt.person is None and answer.status_code == 302 and "/login/" not in answer["Location"]:
            found.append(f"{where} to {answer['Location']}")
        if leaks := _leaks(_text(answer), {attempt.address}, world, attempt.hidden_words):
            found.append(f"{where} shows {leaks}")
    return found


def _leaks(text: str, given: set[str], world: World, words: tuple[str, ...]) -> list[str]:
    """Ids and words of the victim in an answer, save those that the asker sent."""
    secrets = [value for value in world.ids() if not any(value in sent for sent in given)]
    return [secret for secret in (*secrets, *words) if secret.lower() in text.lower()]


def _text(answer: HttpResponseBase) -> str:
    body = b"" if answer.streaming else answer.content  # type: ignore[attr-defined]
    _close(answer)
    return f"{answer.headers}\n{body.decode(errors='replace')}"


def _close(answer: HttpResponseBase) -> None:
    answer.close()


def _rightful(door: Door, world: World) -> User | None:
    if door.name in BEARER:
        return None
    return PERSONAL[door.name](world) if door.name in PERSONAL else world.staff[door.role]
