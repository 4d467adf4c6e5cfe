"""A person's strokes on a cutout: a new cutout with its history, pieces for the eye, and the way back."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from apps.accounts.models import Workspace
from apps.assets import selectors as asset_store
from apps.assets import services as assets
from apps.assets.models import Asset, Lineage
from apps.core.errors import InvalidInput, NotFound
from apps.core.tenancy import tenant_scope
from apps.jobs.models import Job, JobState
from apps.jobs.tasks import run
from apps.studio import cutouts, selectors, services
from apps.studio.models import CutoutState, Product
from apps.studio.services import cutout_edits
from tests.factories import make_asset, make_workspace, owner_of
from tests.integration.studio.pictures import HEIGHT, WIDTH, bottle_png

pytestmark = pytest.mark.django_db(transaction=True)

DOT_ON_THE_WALL = {"tool": "keep", "size": 20, "hardness": 1.0, "points": [[60, 60]]}
HOLE_IN_THE_BOTTLE = {"tool": "remove", "size": 30, "hardness": 1.0, "points": [[180, 260]]}


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def work(workspace: Workspace) -> list[Job]:
    """Run every queued job of the workspace, here and now."""
    with tenant_scope(workspace.id):
        ids = list(Job.objects.filter(state=JobState.QUEUED).order_by("created_at").values_list("id", flat=True))
    for job_id in ids:
        run(str(job_id))
    with tenant_scope(workspace.id):
        return list(Job.objects.filter(id__in=ids).order_by("created_at"))


@pytest.fixture
def product(workspace: Workspace) -> Product:
    """From a transparent picture, which is its own cutout."""
    photo = assets.keep_photo(workspace, bottle_png(transparent=True), file_name="bottle.png", by=None)
    with tenant_scope(workspace.id):
        [product] = services.create_products(workspace, photos=[photo], by=None)
    work(workspace)
    return again(workspace, product)


def again(workspace: Workspace, product: Product) -> Product:
    with tenant_scope(workspace.id):
        return selectors.get_product(workspace, product.id)


def edit(workspace: Workspace, product: Product, *strokes: dict[str, Any], base: Asset | None = None) -> Product:
    with tenant_scope(workspace.id):
        cutout_edits.edit_cutout(product, base=base or product.cutout, strokes=list(strokes), by=None)
    work(workspace)
    return again(workspace, product)


def alpha_of(product: Product, cutout: Asset) -> Any:
    """The alpha at the photo's full size."""
    left, top, _, _ = cutouts.window_in_photo(product, cutout)
    whole = Image.new("L", (WIDTH, HEIGHT))
    whole.paste(Image.open(io.BytesIO(asset_store.read_bytes(cutout.blob))).getchannel("A"), (left, top))
    return np.asarray(whole)


def test_strokes_change_what_they_paint_and_nothing_else(workspace: Workspace, product: Product) -> None:
    assert product.cutout is not None
    before = alpha_of(product, product.cutout)
    edited = edit(workspace, product, DOT_ON_THE_WALL, HOLE_IN_THE_BOTTLE)
    assert edited.cutout is not None
    assert edited.cutout_state == CutoutState.ACCEPTED
    after = alpha_of(edited, edited.cutout)
    assert (before[60, 60], after[60, 60]) == (0, 255)
    assert (before[260, 180], after[260, 180]) == (255, 0)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    far = (np.hypot(rows - 60, columns - 60) > 12) & (np.hypot(rows - 260, columns - 180) > 17)
    assert np.array_equal(before[far], after[far])


def test_the_new_cutout_knows_its_strokes_and_what_they_were_painted_on(workspace: Workspace, product: Product) -> None:
    assert product.cutout is not None
    edited = edit(workspace, product, HOLE_IN_THE_BOTTLE)
    assert edited.cutout is not None
    assert edited.cutout.recipe["strokes"] == [
        {"tool": "remove", "size": 30.0, "hardness": 1.0, "points": [[180.0, 260.0]]}
    ]
    assert edited.cutout.recipe["base_sha256"] == product.cutout.blob.sha256
    with tenant_scope(workspace.id):
        parents = {link.role: link.parent_id for link in Lineage.objects.filter(child=edited.cutout)}
    assert parents == {"photo": product.photo_id, "cutout": product.cutout_id}


