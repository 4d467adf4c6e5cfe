"""From the form of a scene to the gallery through a real GPU worker process that draws with tiny random weights."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from apps.accounts.models import Workspace
from apps.assets import selectors as asset_store
from apps.assets.models import Asset, Lineage
from apps.billing.models import LedgerEntry
from apps.core.tenancy import tenant_scope
from apps.jobs import services as queue
from apps.jobs import stations
from apps.jobs.models import Job, JobState
from apps.studio import offers
from apps.studio.models import Product, Shot
from apps.studio.offers import Format
from apps.studio.pictures import decode
from inference.ops.stroke_mask import mask_of
from inference.ops.strokes import parse_strokes
from inference.recipe import pixels_sha256
from tests.factories import make_person, make_workspace
from tests.integration.studio.drawing_house import (
    EDITOR,
    MODEL,
    SEFI_LICENCE,
    SEFI_TURBO,
    House,
    drawing_house,
    ready_product,
)

pytestmark = pytest.mark.slow
ENDED = {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("drawing")
    with django_db_blocker.unblock(), drawing_house(folder, sefi=SEFI_TURBO, with_editor=True) as house:
        house.start_worker()
        yield house


class Person:
    """Somebody with a workspace, a product and a browser."""

    def __init__(self) -> None:
        user = make_person()
        self.workspace: Workspace = make_workspace(user)
        self.product: Product = ready_product(self.workspace)
        self.client = Client()
        self.client.force_login(user)

    def url(self, name: str, *ids: object) -> str:
        return reverse(f"studio:{name}", args=[self.workspace.slug, *ids])

    def ask(self, **changes: object) -> str:
        """Send the form; returns where it leads."""
        form: dict[str, object] = {
            "label": "a green glass bottle",
            "setting": "kitchen",
            "surface": "oak",
            "mode": "exact",
            "model": MODEL,
            "palette": "own",
            "format": "1:1",
            "count": "1",
            "candidates": "2",
            "copy_space": "none",
            "token": "t",
        }
        answer = self.client.post(self.url("create_scene", self.product.id), {**form, **changes})
        assert answer.status_code == 302, answer.content.decode()[:3000]
        return str(answer["Location"])

    def shots(self) -> list[Shot]:
        with tenant_scope(self.workspace.id):
            return list(
                Shot.objects.filter(workspace=self.workspace)
                .select_related("asset__blob", "job")
                .order_by("created_at", "id")
            )

    def parents(self, shot: Shot) -> list[Lineage]:
        with tenant_scope(self.workspace.id):
            return list(Lineage.objects.filter(child=shot.asset))

    def charges(self) -> list[LedgerEntry]:
        with tenant_scope(self.workspace.id):
            return list(LedgerEntry.objects.filter(workspace=self.workspace, kind="studio.scene"))


@pytest.fixture
def person(house: House) -> Person:
    return Person()


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures that tiny networks draw in a moment; the worker takes the size from the shot."""
    monkeypatch.setitem(offers.FORMATS, "1:1", Format("1:1", "Square", 256, 256))


def all_ended(*people: Person) -> bool:
    return all(shot.job is not None and shot.job.state in ENDED for one in people for shot in one.shots())


def iptc_term(file: bytes) -> str:
    packet = str(Image.open(io.BytesIO(file)).info["XML:com.adobe.xmp"])
    assert b"kitchen" not in file, "what people asked for is nobody else's business"
    return packet.partition("digitalsourcetype/")[2].partition('"')[0]


def test_a_scene_goes_from_the_form_to_the_gallery(house: House, person: Person) -> None:
    page = person.client.get(person.url("scene", person.product.id)).content.decode()
    assert "FLUX.2 klein 4B" in page
    assert "Apache-2.0" in page

    gallery = person.ask()
    house.wait_for(lambda: all_ended(person))
    [shot] = person.shots()
    assert shot.job is not None
    assert (shot.job.state, shot.job.error_code) == (JobState.SUCCEEDED, ""), house.last_words()
    assert "webp-640" in person.client.get(gallery).content.decode()
    assert (shot.gate["max_abs_diff"], shot.gate["pixels_compared"] > 1000) == (0, True)
    assert shot.asset is not None
    assert shot.asset.recipe["model"]["licence"] == "Apache-2.0"
    assert {link.role for link in person.parents(shot)} == {"photo", "cutout"}
    assert [entry.item for entry in person.charges()] == ["image"]
    assert person.charges()[0].gpu_ms > 0
    assert "Product untouched" in person.client.get(person.url("shot", shot.id)).content.decode()
    file = person.client.get(person.url("shot_download", shot.id), {"format": "png"}).content
    assert iptc_term(file) == "compositeWithTrainedAlgorithmicMedia"


