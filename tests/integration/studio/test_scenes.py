"""Generated scenes without a worker: when they are offered, what is refused and where that is said, what is queued."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from apps.accounts.models import Workspace
from apps.core.tenancy import tenant_scope
from apps.jobs import stations
from apps.jobs.models import Station
from apps.studio import scenes
from apps.studio.models import Product, Shoot, Shot
from tests import factories
from tests.fingerprints import difference, take_fingerprint

pytestmark = pytest.mark.django_db
KLEIN, SEFI = "flux2-klein-4b", "sefi-1b-turbo"
NOBODY = "Nobody can draw scenes right now"


def offer(name: str = KLEIN, **changes: object) -> dict[str, object]:
    told: dict[str, object] = {
        "title": "FLUX.2 klein 4B",
        "licence": "Apache-2.0",
        "is_commercial": True,
        "is_ready": True,
    }
    return {"name": name, **told, **changes}


def beat(*offers: dict[str, object], worker: str = "here/1", slots: int = 4) -> None:
    stations.beat(
        worker, slots=slots, offers=list(offers) or [offer()], device={"name": "CPU", "total_mb": 8000, "free_mb": 4000}
    )


@pytest.fixture
def workspace() -> Workspace:
    return factories.make_workspace()


@pytest.fixture
def product(workspace: Workspace) -> Product:
    return factories.make_product(workspace, name="Green bottle")


@pytest.fixture
def client(workspace: Workspace) -> Client:
    client = Client()
    client.force_login(factories.owner_of(workspace).user)
    return client


def url(name: str, workspace: Workspace, *ids: object) -> str:
    return reverse(f"studio:{name}", args=[workspace.slug, *ids])


def form(**changes: object) -> dict[str, object]:
    asked: dict[str, object] = {
        "label": "a green glass bottle",
        "setting": "kitchen",
        "props": ["citrus"],
        "mode": "exact",
        "model": KLEIN,
        "palette": "sage",
        "format": "4:5",
        "count": "2",
        "candidates": "4",
        "copy_space": "left",
        "words": "beside a window",
        "boxes": "[]",
        "token": "one",
    }
    return {**asked, **changes}


def send(client: Client, product: Product, **changes: object) -> Any:
    return client.post(url("create_scene", product.workspace, product.id), form(**changes))


def shots(product: Product) -> list[Shot]:
    with tenant_scope(product.workspace_id):
        return list(Shot.objects.filter(product=product).select_related("job").order_by("position"))


def test_without_a_worker_the_page_says_so_and_nothing_is_queued(client: Client, product: Product) -> None:
    page = client.get(url("scene", product.workspace, product.id)).content.decode()
    assert NOBODY in page
    assert "No GPU worker is running in this installation" in page
    before = take_fingerprint([product.workspace])
    answer = send(client, product)
    assert answer.status_code == 409
    assert "No GPU worker that has this model is running" not in page
    assert "nobody can draw this now" in answer.content.decode()
    assert "beside a window" in answer.content.decode()
    assert difference(before, take_fingerprint([product.workspace])) == ""


def test_a_worker_that_fell_silent_is_not_counted_on(client: Client, product: Product) -> None:
    beat()
    assert 'data-open="true"' in client.get(url("scene", product.workspace, product.id)).content.decode()
    Station.objects.update(seen_at=timezone.now() - timedelta(seconds=stations.ALIVE_S + 1))
    page = client.get(url("scene_offer", product.workspace, product.id)).content.decode()
    assert NOBODY in page
    assert "was heard of on" in page
    assert send(client, product).status_code == 409


def test_a_worker_that_stands_still_is_not_counted_on_and_the_page_says_why(client: Client, product: Product) -> None:
    beat(offer(), slots=0)
    Station.objects.update(figures={"silent_s": 360.0})
    page = client.get(url("scene", product.workspace, product.id)).content.decode()
    assert "What a GPU worker draws has not moved for 6 minutes, so it is given no work." in page
    assert "was heard of" not in page
    assert b"No GPU worker that has this model is running" in send(client, product).content
    assert shots(product) == []


def test_a_model_that_could_not_be_loaded_is_not_offered(client: Client, product: Product) -> None:
    beat(offer(is_ready=False, code="generate.too_little_memory", reason="8 GB are free", next_step=""))
    assert NOBODY in client.get(url("scene", product.workspace, product.id)).content.decode()
    assert "too little free memory" in client.get(url("engines", product.workspace)).content.decode()


def test_the_form_becomes_shots_in_the_models_lane(client: Client, product: Product) -> None:
    beat()
    answer = send(client, product)
    assert answer.status_code == 302
    made = shots(product)
    assert [shot.position for shot in made] == [0, 1]
    assert {shot.spec["set"] for shot in made} == {"generated"}
    assert made[1].spec["seed"] - made[0].spec["seed"] == 8
    asked = made[0].spec["generated"]
    assert (asked["mode"], asked["model"], asked["width"], asked["height"]) == ("exact", KLEIN, 1200, 1500)
    assert asked["scene"]["props"] == ["citrus"]
    assert asked["scene"]["palette"] == made[0].spec["palette"] != []
    assert {shot.job.lane for shot in made if shot.job} == {f"gpu-{KLEIN}"}


def test_the_drawing_is_guided_by_a_palette_where_somebody_wants_that(client: Client, product: Product) -> None:
    beat()
    pulls = {}
    for name, changes in (("plain", {}), ("guided", {"guide": "1"}), ("free", {"guide": "1", "palette": "own"})):
        known = {shot.id for shot in shots(product)}
        send(client, product, token=name, count="1", **changes)
        [shot] = [one for one in shots(product) if one.id not in known]
        like = client.get(url("scene", product.workspace, product.id), {"like": str(shot.id)}).content.decode()
        pulls[name] = shot.spec["generated"]["palette_means"]["pull"]
        assert bool(re.search(r'name="guide"[^>]* checked', like)) is (name == "guided")
    assert pulls == {"plain": 0.0, "guided": scenes.PALETTE_PULL, "free": 0.0}


def test_sent_twice_it_is_one_shoot(client: Client, product: Product) -> None:
    beat()
    assert send(client, product)["Location"] == send(client, product)["Location"]
    assert send(client, product, token="two")["Location"] != send(client, product)["Location"]
    with tenant_scope(product.workspace_id):
        assert Shoot.objects.filter(product=product).count() == 2


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"words": "a naked person"}, "words", "Sexual or nude scenes are not made here"),
        ({"words": "x" * 601}, "words", "at most 600 characters"),
        ({"label": " "}, "label", "Say what the product is"),
        ({"setting": "moon-base"}, "setting", "“moon-base” is not offered any more"),
        ({"palette": "own", "own_palette": "green"}, "palette", "“green” is not a palette"),
        ({"boxes": '[{"object": "product", "box": [0.9, 0, 0.5, 1]}]'}, "boxes", "A box lies outside the picture"),
        ({"format": "5:7x"}, "format", "There is no picture format called"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_loses_nothing(
    client: Client, product: Product, changes: dict[str, object], field: str, sentence: str
) -> None:
    beat()
    before = take_fingerprint([product.workspace])
    answer = send(client, product, **changes)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert f'id="problem-{field}" data-problem-of="{field}" role="alert">' in page
    said = page.partition(f'data-problem-of="{field}" role="alert">')[2].partition("</p>")[0]
    assert sentence in said.replace("&quot;", '"')
    assert 'value="citrus" checked' in page
    assert difference(before, take_fingerprint([product.workspace])) == ""


def test_a_script_hears_the_field_too(client: Client, product: Product) -> None:
    beat()
    answer = client.post(
        url("create_scene", product.workspace, product.id), form(words="naked"), headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "words")


def test_a_licence_that_was_not_accepted_is_named_with_the_next_step(client: Client, workspace: Workspace) -> None:
    page = client.get(url("engines", workspace)).content.decode()
    assert "SeFi-Image 1B Turbo" in page
    assert "CC-BY-NC-4.0" in page
    assert "not for commercial use" in page
    assert "GENERATOR_LICENCES" in page
    assert "make gpu-worker" in page


def test_an_accepted_licence_is_said_with_what_it_means(client: Client, workspace: Workspace, settings: Any) -> None:
    settings.GENERATOR_LICENCES = ["CC-BY-NC-4.0"]
    page = client.get(url("engines", workspace)).content.decode()
    assert "Accepted here: CC-BY-NC-4.0" in page
    assert "hf download SeFi-Image/SeFi-Image-1B-turbo-diffusers" in page


def test_a_running_worker_is_shown_with_its_device(client: Client, workspace: Workspace) -> None:
    beat()
    page = client.get(url("engines", workspace)).content.decode()
    assert "A GPU worker is running" in page
    assert "No GPU worker is running" not in page


def generated_shot(product: Product) -> Shot:
    spec = {"mode": "reimagined", "strength": 0.4, "model": KLEIN, "product_label": "a bottle", "candidates": 2}
    scene = {"setting": "beach", "words": "wet sand", "copy_space": "none", "props": ["citrus"]}
    size = {"format": "1:1", "width": 1200, "height": 1200, "seed": 5}
    shoot = factories.make_shoot(product.workspace, product=product)
    return factories.make_shot(
        product.workspace,
        shoot=shoot,
        spec={"set": "generated", "palette": [], **size, "generated": {**spec, "scene": scene}},
        gate={"label": "product_reimagined", "measures": {"palette_coverage": 0.4}},
    )


@pytest.mark.parametrize(
    ("name", "method"),
    [("edit_shot", "get"), ("best", "get"), ("find_best", "post"), ("choose_look", "get"), ("save_edit", "post")],
)
def test_the_controls_of_sets_are_refused_for_generated_shots(
    client: Client, product: Product, name: str, method: str
) -> None:
    shot = generated_shot(product)
    data = {"count": "4", "spec": '{"set": "white-sweep", "format": "1:1"}'} if method == "post" else {}
    answer = getattr(client, method)(url(name, product.workspace, shot.id), data)
    assert answer.status_code == 409
    assert "controls of sets do not change a generated scene" in answer.content.decode()


def test_a_re_imagined_product_is_labelled_wherever_it_is_seen(client: Client, product: Product) -> None:
    shot = generated_shot(product)
    page = client.get(url("shot", product.workspace, shot.id)).content.decode()
    assert "Re-imagined product" in page
    assert "drawn anew and may differ from the photo" in page
    assert "Scene colours differ from the palette" in page
    assert "wet sand" in page
    assert "Edit" not in page.partition('id="shot-panel"')[2].partition("</div>")[0]
    assert "Re-imagined product" in client.get(url("shoot", product.workspace, shot.shoot_id)).content.decode()


def test_a_similar_one_begins_with_the_same_choices(client: Client, product: Product) -> None:
    beat()
    shot = generated_shot(product)
    page = client.get(url("scene", product.workspace, product.id), {"like": str(shot.id)}).content.decode()
    assert 'value="beach" checked' in page
    assert 'value="citrus" checked' in page
    assert "wet sand" in page
    assert 'value="reimagined" checked' in page


def test_another_workspaces_shot_is_no_beginning(client: Client, product: Product) -> None:
    other = factories.make_shot(factories.make_workspace())
    assert client.get(url("scene", product.workspace, product.id), {"like": str(other.id)}).status_code == 404


BRUSH = {"tool": "keep", "size": 200, "hardness": 1, "points": [[300, 300], [500, 300]]}
ERASER = {**BRUSH, "tool": "remove", "size": 260}


def change(client: Client, shot: Shot, strokes: object, **changes: object) -> Any:
    sent = {"instruction": "a lemon", "where": "paint", "strokes": json.dumps(strokes), "model": KLEIN, **changes}
    return client.post(url("save_change", shot.workspace, shot.id), sent)


def test_what_was_painted_goes_with_the_change(client: Client, product: Product) -> None:
    beat()
    shot = generated_shot(product)
    assert change(client, shot, [BRUSH]).status_code == 302
    with tenant_scope(product.workspace_id):
        version = shot.versions.latest("number")
    assert version.spec["changed"]["strokes"] == [BRUSH]
    assert version.spec["generated"]["region"] is None


@pytest.mark.parametrize(
    ("strokes", "said"),
    [
        ([], "Paint over the part that may change"),
        ([BRUSH, ERASER], "Paint over the part that may change"),
        ([{**BRUSH, "points": [[9000, 9000]]}], "Paint over the part that may change"),
        ([{**BRUSH, "size": 6, "points": [[300, 300]]}], "too small to draw in"),
        ([{**BRUSH, "tool": "refine"}], "a tool that we do not know"),
        ([{**BRUSH, "points": "here"}], "could not be read"),
    ],
)
def test_nothing_painted_is_refused_and_what_was_painted_comes_back(
    client: Client, product: Product, strokes: list[dict[str, Any]], said: str
) -> None:
    beat()
    shot = generated_shot(product)
    before = take_fingerprint([product.workspace])
    answer = change(client, shot, strokes)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert said in page.partition('data-problem-of="boxes" role="alert">')[2].partition("</p>")[0]
    assert f'name="strokes" value="{escape(json.dumps(strokes))}"' in page
    assert difference(before, take_fingerprint([product.workspace])) == ""


def test_the_plan_says_where_things_would_be_and_makes_nothing(client: Client, product: Product) -> None:
    before = take_fingerprint([product.workspace])

    def planned(**changes: object) -> Any:
        return client.post(url("plan_scene", product.workspace, product.id), {**form(), **changes})

    wish = {
        "words": "a white vase behind it, a napkin on the right",
        "props": ["lemons"],
        "surface": "oak",
        "boxes": "[]",
    }
    things = {one["object"]: one for one in planned(**wish).json()["things"]}
    assert set(things) == {"lemons", "white vase", "napkin"}
    assert things["lemons"]["name"] == "Lemons"
    assert things["napkin"]["box"][0] > 0.5
    drawn = json.dumps([{"object": "white vase", "box": [0.1, 0.1, 0.2, 0.3]}])
    moved = {one["object"]: one["box"] for one in planned(**{**wish, "boxes": drawn}).json()["things"]}
    assert moved["white vase"] == [0.1, 0.1, 0.2, 0.3]
    refused = planned(words="a naked woman")
    assert (refused.status_code, refused.json()["error"]["code"][:7]) == (400, "prompt.")
    assert difference(before, take_fingerprint([product.workspace])) == ""


def test_the_time_of_a_shot_is_the_workspaces_own_then_the_workers_and_else_unknown(
    client: Client, product: Product
) -> None:
    def said() -> str:
        page = client.get(url("scene", product.workspace, product.id)).content.decode()
        return page.partition(f'value="{KLEIN}" ')[2].partition(" data-slots")[0]

    def made(candidates: int, seconds: float) -> None:
        generated = {"mode": "exact", "product_label": "a mug", "model": KLEIN, "candidates": candidates}
        began = timezone.now()
        ended = {"state": "succeeded", "started_at": began, "ended_at": began + timedelta(seconds=seconds)}
        job = factories.make_job(product.workspace, kind="studio.scene", lane=f"gpu-{KLEIN}", **ended)
        factories.make_shot(product.workspace, job=job, spec={"set": "generated", "generated": generated})

    beat()
    assert said() == 'data-base="0.000" data-unit="0.000"'
    Station.objects.update(figures={"pace": {KLEIN: [7.5, 0.25]}})
    assert said() == 'data-base="0.250" data-unit="7.500"'
    # A candidate is 512 px, the full picture 1024 px through 0.6 of the steps: 0.262 and 0.629 megapixels.
    made(4, 2 + 10 * (4 * 0.262144 + 0.6291456))
    assert said() == 'data-base="0.000" data-unit="11.192"'
    made(8, 2 + 10 * (8 * 0.262144 + 0.6291456))
    assert said() == 'data-base="2.000" data-unit="10.000"'


def test_a_trained_adapter_is_offered_to_its_own_workspace_alone(client: Client, product: Product) -> None:
    slug = product.workspace.slug
    beat(offer(adapters=[f"{slug}--brand", "another-shop--secret", "everybody"]))
    page = client.get(url("scene", product.workspace, product.id)).content.decode()
    assert f'value="{slug}--brand"' in page
    assert "secret" not in page
    assert send(client, product, adapter="another-shop--secret").status_code == 409
    assert send(client, product, adapter="gone").status_code == 409
    assert shots(product) == []
    assert send(client, product, adapter=f"{slug}--brand").status_code == 302
    assert shots(product)[0].spec["generated"]["adapters"] == [[f"{slug}--brand", 0.9]]


def test_an_adapter_is_offered_while_every_worker_has_it(client: Client, product: Product) -> None:
    beat(offer(adapters=["one", "two"]), worker="here/1")
    beat(offer(adapters=["two"]), worker="here/2")
    page = client.get(url("scene", product.workspace, product.id)).content.decode()
    assert 'value="two"' in page
    assert 'value="one"' not in page