def test_a_cutout_can_be_painted_from_nothing(workspace: Workspace, product: Product) -> None:
    with tenant_scope(workspace.id):
        cutout_edits.edit_cutout(product, base=None, strokes=[DOT_ON_THE_WALL], by=None)
    work(workspace)
    painted = again(workspace, product)
    assert painted.cutout is not None
    alpha = alpha_of(painted, painted.cutout)
    assert (alpha[60, 60], alpha[260, 180]) == (255, 0)


def test_every_earlier_cutout_can_be_taken_again(workspace: Workspace, product: Product) -> None:
    first = product.cutout
    assert first is not None
    edited = edit(workspace, product, HOLE_IN_THE_BOTTLE)
    with tenant_scope(workspace.id):
        assert [cutout.id for cutout in cutouts.history(edited)] == [edited.cutout_id, first.id]
        cutout_edits.use_cutout(edited, cutout=first)
    back = again(workspace, product)
    assert (back.cutout_id, back.cutout_state) == (first.id, CutoutState.ACCEPTED)
    with tenant_scope(workspace.id):
        assert {cutout.id for cutout in cutouts.history(back)} == {edited.cutout_id, first.id}


def test_going_back_takes_a_waiting_edit_off_the_queue(workspace: Workspace, product: Product) -> None:
    first = product.cutout
    assert first is not None
    with tenant_scope(workspace.id):
        job = cutout_edits.edit_cutout(product, base=first, strokes=[HOLE_IN_THE_BOTTLE], by=None)
        cutout_edits.use_cutout(product, cutout=first)
    work(workspace)
    with tenant_scope(workspace.id):
        assert Job.objects.get(pk=job.pk).state == JobState.CANCELLED
    back = again(workspace, product)
    assert (back.cutout_id, back.cutout_state) == (first.id, CutoutState.ACCEPTED)


def test_an_edit_that_leaves_nothing_is_refused_and_the_cutout_stays(workspace: Workspace, product: Product) -> None:
    everything = {"tool": "polygon", "mode": "remove", "points": [[-9, -9], [999, -9], [999, 999], [-9, 999]]}
    with tenant_scope(workspace.id):
        job = cutout_edits.edit_cutout(product, base=product.cutout, strokes=[everything], by=None)
    work(workspace)
    with tenant_scope(workspace.id):
        ended = Job.objects.get(pk=job.pk)
    assert (ended.state, ended.error_code) == (JobState.FAILED, "cutout.nothing_left")
    kept = again(workspace, product)
    assert (kept.cutout_id, kept.cutout_state) == (product.cutout_id, product.cutout_state)


@pytest.mark.parametrize(
    ("strokes", "code"),
    [
        ([], "strokes.nothing_painted"),
        ("scribble", "strokes.unreadable"),
        ([{"tool": "spray", "points": [[1, 1]]}], "strokes.unknown_tool"),
        ([{"tool": "keep", "size": 99999, "points": [[1, 1]]}], "strokes.out_of_range"),
        ([DOT_ON_THE_WALL] * 1001, "strokes.too_many"),
    ],
)
def test_strokes_that_make_no_sense_queue_nothing(
    workspace: Workspace, product: Product, strokes: Any, code: str
) -> None:
    with tenant_scope(workspace.id), pytest.raises(InvalidInput) as refused:
        cutout_edits.edit_cutout(product, base=product.cutout, strokes=strokes, by=None)
    assert refused.value.code == code
    assert work(workspace) == []


