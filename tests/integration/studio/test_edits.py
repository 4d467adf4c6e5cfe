"""Editing a shot: versions, drafts and going back; on the real queue tables and the real library."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from apps.accounts.models import Role, Workspace
from apps.assets import selectors as asset_store
from apps.assets.models import Lineage
from apps.billing.models import LedgerEntry
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.core.tenancy import tenant_scope
from apps.jobs.models import Job, JobState
from apps.studio import selectors, services, specs
from apps.studio.models import Shot, ShotVersion
from tests.factories import make_member, make_person, make_workspace
from tests.integration.studio.test_shoots import ready_product, shoot, work

pytestmark = pytest.mark.django_db(transaction=True)
WISH: dict[str, Any] = {"set": "white-sweep", "palette": [], "format": "1:1", "enlarge": 1, "seed": 0, "edits": {}}


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def shot(workspace: Workspace) -> Shot:
    """A finished shot, as small as the tests can bear."""
    made = shoot(workspace, ready_product(workspace))
    with tenant_scope(workspace.id):
        found = Shot.objects.get(shoot=made)
        found.spec |= {"width": 300, "height": 300}
        found.save()
    work(workspace)
    return fresh(workspace, found)


def fresh(workspace: Workspace, shot: Shot) -> Shot:
    with tenant_scope(workspace.id):
        return selectors.get_shot(workspace, shot.id)


def wish(**changes: Any) -> dict[str, Any]:
    return specs.read_wish({**WISH, **changes}) | {"width": 300, "height": 300}


def edit(workspace: Workspace, shot: Shot, **changes: Any) -> ShotVersion:
    with tenant_scope(workspace.id):
        version = services.edit_shot(shot, spec=wish(**changes), by=None)
    work(workspace)
    with tenant_scope(workspace.id):
        return ShotVersion.objects.select_related("asset", "parent").get(pk=version.pk)


def test_an_edit_is_a_new_version_and_the_first_one_is_kept(workspace: Workspace, shot: Shot) -> None:
    version = edit(workspace, shot, edits={"shadow_softness": 2, "flip": True})
    now = fresh(workspace, shot)

    assert (version.number, now.version) == (2, 2)
    assert now.asset_id == version.asset_id != shot.asset_id
    assert now.spec["edits"] == {"shadow_softness": 2.0, "flip": True}
    assert now.asset.recipe["spec"]["edits"] == {"shadow_softness": 2.0, "flip": True}
    assert now.gate["passed"]
    with tenant_scope(workspace.id):
        first, second = selectors.versions(now)
        lineage = set(Lineage.objects.filter(child=version.asset).values_list("parent", "role"))
    assert (first.number, first.asset_id, first.spec) == (1, shot.asset_id, shot.spec)
    assert second.parent_id == first.id
    assert (shot.asset_id, "edited") in lineage
    assert {role for _, role in lineage} == {"cutout", "photo", "edited"}


def test_every_version_is_charged_once(workspace: Workspace, shot: Shot) -> None:
    edit(workspace, shot, edits={"scale": 0.9})
    with tenant_scope(workspace.id):
        assert LedgerEntry.objects.filter(kind="studio.shot").count() == 2


def test_any_version_can_be_shown_again(workspace: Workspace, shot: Shot) -> None:
    edit(workspace, shot, edits={"scale": 0.9})
    edit(workspace, shot, edits={"scale": 0.8})
    with tenant_scope(workspace.id):
        services.show_version(shot, number=1)
    back = fresh(workspace, shot)

    assert (back.version, back.asset_id, back.spec) == (1, shot.asset_id, shot.spec)
    with tenant_scope(workspace.id):
        assert [version.number for version in selectors.versions(back)] == [1, 2, 3]
        with pytest.raises(NotFound):
            services.show_version(shot, number=9)


def test_an_edit_after_going_back_grows_from_the_version_on_show(workspace: Workspace, shot: Shot) -> None:
    edit(workspace, shot, edits={"scale": 0.9})
    with tenant_scope(workspace.id):
        services.show_version(shot, number=1)
    third = edit(workspace, shot, edits={"scale": 0.7})

    assert third.number == 3
    assert third.parent is not None
    assert third.parent.number == 1


def test_the_spec_of_a_version_that_is_there_makes_nothing_twice(workspace: Workspace, shot: Shot) -> None:
    edit(workspace, shot, edits={"scale": 0.9})
    edit(workspace, shot, edits={"scale": 0.8})
    with tenant_scope(workspace.id):
        jobs = Job.objects.count()
    again = edit(workspace, shot, edits={"scale": 0.9})

    assert again.number == 2
    assert fresh(workspace, shot).version == 2
    with tenant_scope(workspace.id):
        assert Job.objects.count() == jobs
        assert ShotVersion.objects.count() == 3


def test_a_verdict_belongs_to_the_picture_that_was_judged(workspace: Workspace, shot: Shot) -> None:
    with tenant_scope(workspace.id):
        services.set_verdict(shot, verdict="star")
    edit(workspace, shot, edits={"scale": 0.9})

    assert not fresh(workspace, shot).starred


def test_of_two_edits_the_later_one_is_shown_whichever_finishes_last(workspace: Workspace, shot: Shot) -> None:
    with tenant_scope(workspace.id):
        services.edit_shot(shot, spec=wish(edits={"scale": 0.9}), by=None)
        services.edit_shot(shot, spec=wish(edits={"scale": 0.8}), by=None)
        jobs = list(Job.objects.filter(state=JobState.QUEUED).order_by("-created_at"))
    from apps.jobs.tasks import run

    for job in jobs:  # the later one first
        run(str(job.id))
    assert fresh(workspace, shot).version == 3


def test_an_edit_that_the_library_refuses_leaves_the_shot_as_it_was(workspace: Workspace, shot: Shot) -> None:
    version = edit(workspace, shot, edits={"exposure_ev": 0.5})
    now = fresh(workspace, shot)

    assert version.asset_id is None
    assert (now.version, now.asset_id) == (1, shot.asset_id)
    with tenant_scope(workspace.id):
        job = Job.objects.get(pk=version.job_id)
    assert (job.state, job.error_code) == (JobState.FAILED, "shot.colour_change_too_large")


def test_a_shot_without_a_picture_can_not_be_edited(workspace: Workspace) -> None:
    made = shoot(workspace, ready_product(workspace))
    with tenant_scope(workspace.id), pytest.raises(Conflict) as refusal:
        services.edit_shot(Shot.objects.get(shoot=made), spec=wish(), by=None)
    assert refusal.value.code == "studio.shot_not_ready"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"set": "nowhere"}, "studio.set_unknown"),
        ({"format": "5:1"}, "studio.format_unknown"),
        ({"format": 7}, "studio.edit_unreadable"),
        ({"enlarge": 9}, "studio.edit_unreadable"),
        ({"palette": ["green"]}, "studio.palette_unreadable"),
        ({"details": "#123456"}, "studio.edit_unreadable"),
        ({"details": ["own"]}, "studio.palette_unreadable"),
        ({"offset": [2, 0]}, "studio.edit_unreadable"),
        ({"offset": "left"}, "studio.edit_unreadable"),
        ({"seed": -1}, "studio.edit_unreadable"),
        ({"edits": {"sparkle": 1}}, "shot.unknown_edit"),
        ({"edits": {"scale": 40}}, "shot.edit_out_of_range"),
        ({"edits": 3}, "studio.edit_unreadable"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        specs.read_wish({**WISH, **change})
    assert refusal.value.code == code


def test_a_wish_names_any_ratio_and_a_larger_file() -> None:
    free = specs.read_wish({**WISH, "format": "2:3", "enlarge": 2})
    assert free["width"] / free["height"] == pytest.approx(2 / 3, abs=0.002)
    assert free["width"] * free["height"] == pytest.approx(4 * 1200 * 1200, rel=0.01)
    assert specs.enlargement(free) == 2
    assert specs.to_shot_spec(free).enlarged == 2  # composed as the usual size is
    assert specs.read_wish({**WISH, "format": "9:16"})["height"] == 1920


def test_what_is_as_the_set_makes_it_is_not_written_down() -> None:
    plain = specs.read_wish({**WISH, "offset": [0, 0], "scale": 1, "camera": "", "mood": ""})
    assert set(plain) == {"set", "palette", "format", "width", "height", "seed"}
    assert specs.read_wish(specs.as_wish(plain)) == plain
    edited = specs.read_wish({**WISH, "offset": [0.1, 0], "edits": {"scale": 1.2}, "palette": ["#1b4d3e"]})
    assert specs.read_wish(specs.as_wish(edited)) == edited
    table = {**WISH, "set": "window-table"}
    assert "details" not in specs.read_wish({**table, "details": ["#6e7355", "#ffffff"]})  # its own, and one too many
    pink = specs.read_wish({**table, "details": ["#e8a2b4"]})
    assert specs.read_wish(specs.as_wish(pink)) == pink
    assert specs.to_shot_spec(pink).palette == ("", "", "", "#e8a2b4")


@pytest.fixture
def editor(workspace: Workspace, client: Client) -> Client:
    client.force_login(make_member(workspace, Role.EDITOR, user=make_person()).user)
    return client


def post(client: Client, workspace: Workspace, name: str, shot: Shot, **data: str) -> Any:
    return client.post(
        reverse(f"studio:{name}", args=[workspace.slug, shot.id]), data, headers={"Accept": "application/json"}
    )


def test_a_draft_is_framed_as_the_shot_will_be_and_says_where_the_product_is(
    workspace: Workspace, shot: Shot, editor: Client
) -> None:
    asked = json.dumps({**WISH, "format": "4:5", "edits": {"exposure_ev": 0.1}})
    waiting = post(editor, workspace, "draft_shot", shot, spec=asked)
    assert waiting.status_code == 202
    assert work(workspace)[-1].state == JobState.SUCCEEDED
    answer = post(editor, workspace, "draft_shot", shot, spec=asked)

    assert answer.status_code == 200
    found = answer.json()
    assert 0 < found["delta_e"]["mean"] < 3
    left, top, width, height = found["box"]
    assert 0 < left < left + width < 1
    assert 0 < top < top + height < 1
    with tenant_scope(workspace.id):
        product = selectors.get_product(workspace, shot.product_id)
        blob = asset_store.find_rendition(product.cutout, found["url"].rstrip("/").rsplit("/", 1)[-1])
        picture = np.asarray(Image.open(io.BytesIO(asset_store.read_bytes(blob))))
    assert picture.shape == (640, 512, 3)


def test_a_draft_that_the_library_refuses_says_why(workspace: Workspace, shot: Shot, editor: Client) -> None:
    asked = json.dumps({**WISH, "format": "16:9", "offset": [0, -0.6]})
    post(editor, workspace, "draft_shot", shot, spec=asked)
    work(workspace)
    answer = post(editor, workspace, "draft_shot", shot, spec=asked)

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "shot.offset_outside"


def test_saving_from_the_page_makes_a_version_and_leads_back_to_the_shot(
    workspace: Workspace, shot: Shot, editor: Client
) -> None:
    page = editor.get(reverse("studio:edit_shot", args=[workspace.slug, shot.id]))
    assert page.status_code == 200
    answer = post(editor, workspace, "save_edit", shot, spec=json.dumps({**WISH, "edits": {"scale": 1.1}}))

    assert (answer.status_code, answer.json()["version"]) == (201, 2)
    strip = editor.get(reverse("studio:shot_versions", args=[workspace.slug, shot.id]))
    assert strip.status_code == 200
    assert b"Version 2 is in the making" in strip.content
    work(workspace)
    content = editor.get(reverse("studio:shot", args=[workspace.slug, shot.id])).content.decode()
    words = re.findall(r'<p class="version__what small">(.*?)</p>', content)
    assert words == ["as the shoot made it", "size 1.10×"]
    recipe = content.split('<dl class="figures">')[1]
    assert "<li>size 1.10×</li>" in recipe
    assert "<dt>Camera</dt>" in recipe
    assert "<dt>Light mood</dt>" in recipe


def test_what_could_not_be_made_is_opened_again_as_it_was_to_be(
    workspace: Workspace, shot: Shot, editor: Client
) -> None:
    with tenant_scope(workspace.id):
        version = services.edit_shot(shot, spec=wish(edits={"scale": 0.5}), by=None)
        Job.objects.filter(pk=version.job_id).update(state=JobState.CANCELLED, ended_at=timezone.now())
    strip = editor.get(reverse("studio:shot_versions", args=[workspace.slug, shot.id])).content.decode()
    url = reverse("studio:edit_shot", args=[workspace.slug, shot.id])
    assert f'href="{url}?from=2"' in strip
    page = editor.get(f"{url}?from=2")
    assert page.context["begin"]["edits"] == {"scale": 0.5}
    assert page.context["wish"]["edits"] == {}
    assert editor.get(url).context["begin"] is None
    assert [editor.get(f"{url}?from={number}").status_code for number in ("9", "x", "-1", "")] == [404, 400, 400, 400]


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"set": 1}'])
def test_an_unreadable_wish_is_refused_and_nothing_changes(
    workspace: Workspace, shot: Shot, editor: Client, text: str
) -> None:
    answer = post(editor, workspace, "save_edit", shot, spec=text)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "studio.edit_unreadable"
    with tenant_scope(workspace.id):
        assert ShotVersion.objects.count() == 0


def test_reviewers_look_and_do_not_edit(workspace: Workspace, shot: Shot, client: Client) -> None:
    client.force_login(make_member(workspace, Role.REVIEWER, user=make_person()).user)
    assert client.get(reverse("studio:edit_shot", args=[workspace.slug, shot.id])).status_code == 403
    assert post(client, workspace, "save_edit", shot, spec=json.dumps(WISH)).status_code == 403
    assert post(client, workspace, "show_version", shot, number="1").status_code == 403
