"""Whose work goes first when a workspace has asked for much at once."""

from __future__ import annotations

import pytest

from apps.accounts.models import Workspace
from apps.assets import services as assets
from apps.core.tenancy import tenant_scope
from apps.jobs.models import Job, JobState
from apps.studio import services
from tests.factories import make_workspace
from tests.integration.studio.pictures import bottle_png
from tests.integration.studio.test_shoots import ready_product

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def test_a_large_drop_does_not_keep_a_click_waiting(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services.cutouts, "INTERACTIVE_CUTOUTS", 2)
    product = ready_product(workspace)
    photos = [
        assets.keep_photo(workspace, bottle_png(seed=seed), file_name=f"bottle {seed}.png", by=None)
        for seed in range(1, 5)
    ]
    with tenant_scope(workspace.id):
        services.create_products(workspace, photos=photos, by=None)
        waiting = Job.objects.filter(kind="studio.cutout", state=JobState.QUEUED).order_by("id")
        assert [job.priority for job in waiting] == ["interactive", "interactive", "batch", "batch"]
        assert services.request_cutout(product, box=[10, 10, 60, 60], by=None).priority == "interactive"


def test_what_fills_the_screen_of_a_large_shoot_comes_first(workspace: Workspace) -> None:
    product = ready_product(workspace)
    with tenant_scope(workspace.id):
        palettes = ["own", "#112233", "#445566"]
        made = services.request_shoot(
            product, sets=["white-sweep"], palettes=palettes, formats=["1:1", "4:5", "16:9"], variations=4, by=None
        )
        shots = list(made.shots.select_related("job").order_by("position"))
        assert [shot.job.priority for shot in shots if shot.job] == ["interactive"] * 24 + ["batch"] * 12
