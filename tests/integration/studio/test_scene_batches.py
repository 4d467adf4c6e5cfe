"""Two tenants in one pass of the device: each gets what it would get alone, and nothing of the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.http import QueryDict

from apps.accounts.models import Workspace
from apps.assets import selectors as asset_store
from apps.billing.models import LedgerEntry
from apps.core.tenancy import current_workspace_id, tenant_scope
from apps.jobs import engines, stations
from apps.jobs.models import JobState
from apps.jobs.tasks import run
from apps.studio import offers, scenes, services
from apps.studio.jobs import SceneKind
from apps.studio.jobs.scenes import pictures_of
from apps.studio.models import Shot
from apps.studio.offers import Format
from apps.studio.pictures import decode
from inference.generation import GenerateItem, GenerateRequest
from inference.pipelines.generated.shot import generated_shot
from inference.pipelines.generated.spec import GeneratedSpec
from tests.checkpoints.klein import write_tiny_klein
from tests.checkpoints.quiet import _quiet_and_small  # noqa: F401 - an autouse fixture
from tests.factories import make_workspace
from tests.integration.studio.drawing_house import MODEL, ready_product

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 120.0
ROUNDING = 1


@pytest.fixture(autouse=True)
def _tiny(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    write_tiny_klein(tmp_path / MODEL)
    settings.GENERATOR_WEIGHTS_DIR, settings.GENERATOR_DEVICE = tmp_path, "cpu"
    monkeypatch.setitem(offers.FORMATS, "1:1", Format("1:1", "Square", 256, 256))
    told = {"name": MODEL, "title": "Klein", "licence": "Apache-2.0", "is_commercial": True, "is_ready": True}
    stations.beat("here/1", slots=4, offers=[told])
    engines.desk.cache_clear()
    yield
    engines.desk.cache_clear()


class Passes:
    """What the device was asked for, pass by pass; the first one stands still until the gate opens."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        self.tenants: list[object] = []
        self.gate, self.inside = threading.Event(), threading.Event()
        generate = engines.generators.generate

        def watched(model: str, request: GenerateRequest, **options: Any) -> Any:
            self.sizes.append(len(request.items))
            if len(self.sizes) == 1:
                self.inside.set()
                assert self.gate.wait(PATIENCE_S)
            self.tenants.append(current_workspace_id())
            connection.close()
            return generate(model, request, **options)

        monkeypatch.setattr(engines.generators, "generate", watched)


def ask(workspace: Workspace, words: str) -> Shot:
    product = ready_product(workspace)
    form = QueryDict(mutable=True)
    form.update({"label": "a bottle", "model": MODEL, "format": "1:1", "candidates": "2", "words": words})
    with tenant_scope(workspace.id):
        services.request_scenes(product, request=scenes.read_request(form), by=None)
        return Shot.objects.get(product=product)


def work(shot: Shot) -> None:
    """As the worker does it: one thread a job."""
    try:
        run(str(shot.job_id))
    finally:
        connection.close()


def somebody_else() -> None:
    with engines.desk().sit() as seat:
        seat.draw(MODEL, GenerateRequest((GenerateItem("a mug", 1),), 256, 256))


def wait_for_two() -> None:
    pause = threading.Event()
    for _ in range(int(PATIENCE_S / 0.02)):
        if len(engines.desk()._waiting) == 2:
            return
        pause.wait(0.02)
    raise AssertionError("the two never met")


def drawn_alone(shot: Shot) -> np.ndarray:
    with tenant_scope(shot.workspace_id):
        assert shot.job is not None
        inputs = SceneKind().load(shot.job)
    pictures, source = pictures_of(inputs)
    spec = GeneratedSpec.from_json(inputs.spec["generated"])
    return generated_shot(spec, pictures, options=engines.options(), source=source).master


def test_what_two_tenants_ask_is_drawn_together_and_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = Passes(monkeypatch)
    one, other = make_workspace(), make_workspace()
    shots = [ask(one, "beside a lighthouse"), ask(other, "near a waterfall")]
    with ThreadPoolExecutor(3) as people:
        first = people.submit(somebody_else)
        assert passes.inside.wait(PATIENCE_S)
        working = [people.submit(work, shot) for shot in shots]
        wait_for_two()
        passes.gate.set()
        for done in (first, *working):
            done.result(PATIENCE_S)

    assert passes.sizes == [1, 4], "two candidates of each, in one pass"
    assert set(passes.tenants) == {None}, "the thread that draws is in nobody's scope"
    for workspace, shot, strange in ((one, shots[0], "waterfall"), (other, shots[1], "lighthouse")):
        with tenant_scope(workspace.id):
            made = Shot.objects.select_related("asset__blob", "job").get(id=shot.id)
            [entry] = LedgerEntry.objects.filter(workspace=workspace, kind=scenes.KIND)
        assert made.job is not None
        assert (made.job.state, made.job.error_code) == (JobState.SUCCEEDED, "")
        assert made.asset is not None
        assert strange not in str(made.asset.recipe)
        assert made.asset.recipe["model"]["model"] == MODEL
        assert entry.gpu_ms > 0
        stored = decode(asset_store.read_bytes(made.asset.blob)).astype(int)
        assert np.abs(stored - drawn_alone(made)).max() <= ROUNDING
