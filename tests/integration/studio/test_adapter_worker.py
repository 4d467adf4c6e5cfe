"""From the form that teaches a model to a scene that uses what it learned, through a real GPU worker process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Workspace
from apps.assets import selectors as asset_store
from apps.assets import services as assets
from apps.billing.models import LedgerEntry
from apps.core.tenancy import tenant_scope
from apps.jobs import services as queue
from apps.jobs.models import Job, JobState
from apps.studio import adapters, offers
from apps.studio.jobs.shots import cut_pictures
from apps.studio.models import Adapter, Product, Shot
from apps.studio.offers import Format
from apps.studio.pictures import decode
from apps.studio.services.adapters import state_key
from inference.adapters import read_card
from inference.generation import GenerateOptions
from inference.pipelines.generated.spec import GeneratedInputs
from inference.pipelines.generated.verify import verify_generated
from tests.factories import make_person, make_workspace, png_bytes
from tests.integration.studio.drawing_house import MODEL, SEFI_BASE, House, drawing_house, ready_product

pytestmark = pytest.mark.slow
STEPS, MORE_STEPS, ENDLESS_STEPS = 24, 200, 20_000
SAVE_EVERY = 4


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[House]:
    with django_db_blocker.unblock(), drawing_house(tmp_path_factory.mktemp("teaching"), sefi=SEFI_BASE) as house:
        house.start_worker()
        yield house


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan and pictures that tiny networks manage in a moment; the worker takes both from the rows."""
    monkeypatch.setitem(offers.FORMATS, "1:1", Format("1:1", "Square", 256, 256))
    monkeypatch.setattr(adapters, "STEPS", {STEPS: "Tiny", MORE_STEPS: "More", ENDLESS_STEPS: "Endless"})
    monkeypatch.setattr(adapters, "SIZE_PX", 256)
    monkeypatch.setattr(adapters, "RATE", 2e-2)
    monkeypatch.setattr(adapters, "SAVE_EVERY", SAVE_EVERY)


class Person:
    """Somebody with a workspace, a product, four pictures to learn from, and a browser."""

    def __init__(self) -> None:
        user = make_person()
        self.workspace: Workspace = make_workspace(user)
        self.product: Product = ready_product(self.workspace)
        colours = ((200, 40, 30), (190, 60, 30), (210, 30, 50))
        photos = [
            assets.keep_photo(self.workspace, png_bytes((80, 64), c), file_name="a.png", by=None) for c in colours
        ]
        self.pictures = [str(self.product.photo_id), *(str(photo.id) for photo in photos)]
        self.client = Client()
        self.client.force_login(user)

    def url(self, name: str, *ids: object) -> str:
        return reverse(f"studio:{name}", args=[self.workspace.slug, *ids])

    def teach(self, **changes: object) -> Adapter:
        form: dict[str, object] = {
            "name": "Our red",
            "trigger": "zaluba",
            "subject": "a glass bottle",
            "model": MODEL,
            "picture": self.pictures,
            f"caption-{self.pictures[1]}": "a red wall",
            "steps": str(STEPS),
            "rank": "8",
        }
        answer = self.client.post(self.url("create_adapter"), {**form, **changes})
        assert answer.status_code == 302, answer.content.decode()[:3000]
        return self.adapter(answer["Location"].rstrip("/").rpartition("/")[2])

    def adapter(self, key: object) -> Adapter:
        with tenant_scope(self.workspace.id):
            return Adapter.objects.select_related("job", "blob", "preview", "plain_preview", "workspace").get(pk=key)

    def job_of(self, adapter: Adapter) -> Job:
        job = self.adapter(adapter.pk).job
        assert job is not None
        return job

    def draw(self, **changes: object) -> Shot:
        form: dict[str, object] = {
            "label": "a green glass bottle",
            "setting": "kitchen",
            "mode": "exact",
            "model": MODEL,
            "palette": "own",
            "format": "1:1",
            "count": "1",
            "candidates": "1",
            "copy_space": "none",
        }
        answer = self.client.post(self.url("create_scene", self.product.id), {**form, **changes})
        assert answer.status_code == 302, answer.content.decode()[:3000]
        with tenant_scope(self.workspace.id):
            return Shot.objects.filter(workspace=self.workspace).latest("created_at", "id")

    def shot(self, shot: Shot) -> Shot:
        with tenant_scope(self.workspace.id):
            return Shot.objects.select_related("asset__blob", "job").get(pk=shot.pk)

    def charges(self) -> list[tuple[str, str]]:
        with tenant_scope(self.workspace.id):
            return list(LedgerEntry.objects.filter(workspace=self.workspace).values_list("kind", "item"))