def test_a_piece_shows_what_the_strokes_make_of_it_and_nothing_is_kept(workspace: Workspace, product: Product) -> None:
    before = again(workspace, product)
    with tenant_scope(workspace.id):
        asked = cutout_edits.request_refinement(
            product, base=product.cutout, strokes=[HOLE_IN_THE_BOTTLE], window=[100, 200, 120, 100], by=None
        )
    [job] = work(workspace)
    assert (job.id, job.state) == (asked.id, JobState.SUCCEEDED)
    client = Client()
    client.force_login(owner_of(workspace).user)
    answer = client.get(reverse("studio:refined_cutout", args=[workspace.slug, product.id, job.id]))
    piece = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert piece.shape == (100, 120, 4)
    assert piece[60, 80, 3] == 0  # the hole, at (180, 260) of the photo
    assert piece[60, 40, 3] == 255  # the bottle beside it
    after = again(workspace, product)
    assert (after.cutout_id, after.cutout_state) == (before.cutout_id, before.cutout_state)


def test_a_piece_may_not_reach_outside_the_preview(workspace: Workspace, product: Product) -> None:
    for window in ([0, 0, WIDTH + 1, 10], [-1, 0, 10, 10], [0, 0, 0, 10]):
        with tenant_scope(workspace.id), pytest.raises(InvalidInput):
            cutout_edits.request_refinement(
                product, base=product.cutout, strokes=[DOT_ON_THE_WALL], window=window, by=None
            )
    assert work(workspace) == []


def test_only_cutouts_of_the_products_own_photo_are_painted_on(workspace: Workspace, product: Product) -> None:
    other = make_asset(workspace, kind="cutout")
    client = Client()
    client.force_login(owner_of(workspace).user)
    asked = {"base": str(other.id), "strokes": [DOT_ON_THE_WALL]}
    address = reverse("studio:save_cutout", args=[workspace.slug, product.id])
    answer = client.post(
        address, json.dumps(asked), content_type="application/json", headers={"accept": "application/json"}
    )
    assert answer.status_code == 404
    with tenant_scope(workspace.id), pytest.raises(NotFound):
        cutouts.get_cutout(product, other.id)
    assert work(workspace) == []


@pytest.mark.parametrize("body", ["", "[]", "{", '{"base": null, "strokes": "x"}', '{"base": 7, "strokes": []}'])
def test_a_body_that_can_not_be_read_is_a_clear_refusal(workspace: Workspace, product: Product, body: str) -> None:
    client = Client()
    client.force_login(owner_of(workspace).user)
    for name in ("studio:save_cutout", "studio:refine_cutout"):
        address = reverse(name, args=[workspace.slug, product.id])
        answer = client.post(address, body, content_type="application/json", headers={"accept": "application/json"})
        assert answer.status_code == 400
        assert answer.json()["error"]["message"]
    assert work(workspace) == []


def test_the_editors_pictures_come_from_this_site(workspace: Workspace, product: Product) -> None:
    other = make_asset(workspace, kind="cutout")
    client = Client()
    client.force_login(owner_of(workspace).user)
    address = reverse("studio:cutout_picture", args=[workspace.slug, product.id])
    photo, cutout = client.get(address), client.get(address, {"cutout": str(product.cutout_id)})
    assert Image.open(io.BytesIO(photo.content)).size == (WIDTH, HEIGHT)
    assert product.cutout is not None
    window = cutouts.window_in_photo(product, product.cutout)
    assert Image.open(io.BytesIO(cutout.content)).size == tuple(window[2:])
    assert client.get(address, {"cutout": str(other.id)}).status_code == 404
    assert client.get(address, {"cutout": "x"}).status_code == 400


def test_a_large_photo_is_painted_on_at_a_smaller_size(workspace: Workspace) -> None:
    asset = make_asset(workspace, name="large.png")
    asset.blob.width, asset.blob.height = 8000, 6000
    assert cutouts.preview_size(asset.blob) == (2048, 1536)
    asset.blob.width, asset.blob.height = 300, 4000
    assert cutouts.preview_size(asset.blob) == (300, 4000)
    asset.blob.width, asset.blob.height = 300, 8000
    assert cutouts.preview_size(asset.blob) == (154, 4096)
    asset.blob.width, asset.blob.height = 640, 480
    assert cutouts.preview_size(asset.blob) == (640, 480)