def test_sefi_draws_with_palette_boxes_and_a_look_from_the_form(house: House, person: Person) -> None:
    page = person.client.get(person.url("scene", person.product.id)).content.decode()
    assert "SeFi-Image 1B Turbo" in page
    assert SEFI_LICENCE in page
    person.ask(candidates="1")
    house.wait_for(lambda: all_ended(person))
    [look] = person.shots()
    lemons = [{"object": "lemons", "box": [0.7, 0.6, 0.25, 0.25]}]
    person.ask(
        model=SEFI_TURBO,
        palette="forest",
        guide="1",
        props="lemons",
        boxes=json.dumps(lemons),
        style=str(look.asset_id),
        token="s",
    )
    house.wait_for(lambda: all_ended(person))
    shot = person.shots()[-1]
    assert shot.asset is not None, house.last_words()
    recipe = shot.asset.recipe
    assert (recipe["model"]["model"], recipe["model"]["licence"]) == (SEFI_TURBO, SEFI_LICENCE)
    assert recipe["parameters"]["semantics"] == "encoded"
    assert recipe["spec"]["palette_means"]["pull"] > 0
    assert recipe["spec"]["scene"]["palette"] == list(offers.PALETTES["forest"].colours)
    assert "palette_coverage" in recipe["measures"]
    [placed] = [one for one in recipe["graph"]["objects"] if one["id"] == "lemons"]
    assert placed["box"] == pytest.approx(lemons[0]["box"])
    assert shot.gate["max_abs_diff"] == 0
    assert "It guided the drawing" in person.client.get(person.url("shot", shot.id)).content.decode()
    assert {link.role for link in person.parents(shot)} == {"photo", "cutout", "style"}
    assert person.client.get(person.url("candidates", shot.id)).content.decode().count('class="candidate"') == 2


def test_another_candidate_is_one_click_away(house: House, person: Person) -> None:
    person.ask(mode="reimagined")
    house.wait_for(lambda: all_ended(person))
    [shot] = person.shots()
    assert shot.asset is not None
    file = person.client.get(person.url("shot_download", shot.id), {"format": "png"}).content
    assert iptc_term(file) == "trainedAlgorithmicMedia"

    page = person.client.get(person.url("candidates", shot.id)).content.decode()
    assert page.count('class="candidate"') == 2
    seeds = [one["seed"] for one in shot.asset.recipe["measures"]["candidates"]]
    [other] = set(seeds) - {shot.asset.recipe["parameters"]["chosen_seed"]}
    assert f'value="{other}"' in page
    assert person.client.post(person.url("take_candidate", shot.id), {"seed": other}).status_code == 302
    house.wait_for(lambda: person.shots()[0].version == 2)
    [shot] = person.shots()
    assert shot.asset is not None
    assert shot.asset.recipe["parameters"]["chosen_seed"] == other
    assert len(person.charges()) == 2
    assert person.client.get(person.url("candidates", shot.id)).content.decode().count('class="candidate"') == 2