@pytest.fixture
def person(house: House) -> Person:
    return Person()


def ended(house: House, person: Person, adapter: Adapter) -> Job:
    house.wait_for(lambda: person.job_of(adapter).is_ended)
    return person.job_of(adapter)


def kept_state(adapter: Adapter) -> bytes | None:
    return asset_store.find_key(state_key(adapter.workspace_id, adapter.id))


def inputs_of(person: Person) -> GeneratedInputs:
    with tenant_scope(person.workspace.id):
        product = Product.objects.select_related("photo__blob", "cutout__blob").get(pk=person.product.pk)
        assert product.cutout is not None
    photo, cutout = cut_pictures(product.photo.blob, product.cutout)
    return GeneratedInputs(photo_rgb=photo, cutout=cutout)


def test_a_model_is_taught_and_scenes_use_what_it_learned(house: House, person: Person, tmp_path: Path) -> None:
    page = person.client.get(person.url("new_adapter")).content.decode()
    assert "FLUX.2 klein 4B" in page
    adapter = person.teach()
    job = ended(house, person, adapter)
    assert (job.state, job.error_code) == (JobState.SUCCEEDED, ""), house.last_words()
    assert (job.lane, job.figures["step"], job.figures["steps"]) == (f"train-{MODEL}", STEPS, STEPS)
    adapter = person.adapter(adapter.pk)
    assert adapter.blob is not None
    recipe = adapter.recipe
    assert recipe["last_loss"] < recipe["first_loss"]
    assert [one["caption"] for one in recipe["pictures"]] == [
        "zaluba. a photo of a glass bottle",
        "zaluba. a red wall",
        *["zaluba. a photo of a glass bottle"] * 2,
    ]
    assert kept_state(adapter) is None
    assert person.charges() == [("studio.adapter", "adapter")]
    previews = [
        person.client.get(person.url("adapter_preview", adapter.pk), ask).content for ask in ({}, {"plain": ""})
    ]
    assert previews[0] != previews[1]

    form = person.client.get(person.url("scene", person.product.id)).content.decode()
    assert f'value="{adapter.pk}"' in form
    plain, taught = person.draw(token="plain"), person.draw(token="taught", adapter=str(adapter.pk))
    house.wait_for(lambda: all(person.shot(one).job.is_ended for one in (plain, taught)))  # type: ignore[union-attr]
    plain, taught = person.shot(plain), person.shot(taught)
    assert plain.asset is not None
    assert taught.asset is not None, house.last_words()
    model = taught.asset.recipe["model"]
    assert model["adapters"] == [
        {"name": adapter.blob.sha256, "weight": 0.9, "weights_sha256": recipe["weights_sha256"]}
    ]
    assert taught.asset.recipe["prompt"].startswith("zaluba. Product photograph of")
    assert "adapters" not in plain.asset.recipe["model"]
    assert "Our red" in person.client.get(person.url("shot", taught.pk)).content.decode()

    download = person.client.get(person.url("adapter_file", adapter.pk))
    file = tmp_path / f"{adapter.blob.sha256}.safetensors"
    file.write_bytes(download.content)
    assert read_card(file).weights_sha256 == recipe["weights_sha256"]
    weights = Path(house.environment["GENERATOR_WEIGHTS_DIR"])
    options = GenerateOptions(weights_dir=weights, device="cpu", adapters_dir=tmp_path)
    picture = decode(asset_store.read_bytes(taught.asset.blob))
    report = verify_generated(taught.asset.recipe, inputs_of(person), options=options, picture=picture)
    assert report.passed, report
    plainly = {**taught.asset.recipe, "spec": {**taught.asset.recipe["spec"], "adapters": []}}
    without = verify_generated(plainly, inputs_of(person), options=options, picture=picture)
    assert not without.passed


