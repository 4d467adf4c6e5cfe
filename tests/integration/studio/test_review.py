"""The review queue: many verdicts at once, filters, yield and cost."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Role, Workspace
from apps.billing import services as ledger
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.core.tenancy import tenant_scope
from apps.studio import exports, finished, selectors, services, yields
from apps.studio.exports import archive
from apps.studio.models import Shoot, Shot
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return factories.make_workspace()


def charged_shot(workspace: Workspace, *, cpu_ms: int = 500, **fields: Any) -> Shot:
    shot = factories.make_shot(workspace, **fields)
    worked_on(workspace, f"shot:{shot.id}", cpu_ms=cpu_ms)
    return shot


def worked_on(workspace: Workspace, subject: str, *, cpu_ms: int, price_micros: int = 0, **fields: Any) -> None:
    job = factories.make_job(workspace, subject=subject, cpu_ms=cpu_ms, **fields)
    if price_micros:
        with tenant_scope(workspace.id):
            ledger.record(job.id, workspace, kind=job.kind, price_micros=price_micros)


def yields_of(workspace: Workspace, page: int = 1) -> yields.Yields:
    with tenant_scope(workspace.id):
        return yields.yields(workspace, page=page)


def judge(workspace: Workspace, shots: list[Shot], verdict: str, reason: str = "") -> None:
    with tenant_scope(workspace.id):
        services.set_verdicts(workspace, shot_ids=[shot.id for shot in shots], verdict=verdict, reason=reason)


def test_one_verdict_for_many_shots(workspace: Workspace) -> None:
    shots = [factories.make_shot(workspace) for _ in range(3)]
    judge(workspace, shots[:2], "reject", "scene")
    with tenant_scope(workspace.id):
        found = {shot.id: shot for shot in Shot.objects.all()}
    assert [bool(found[shot.id].rejected_at) for shot in shots] == [True, True, False]
    assert [found[shot.id].reject_reason for shot in shots] == ["scene", "scene", ""]


def test_all_are_judged_or_none(workspace: Workspace) -> None:
    finished, unfinished = factories.make_shot(workspace), factories.make_shot(workspace, asset=None)
    with tenant_scope(workspace.id), pytest.raises(Conflict):
        services.set_verdicts(workspace, shot_ids=[finished.id, unfinished.id], verdict="star")
    with tenant_scope(workspace.id), pytest.raises(NotFound):
        services.set_verdicts(workspace, shot_ids=[finished.id, uuid.uuid4()], verdict="star")
    with tenant_scope(workspace.id), pytest.raises(InvalidInput):
        services.set_verdicts(workspace, shot_ids=[], verdict="star")
    with tenant_scope(workspace.id):
        assert not Shot.objects.filter(starred=True).exists()


def test_the_queue_shows_what_waits_and_filters_by_state_set_and_product(workspace: Workspace) -> None:
    plain, starred, rejected = (factories.make_shot(workspace) for _ in range(3))
    other = factories.make_shot(workspace, spec=plain.spec | {"set": "plinth"})
    factories.make_shot(workspace, asset=None)
    judge(workspace, [starred], "star")
    judge(workspace, [rejected], "reject")

    def found(**wish: str) -> set[uuid.UUID]:
        with tenant_scope(workspace.id):
            state = wish.pop("state", "open")
            return {shot.id for shot in finished.review(workspace, state=state, wish=finished.Wish(**wish))}

    assert found() == {plain.id, other.id}
    assert found(state="starred") == {starred.id}
    assert found(state="rejected") == {rejected.id}
    assert found(state="all") == {plain.id, starred.id, rejected.id, other.id}
    assert found(set_name="plinth") == {other.id}
    assert found(state="all", product=str(starred.product_id)) == {starred.id}
    assert found(product="no such product") == set()


def test_the_queue_of_one_batch_says_so_and_leads_to_all(workspace: Workspace, client: Client) -> None:
    shot, other = factories.make_shot(workspace), factories.make_shot(workspace)
    client.force_login(factories.owner_of(workspace).user)
    page = reverse("studio:review", args=[workspace.slug])
    batch = shot.shoot.batch
    assert batch is not None
    text = client.get(page, {"batch": str(batch.id), "q": shot.product.name}).content.decode()
    assert f"Only: {batch.label}" in text
    assert f'href="?state=open&amp;q={shot.product.name.replace(" ", "+")}"' in text
    assert f"shot-{other.id}" not in text
    for nobodys in ("", "00000000-0000-0000-0000-000000000000", "none"):
        assert "Only: " not in client.get(page, {"batch": nobodys}).content.decode()


def test_a_shot_that_was_rejected_for_its_cutout_leads_to_it(workspace: Workspace, client: Client) -> None:
    shot = factories.make_shot(workspace)
    client.force_login(factories.owner_of(workspace).user)
    page = reverse("studio:shot", args=[workspace.slug, shot.id])
    judge(workspace, [shot], "reject", "scene")
    assert "Mend the cutout" not in client.get(page).text
    judge(workspace, [shot], "reject", "cutout")
    assert "Mend the cutout" in client.get(page).text


def test_the_queue_is_narrowed_by_score_by_name_or_sku_and_by_the_reason_of_a_rejection(
    workspace: Workspace, client: Client
) -> None:
    mug = factories.make_shoot(workspace, product=factories.make_product(workspace, name="Blue mug", sku="MG-77"))
    good, weak = (factories.make_shot(workspace, shoot=mug, gate={"score": score}) for score in (0.75, 0.4999))
    other = factories.make_shot(workspace, gate={"passed": True})
    judge(workspace, [weak], "reject", "scene")
    judge(workspace, [other], "reject", "colour")
    client.force_login(factories.make_member(workspace, Role.REVIEWER).user)
    names = {good.id: "good", weak.id: "weak", other.id: "other"}

    def shown(**asked: str) -> str:
        page = client.get(reverse("studio:review", args=[workspace.slug]), {"state": "all", **asked}).content.decode()
        return " ".join(name for key, name in names.items() if f'id="shot-{key}"' in page)

    assert shown() == "good weak other"
    assert [shown(score=key) for key in ("high", "middle", "low", "none")] == ["good", "", "weak", "other"]
    assert shown(q="blue") == shown(q=" mg-7 ") == "good weak"
    assert shown(q="nothing such") == ""
    assert shown(reason="scene") == shown(reason="scene", state="rejected") == "weak"
    assert shown(q="mug", score="high", reason="scene") == ""
    page = client.get(reverse("studio:review", args=[workspace.slug]), {"q": "mug", "score": "high"}).content.decode()
    assert "score 75" in page
    assert "page=review&amp;state=open&amp;q=mug&amp;score=high" in page, "renewed tabs stay narrowed"
    assert '<span class="muted numbers" data-count="all">1<' in page


def test_the_library_shows_everything_of_a_time_and_says_how_much_there_is_of_it(
    workspace: Workspace, client: Client
) -> None:
    old, new = factories.make_shot(workspace), factories.make_shot(workspace)
    judge(workspace, [new], "star")
    with tenant_scope(workspace.id):
        Shoot.objects.filter(pk=old.shoot_id).update(created_at=timezone.now() - timedelta(days=8))
    client.force_login(factories.make_member(workspace, Role.VIEWER).user)
    address = reverse("studio:library", args=[workspace.slug])

    def shown(**asked: str) -> list[bool]:
        page = client.get(address, asked).content.decode()
        return [f'id="shot-{shot.id}"' in page for shot in (old, new)]

    assert shown() == [True, True]
    assert shown(days="30") == [True, True]
    assert shown(days="7") == [False, True]
    assert shown(days="7", state="open") == [False, False]
    assert shown(days="soon") == [True, True]
    page = client.get(address, {"days": "7"}).content.decode()
    assert (
        f'href="{address}?state=starred&amp;days=7">Accepted <span class="muted numbers" data-count="starred">1<'
        in page
    )
    tabs = client.get(reverse("studio:review_tabs", args=[workspace.slug]), {"page": "library", "days": "30"})
    assert f'href="{address}?state=all&amp;days=30" aria-current="page">All' in tabs.content.decode()


@pytest.mark.parametrize("name", ["library", "review"])
def test_before_the_first_shot_the_pages_say_what_will_be_here_and_the_way_to_it(
    workspace: Workspace, client: Client, name: str
) -> None:
    client.force_login(factories.make_member(workspace, Role.VIEWER).user)
    page = client.get(reverse(f"studio:{name}", args=[workspace.slug])).content.decode()
    assert ("No shots yet" in page, 'name="days"' in page) == (True, False)
    factories.make_shot(workspace, asset=None)
    page = client.get(reverse(f"studio:{name}", args=[workspace.slug])).content.decode()
    assert ("No shots yet" in page, 'name="days"' in page) == (False, True)


def test_selected_shots_come_home_as_one_zip_each_under_its_own_name(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, bytes]] = []
    monkeypatch.setattr(
        archive, "zip_response", lambda items, file_name: sent.extend((i.name, i.read()) for i in items)
    )
    product = factories.make_product(workspace, name="Mug")
    shoots = [factories.make_shoot(workspace, product=product) for _ in range(2)]
    shots = [factories.make_shot(workspace, shoot=shoot, position=0) for shoot in shoots]
    unfinished = factories.make_shot(workspace, asset=None)
    with tenant_scope(workspace.id):
        exports.zip_of_shots(selectors.shots_by_id(workspace, [shot.id for shot in (*shots, unfinished)]))
    (first, one), (second, other) = sent
    assert second == first.replace(".png", "_2.png")
    assert one != other

    with tenant_scope(workspace.id), pytest.raises(Conflict, match=r"studio\.nothing_to_download"):
        exports.zip_of_shots([unfinished])


def test_whoever_may_look_may_take_a_selection_home_and_nothing_of_others(workspace: Workspace, client: Client) -> None:
    shot, foreign = factories.make_shot(workspace), factories.make_shot(factories.make_workspace())
    client.force_login(factories.make_member(workspace, Role.VIEWER).user)
    address = reverse("studio:shots_zip", args=[workspace.slug])
    answer = client.post(address, {"shot": str(shot.id)})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert client.post(address, {"shot": [str(shot.id), str(foreign.id)]}).status_code == 404
    assert client.post(address, {"shot": "all"}).status_code == 400


def test_what_comes_after_a_shot_is_the_same_when_the_shots_before_it_were_judged(
    workspace: Workspace, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.studio.views.review.SHOTS_A_PAGE", 2)
    older, newer = factories.make_shoot(workspace), factories.make_shoot(workspace)
    shots = [factories.make_shot(workspace, shoot=newer) for _ in range(3)]
    shots += [factories.make_shot(workspace, shoot=older) for _ in range(2)]
    judge(workspace, shots[:1], "star")
    with tenant_scope(workspace.id):
        after = list(finished.review(workspace, state="open", after=str(shots[1].id)))
        assert finished.review_counts(workspace) == {"open": 4, "starred": 1, "rejected": 0, "all": 5}
    assert [shot.id for shot in after] == [shot.id for shot in shots[2:]]

    client.force_login(factories.make_member(workspace, Role.REVIEWER).user)
    address = reverse("studio:review", args=[workspace.slug])
    first = client.get(address).content.decode()
    assert f"after={shots[2].id}" in first
    judge(workspace, shots[1:3], "reject")
    rest = client.get(address, {"after": str(shots[2].id)}).content.decode()
    assert [f"shot-{shot.id}" in rest for shot in shots] == [False, False, False, True, True]
    assert f"after={shots[4].id}" not in rest


def test_yield_and_cost_of_an_accepted_image_by_set_and_by_product(workspace: Workspace) -> None:
    shoot = factories.make_shoot(workspace)
    shots = [charged_shot(workspace, shoot=shoot, cpu_ms=600) for _ in range(4)]
    plinth = charged_shot(workspace, cpu_ms=900, spec=shots[0].spec | {"set": "plinth"})
    judge(workspace, [*shots[:2], plinth], "star")
    judge(workspace, [shots[2]], "reject")
    found = yields_of(workspace)
    sweep, other = found.by_set

    assert (sweep.title, sweep.made, sweep.accepted, sweep.rejected, sweep.percent) == ("White sweep", 4, 2, 1, "50%")
    assert sweep.cpu_ms == 2400
    assert sweep.cost == "1.20 CPU s"
    assert (other.title, other.percent, other.cost) == ("Plinth", "100%", "0.90 CPU s")
    rows = [(row.title, row.made) for row in found.by_product]
    assert rows == [(shoot.product.name, 4), (plinth.product.name, 1)]
    assert found.total.cost == "1.10 CPU s"


def test_all_work_for_a_product_costs_whatever_became_of_it(workspace: Workspace) -> None:
    shot = charged_shot(workspace, cpu_ms=500)
    product = shot.product_id
    worked_on(workspace, f"shot:{shot.id}", cpu_ms=700)  # an edit
    worked_on(workspace, f"best:{shot.id}", cpu_ms=300, kind="studio.best")
    worked_on(workspace, f"product:{product}", cpu_ms=2000)
    preview = {"kind": "studio.preview", "params": {"spec": {"set": "plinth"}}}
    worked_on(workspace, f"preview:{product}", cpu_ms=40, **preview)
    lost = factories.make_shot(workspace, shoot=shot.shoot, asset=None)
    ended = {"ended_at": timezone.now()}
    worked_on(workspace, f"shot:{lost.id}", cpu_ms=90, state="failed", **ended)
    worked_on(workspace, f"shot:{lost.id}", cpu_ms=10, state="cancelled", **ended)
    worked_on(workspace, f"export:{uuid.uuid4()}", cpu_ms=5000, kind="studio.export")
    stranger = factories.make_workspace()
    worked_on(stranger, f"shot:{shot.id}", cpu_ms=7000)
    judge(workspace, [shot], "star")

    found = yields_of(workspace)
    by_set = {row.title: (row.made, row.cpu_ms) for row in found.by_set}
    assert by_set == {"White sweep": (1, 1600), "Plinth": (0, 40), "Cutouts, for all sets": (0, 2000)}
    [row] = found.by_product
    assert (row.made, row.cpu_ms, row.cost) == (1, 3640, "3.64 CPU s")
    assert found.total.cost == row.cost


def test_money_counts_where_the_operator_set_prices(workspace: Workspace) -> None:
    shot = factories.make_shot(workspace)
    worked_on(workspace, f"shot:{shot.id}", cpu_ms=100, price_micros=30_000)
    worked_on(workspace, f"product:{shot.product_id}", cpu_ms=100, price_micros=20_000)
    judge(workspace, [shot], "star")
    [row] = yields_of(workspace).by_product
    assert row.cost == "0.0500"


def test_nothing_accepted_has_no_cost(workspace: Workspace) -> None:
    charged_shot(workspace)
    [row] = yields_of(workspace).by_set
    assert (row.percent, row.cost) == ("0%", "–")


def test_no_product_is_left_out_of_the_yield_one_turns_the_pages(
    workspace: Workspace, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yields, "ROWS_A_PAGE", 2)
    for number in range(3):
        worked_on(workspace, f"product:{factories.make_product(workspace).id}", cpu_ms=10 * (3 - number))
    charged_shot(workspace, cpu_ms=5)
    pages = [yields_of(workspace, page) for page in (1, 2, 3)]
    assert [len(found.by_product) for found in pages] == [2, 2, 2], "the last page, where there is no such one"
    shown = [row.title for found in pages[:2] for row in found.by_product]
    assert len(set(shown)) == 4

    client.force_login(factories.make_member(workspace, Role.VIEWER).user)
    part = client.get(reverse("studio:review_yields", args=[workspace.slug]), {"products": "2"}).content.decode()
    assert "Products, page 2 of 2" in part
    assert [title in part for title in shown] == [False, False, True, True]


def test_reviewers_judge_on_the_page_and_get_the_cards_back(workspace: Workspace, client: Client) -> None:
    shots = [factories.make_shot(workspace) for _ in range(2)]
    client.force_login(factories.make_member(workspace, Role.REVIEWER).user)
    page = client.get(reverse("studio:review", args=[workspace.slug]))
    assert page.status_code == 200
    assert all(f"shot-{shot.id}" in page.content.decode() for shot in shots)

    answer = client.post(
        reverse("studio:judge_shots", args=[workspace.slug]),
        {"shot": [str(shot.id) for shot in shots], "verdict": "star"},
    )
    assert answer.status_code == 200
    assert answer.content.decode().count('hx-swap-oob="true"') == 2
    assert client.get(reverse("studio:review", args=[workspace.slug])).content.decode().count("data-shot-link") == 0


def test_viewers_look_and_do_not_judge(workspace: Workspace, client: Client) -> None:
    shot = factories.make_shot(workspace)
    client.force_login(factories.make_member(workspace, Role.VIEWER).user)
    assert client.get(reverse("studio:review", args=[workspace.slug])).status_code == 200
    answer = client.post(
        reverse("studio:judge_shots", args=[workspace.slug]), {"shot": [str(shot.id)], "verdict": "star"}
    )
    assert answer.status_code == 403