def test_a_part_is_changed_in_words_and_nothing_else(house: House, person: Person) -> None:
    person.ask()
    house.wait_for(lambda: all_ended(person))
    [before] = person.shots()
    assert before.asset is not None
    page = person.client.get(person.url("change", before.id)).content.decode()
    assert "The product stays your photo" in page
    change = {"instruction": "a lemon", "boxes": '[{"object": "product", "box": [0, 0, 0.25, 0.25]}]', "model": MODEL}
    assert person.client.post(person.url("save_change", before.id), change).status_code == 302
    house.wait_for(lambda: person.shots()[0].version == 2)
    [after] = person.shots()
    assert after.asset is not None
    assert after.gate["max_abs_diff"] == 0
    assert after.gate["measures"]["outside_max_abs_diff"] == 0
    old, new = (decode(asset_store.read_bytes(shot.asset.blob)) for shot in (before, after) if shot.asset)
    assert (old[64:] == new[64:]).all()
    assert (old != new).any()
    assert {link.role for link in person.parents(after)} == {"photo", "cutout", "edited"}

    strokes = [{"tool": "keep", "size": 48, "hardness": 1, "points": [[200, 40], [230, 40]]}]
    painted = {"instruction": "a lime", "where": "paint", "strokes": json.dumps(strokes), "model": MODEL}
    assert person.client.post(person.url("save_change", before.id), painted).status_code == 302
    house.wait_for(lambda: person.shots()[0].version == 3)
    [last] = person.shots()
    assert last.asset is not None
    newest = decode(asset_store.read_bytes(last.asset.blob))
    mask = mask_of(parse_strokes(last.asset.recipe["source"]["strokes"]), (256, 256))
    assert (newest[mask == 0] == new[mask == 0]).all()
    assert (newest[mask > 127] != new[mask > 127]).any()
    assert last.asset.recipe["inputs"]["mask"]["pixels_sha256"] == pixels_sha256(mask)
    assert "Outside that part nothing changed" in person.client.get(person.url("shot", after.id)).content.decode()


def test_an_editor_changes_a_part_of_a_shot_that_was_guided_by_its_palette(house: House, person: Person) -> None:
    person.ask(palette="forest", guide="1", candidates="1")
    house.wait_for(lambda: all_ended(person))
    [before] = person.shots()
    assert before.asset is not None, house.last_words()
    assert before.asset.recipe["spec"]["palette_means"]["pull"] > 0
    page = person.client.get(person.url("change", before.id)).content.decode()
    assert "LongCat-Image-Edit Turbo" in page
    assert "What it changes follows your words alone" in page
    box = [{"object": "product", "box": [0.5, 0, 0.5, 0.5]}]
    change = {"instruction": "a blue wall", "where": "box", "boxes": json.dumps(box), "model": EDITOR, "strength": "60"}
    assert person.client.post(person.url("save_change", before.id), change).status_code == 302
    house.wait_for(lambda: person.shots()[0].version == 2)
    [after] = person.shots()
    assert after.asset is not None
    recipe = after.asset.recipe
    assert (recipe["model"]["model"], recipe["parameters"]["strength"]) == (EDITOR, 0.6)
    assert recipe["spec"]["palette_means"]["pull"] == 0
    assert [one["passed"] for one in recipe["measures"]["candidates"]] == [True, True]
    assert recipe["measures"]["preview_likeness"] == 1.0
    assert (after.gate["max_abs_diff"], after.gate["measures"]["outside_max_abs_diff"]) == (0, 0)
    old, new = (decode(asset_store.read_bytes(shot.asset.blob)) for shot in (before, after) if shot.asset)
    assert (old[128:] == new[128:]).all()
    assert (old[:128, 128:] != new[:128, 128:]).any(axis=2).mean() > 0.5


def test_a_scene_follows_the_look_of_another_picture(house: House, person: Person) -> None:
    person.ask(candidates="1")
    house.wait_for(lambda: all_ended(person))
    [first] = person.shots()
    person.ask(candidates="1", style=str(first.asset_id), token="like it")
    house.wait_for(lambda: all_ended(person))
    second = person.shots()[-1]
    assert second.asset is not None, house.last_words()
    assert {link.role for link in person.parents(second)} == {"photo", "cutout", "style"}
    assert "style" in second.asset.recipe["inputs"]