def test_sefi_base_is_taught_meaning_and_texture_and_draws_with_it(house: House, person: Person) -> None:
    adapter = person.teach(model=SEFI_BASE)
    job = ended(house, person, adapter)
    assert (job.state, job.lane) == (JobState.SUCCEEDED, f"train-{SEFI_BASE}"), house.last_words()
    adapter = person.adapter(adapter.pk)
    assert adapter.recipe["model"]["name"] == SEFI_BASE
    taught, plain = (
        person.client.get(person.url("adapter_preview", adapter.pk), ask).content for ask in ({}, {"plain": ""})
    )
    assert taught != plain
    shot = person.draw(model=SEFI_BASE, adapter=str(adapter.pk))
    house.wait_for(lambda: person.shot(shot).job.is_ended)  # type: ignore[union-attr]
    asset = person.shot(shot).asset
    assert asset is not None, house.last_words()
    assert asset.recipe["parameters"]["steps"] == 50
    assert asset.recipe["model"]["adapters"][0]["weights_sha256"] == adapter.recipe["weights_sha256"]


def test_a_training_gives_way_to_drawing_and_is_cancelled_within_a_step(house: House, person: Person) -> None:
    adapter = person.teach(steps=str(ENDLESS_STEPS))
    house.wait_for(lambda: person.job_of(adapter).figures.get("step", 0) >= 1)
    page = person.client.get(person.url("adapter", adapter.pk)).content.decode()
    assert f"of {ENDLESS_STEPS} · loss" in page
    shot = person.draw(token="meanwhile")
    house.wait_for(lambda: person.shot(shot).job.is_ended)  # type: ignore[union-attr]
    assert person.shot(shot).asset is not None, house.last_words()
    job = person.job_of(adapter)
    assert job.state == JobState.RUNNING
    before = job.figures["step"]
    house.wait_for(lambda: person.job_of(adapter).figures["step"] > before)

    queue.cancel(job)
    assert ended(house, person, adapter).state == JobState.CANCELLED
    assert person.adapter(adapter.pk).blob is None
    assert person.charges() == [("studio.scene", "image")]
    assert kept_state(adapter) is not None
    assert person.client.post(person.url("delete_adapter", adapter.pk)).status_code == 302
    assert kept_state(adapter) is None
    assert person.client.get(person.url("adapter", adapter.pk)).status_code == 404


def test_kill_9_loses_no_more_than_the_steps_since_the_last_state(house: House, person: Person) -> None:
    adapter = person.teach(steps=str(MORE_STEPS))
    house.wait_for(lambda: kept_state(adapter) is not None)
    house.kill_worker()
    assert person.job_of(adapter).state == JobState.RUNNING
    house.start_worker()
    job = ended(house, person, adapter)
    assert (job.state, job.attempts) == (JobState.SUCCEEDED, 2), house.last_words()
    [told] = re.findall(rf"the training of {adapter.pk} goes on after step (\d+)", house.last_words())
    assert int(told) >= SAVE_EVERY
    assert person.adapter(adapter.pk).recipe["plan"]["steps"] == MORE_STEPS
    assert person.charges() == [("studio.adapter", "adapter")]
    assert kept_state(adapter) is None