def test_a_scene_follows_a_picture_that_was_sent_for_it(house: House, person: Person) -> None:
    mood = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(mood, "JPEG")
    address = reverse("assets:upload", args=[person.workspace.slug])
    sent = person.client.post(address, {"file": SimpleUploadedFile("dusk.jpg", mood.getvalue())})
    style = sent.json()["asset"]
    person.ask(candidates="1", model=SEFI_TURBO, style=style, style_strength="80")
    house.wait_for(lambda: all_ended(person))
    [shot] = person.shots()
    assert shot.asset is not None, house.last_words()
    recipe = shot.asset.recipe
    assert recipe["spec"]["style_strength"] == 0.8
    assert {str(link.parent_id) for link in person.parents(shot) if link.role == "style"} == {style}
    with tenant_scope(person.workspace.id):
        picture = Asset.objects.select_related("blob").get(pk=style)
    assert recipe["source"]["style_sha256"] == picture.blob.sha256
    assert recipe["inputs"]["style"]["pixels_sha256"] == pixels_sha256(decode(asset_store.read_bytes(picture.blob)))
    assert (recipe["parameters"]["semantics"], shot.gate["max_abs_diff"]) == ("encoded", 0)


def stage_of(person: Person) -> str:
    [shot] = person.shots()
    return shot.job.stage if shot.job is not None else ""


def shared_passes() -> int:
    return sum(station.figures.get("shared_passes", 0) for station in stations.living())


def test_two_workspaces_share_a_pass_and_each_gets_its_own(
    house: House, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a third one's step stands still, both ask; then nothing but one pass for both can follow."""
    first, other = Person(), Person()
    begun, shared = len(house.steps()), shared_passes()
    with house.held():
        with monkeypatch.context() as another_size:  # no company for the others
            another_size.setitem(offers.FORMATS, "1:1", Format("1:1", "Square", 320, 320))
            first.ask(candidates="1")
        house.wait_for(lambda: len(house.steps()) > begun)
        person.ask(candidates="2")
        other.ask(candidates="3", label="a red tin")
        house.wait_for(lambda: stage_of(person) == stage_of(other) == "candidates")  # they wait at the desk
    house.wait_for(lambda: all_ended(first, person, other))
    pictures = [count for _, count in house.steps()[begun:]]
    assert 2 + 3 in pictures
    assert not {2, 3} & set(pictures[: pictures.index(5)])
    house.wait_for(lambda: shared_passes() > shared)
    for one, count in ((person, 2), (other, 3)):
        [shot] = one.shots()
        assert shot.job is not None
        assert (shot.job.state, shot.job.error_code) == (JobState.SUCCEEDED, ""), house.last_words()
        assert shot.asset is not None
        assert shot.asset.workspace_id == one.workspace.id
        assert len(shot.asset.recipe["measures"]["candidates"]) == count
        assert {link.role for link in one.parents(shot)} == {"photo", "cutout"}
        assert [entry.gpu_ms > 0 for entry in one.charges()] == [True]
    assert other.shots()[0].asset.recipe["spec"]["product_label"] == "a red tin"  # type: ignore[union-attr]


def test_a_cancel_is_heard_within_the_step_and_no_other_step_follows(house: House, person: Person) -> None:
    begun = len(house.steps())
    with house.held():
        person.ask(candidates="8")
        house.wait_for(lambda: len(house.steps()) > begun)
        with tenant_scope(person.workspace.id):
            queue.cancel(Job.objects.get(kind="studio.scene"))
        house.wait_for(lambda: all_ended(person))  # although the step has not ended yet
        assert house.steps()[begun:] == [(0, 8)]
    [shot] = person.shots()
    assert shot.job is not None
    assert (shot.job.state, shot.asset) == (JobState.CANCELLED, None)
    assert person.charges() == []
    next_one = Person()
    next_one.ask(candidates="1")
    house.wait_for(lambda: all_ended(next_one))
    assert [step for step in house.steps()[begun:] if step[1] == 8] == [(0, 8)]
    assert [shot.job.state for shot in next_one.shots() if shot.job] == [JobState.SUCCEEDED]


def test_kill_9_of_the_worker_loses_nothing_and_charges_once(house: House, person: Person) -> None:
    person.ask(count="3")
    house.wait_for(lambda: any(shot.job and shot.job.state == JobState.RUNNING for shot in person.shots()))
    house.kill_worker()
    house.start_worker()
    house.wait_for(lambda: all_ended(person))
    assert [shot.job.state for shot in person.shots() if shot.job] == [JobState.SUCCEEDED] * 3
    assert any(shot.job.attempts > 1 for shot in person.shots() if shot.job)
    assert sorted(entry.job_id for entry in person.charges()) == sorted(shot.job_id for shot in person.shots())
