"""From a photo to a shot: products, cutouts, shoots, verdicts; on the real queue tables and the real library."""

from __future__ import annotations

import pytest

from apps.accounts.models import Workspace
from apps.assets import services as assets
from apps.assets.models import Asset, Lineage
from apps.billing.models import LedgerEntry
from apps.core.errors import Conflict, InvalidInput
from apps.core.tenancy import tenant_scope
from apps.jobs.models import Job, JobState
from apps.jobs.tasks import run
from apps.studio import samples, selectors, services
from apps.studio.models import CutoutState, Product, Shoot, Shot
from inference.recipe import recipe_hash
from tests.factories import make_person, make_workspace
from tests.integration.studio.pictures import HEIGHT, WIDTH, bottle_png

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def keep(workspace: Workspace, *, transparent: bool = False) -> Asset:
    picture = bottle_png(transparent=transparent)
    return assets.keep_photo(workspace, picture, file_name="FC-7_green-bottle.png", by=None)


def work(workspace: Workspace) -> list[Job]:
    """Run every queued job of the workspace, here and now."""
    with tenant_scope(workspace.id):
        ids = list(Job.objects.filter(state=JobState.QUEUED).order_by("created_at").values_list("id", flat=True))
    for job_id in ids:
        run(str(job_id))
    with tenant_scope(workspace.id):
        return list(Job.objects.filter(id__in=ids))


def new_product(workspace: Workspace, *, transparent: bool = False) -> Product:
    photo = keep(workspace, transparent=transparent)
    with tenant_scope(workspace.id):
        [product] = services.create_products(workspace, photos=[photo], by=None)
    return product


def ready_product(workspace: Workspace, *, transparent: bool = True) -> Product:
    """By default from a transparent picture, which is its own cutout: the engine is tested where it matters."""
    product = new_product(workspace, transparent=transparent)
    work(workspace)
    with tenant_scope(workspace.id):
        return selectors.get_product(workspace, product.id)


def shoot(workspace: Workspace, product: Product, **changes: object) -> Shoot:
    wish: dict[str, object] = {"sets": ["white-sweep"], "palettes": ["own"], "formats": ["1:1"], "by": None}
    with tenant_scope(workspace.id):
        return services.request_shoot(product, **{**wish, **changes})  # type: ignore[arg-type]


def test_a_photo_becomes_a_product_named_after_its_file_and_its_cutout_is_queued(workspace: Workspace) -> None:
    product = new_product(workspace)

    assert (product.name, product.sku) == ("Green bottle", "FC-7")
    assert product.cutout_state == CutoutState.PENDING
    with tenant_scope(workspace.id):
        assert Job.objects.filter(kind="studio.cutout", state=JobState.QUEUED).count() == 1


def test_the_same_photo_dropped_again_is_the_same_product(workspace: Workspace) -> None:
    first = new_product(workspace)
    second = new_product(workspace)

    assert first.id == second.id
    with tenant_scope(workspace.id):
        assert Job.objects.count() == 1


def test_a_cutout_keeps_the_photos_own_pixels_and_says_which_engine_made_it(workspace: Workspace) -> None:
    product = ready_product(workspace, transparent=False)

    assert product.cutout_state in (CutoutState.READY, CutoutState.NEEDS_BOX)
    assert product.cutout is not None
    assert product.cutout_engine == "guided"
    assert 0 <= product.cutout_confidence <= 1
    with tenant_scope(workspace.id):
        link = Lineage.objects.get(child=product.cutout)
    assert (link.parent_id, link.role) == (product.photo_id, "photo")


def test_a_box_gives_a_new_cutout_inside_it(workspace: Workspace) -> None:
    product = new_product(workspace)
    with tenant_scope(workspace.id):
        services.request_cutout(product, box=[120, 70, 120, 320], by=None)
    work(workspace)

    with tenant_scope(workspace.id):
        boxed = selectors.get_product(workspace, product.id)
    assert boxed.cutout_state == CutoutState.READY
    left, top, width, height = boxed.cutout.recipe["window"]
    assert boxed.cutout.recipe["box"] == [120, 70, 120, 320]
    assert 110 <= left <= 135
    assert 60 <= top <= 90
    assert 90 <= width <= 130
    assert 290 <= height <= 335


def test_a_box_outside_the_photo_is_refused_and_nothing_changes(workspace: Workspace) -> None:
    product = ready_product(workspace)
    with tenant_scope(workspace.id), pytest.raises(InvalidInput) as caught:
        services.request_cutout(product, box=[WIDTH, HEIGHT, 50, 50], by=None)

    assert caught.value.code == "cutout.box_outside"
    with tenant_scope(workspace.id):
        assert Job.objects.filter(state=JobState.QUEUED).count() == 0
        assert selectors.get_product(workspace, product.id).cutout_state == product.cutout_state


def test_a_result_that_a_newer_request_overtook_changes_nothing(workspace: Workspace) -> None:
    product = new_product(workspace)
    with tenant_scope(workspace.id):
        late = Job.objects.get()
        services.request_cutout(product, box=[120, 70, 120, 320], by=None)
    run(str(late.id))

    with tenant_scope(workspace.id):
        now = selectors.get_product(workspace, product.id)
    assert now.cutout_state == CutoutState.PENDING
    assert now.cutout is None


def test_no_shots_before_there_is_a_cutout(workspace: Workspace) -> None:
    product = new_product(workspace)
    with pytest.raises(Conflict) as caught:
        shoot(workspace, product)

    assert caught.value.code == "studio.no_cutout_yet"
    with tenant_scope(workspace.id):
        assert Shoot.objects.count() == 0
        assert Job.objects.filter(kind="studio.shot").count() == 0


def test_a_shoot_makes_one_job_for_every_set_palette_format_and_variation(workspace: Workspace) -> None:
    made = shoot(
        workspace,
        ready_product(workspace),
        palettes=["own", "#1b4d3e,#f4e9d8"],
        formats=["1:1", "4:5"],
        variations=2,
    )

    with tenant_scope(workspace.id):
        specs = [shot.spec for shot in selectors.shots(made)]
        assert Job.objects.filter(kind="studio.shot", batch=made.batch).count() == 8
    assert [spec["seed"] for spec in specs] == [0] * 4 + [1] * 4
    assert {(spec["format"], tuple(spec["palette"])) for spec in specs} == {
        ("1:1", ()),
        ("4:5", ()),
        ("1:1", ("#1b4d3e", "#f4e9d8")),
        ("4:5", ("#1b4d3e", "#f4e9d8")),
    }


def test_more_shots_than_one_go_may_make_are_refused_whole(workspace: Workspace) -> None:
    product = ready_product(workspace)
    palettes = [f"#{i:06x}" for i in range(60)]
    with pytest.raises(InvalidInput) as caught:
        shoot(workspace, product, palettes=palettes, variations=4)

    assert caught.value.code == "studio.too_many_shots"
    with tenant_scope(workspace.id):
        assert Shoot.objects.count() == 0


def test_a_finished_shot_has_a_picture_a_recipe_its_gate_a_lineage_and_one_ledger_row(workspace: Workspace) -> None:
    made = shoot(workspace, ready_product(workspace))
    [job] = work(workspace)
    run(str(job.id))  # the broker may ring twice

    assert job.state == JobState.SUCCEEDED
    with tenant_scope(workspace.id):
        [shot] = selectors.shots(made)
        assert (shot.asset.blob.width, shot.asset.blob.height) == (1200, 1200)
        assert shot.gate["passed"] is True
        assert shot.gate["max_abs_diff"] == 0
        assert shot.gate["pixels_compared"] > 10_000
        assert shot.asset.recipe["spec"]["set_name"] == "white-sweep"
        assert shot.asset.recipe_hash == recipe_hash(shot.asset.recipe)
        roles = set(Lineage.objects.filter(child=shot.asset).values_list("role", flat=True))
        assert roles == {"cutout", "photo"}
        entry = LedgerEntry.objects.get()
        assert (entry.job_id, entry.kind, entry.asset_id) == (job.id, "studio.shot", shot.asset_id)
        assert entry.cpu_ms > 0


def test_a_palette_with_more_colours_than_the_set_has_surfaces_gives_it_the_first_ones(workspace: Workspace) -> None:
    made = shoot(workspace, ready_product(workspace), palettes=["sand"])
    [job] = work(workspace)

    assert job.state == JobState.SUCCEEDED
    with tenant_scope(workspace.id):
        [shot] = selectors.shots(made)
    assert len(shot.spec["palette"]) == 4
    assert shot.asset.recipe["spec"]["palette"] == ["#e6d5bf"]


def test_the_same_shot_asked_for_again_is_the_same_asset(workspace: Workspace) -> None:
    product = ready_product(workspace)
    first, second = shoot(workspace, product), shoot(workspace, product)
    work(workspace)

    with tenant_scope(workspace.id):
        assert selectors.shots(first)[0].asset_id == selectors.shots(second)[0].asset_id is not None
        assert Asset.objects.filter(kind="shot").count() == 1


def finished_shoot(workspace: Workspace) -> Shoot:
    made = shoot(workspace, ready_product(workspace), variations=2)
    work(workspace)
    return made


def test_verdicts_exclude_each_other_and_can_be_taken_back(workspace: Workspace) -> None:
    made = finished_shoot(workspace)
    with tenant_scope(workspace.id):
        shot = selectors.shots(made)[0]
        assert services.set_verdict(shot, verdict="star").starred is True
        rejected = services.set_verdict(shot, verdict="reject", reason="placement")
        assert (rejected.starred, rejected.reject_reason) == (False, "placement")
        assert rejected.rejected_at is not None
        cleared = services.set_verdict(shot, verdict="clear")
        assert (cleared.starred, cleared.rejected_at, cleared.reject_reason) == (False, None, "")


def test_an_unfinished_shot_can_not_be_judged(workspace: Workspace) -> None:
    made = shoot(workspace, ready_product(workspace))
    with tenant_scope(workspace.id), pytest.raises(Conflict) as caught:
        services.set_verdict(selectors.shots(made)[0], verdict="star")
    assert caught.value.code == "studio.shot_not_ready"


def test_cancelling_a_shoot_stops_what_has_not_begun(workspace: Workspace) -> None:
    made = shoot(workspace, ready_product(workspace), variations=3)
    with tenant_scope(workspace.id):
        services.cancel_shoot(made)
        state = selectors.shoot_state(made)
    assert (state.cancelled, state.done, state.open) == (3, 0, 0)
    assert work(workspace) == []


def test_what_is_missing_of_a_shoot_is_made_again_in_one_go(workspace: Workspace) -> None:
    made = shoot(workspace, ready_product(workspace), variations=2)
    with tenant_scope(workspace.id):
        services.cancel_shoot(made)
        assert selectors.shoot_state(made).missing == 2
        services.retry_shoot(made)
        state = selectors.shoot_state(made)
    assert (state.missing, state.open) == (0, 2)


def test_a_cancelled_shot_can_be_made_after_all(workspace: Workspace) -> None:
    made = shoot(workspace, ready_product(workspace))
    with tenant_scope(workspace.id):
        services.cancel_shoot(made)
        services.retry_shot(selectors.shots(made)[0])
    work(workspace)
    with tenant_scope(workspace.id):
        assert Shot.objects.get(shoot=made).asset is not None


def test_a_product_of_another_workspace_is_not_found_and_its_photo_makes_no_product(workspace: Workspace) -> None:
    other = make_workspace(make_person())
    foreign = keep(other)
    with tenant_scope(workspace.id):
        with pytest.raises(Exception, match="not_found"):
            selectors.photos(workspace, [foreign.id])
        assert Product.objects.count() == 0


def test_a_double_click_is_one_shoot(workspace: Workspace) -> None:
    product = ready_product(workspace)
    first = shoot(workspace, product, token="page-1")
    again = shoot(workspace, product, token="page-1")
    other = shoot(workspace, product, token="page-1", formats=["4:5"])

    assert first.id == again.id != other.id
    with tenant_scope(workspace.id):
        assert Shot.objects.count() == 2
        assert Job.objects.filter(kind="studio.shot").count() == 2


def test_a_box_that_finds_nothing_leaves_the_product_as_it_was(workspace: Workspace) -> None:
    product = ready_product(workspace)
    with tenant_scope(workspace.id):
        Product.objects.filter(pk=product.pk).update(cutout_state=CutoutState.NEEDS_BOX)
        services.request_cutout(selectors.get_product(workspace, product.id), box=[0, 0, 20, 20], by=None)
    [job] = work(workspace)

    assert (job.state, job.error_code) == (JobState.FAILED, "cutout.nothing_found")
    with tenant_scope(workspace.id):
        now = selectors.get_product(workspace, product.id)
    assert (now.cutout_state, now.cutout_id) == (CutoutState.NEEDS_BOX, product.cutout_id)


def test_a_cutout_that_is_good_goes_on_with_the_shoot_that_was_asked_for_once(workspace: Workspace) -> None:
    wish = {"sets": ["white-sweep"], "palettes": ["own", "sage"], "formats": ["1:1"]}
    for _ in range(2):  # a second start of the demo asks again
        photo = keep(workspace, transparent=True)
        with tenant_scope(workspace.id):
            services.create_products(workspace, photos=[photo], by=None, then=wish)
        work(workspace)

    with tenant_scope(workspace.id):
        assert Product.objects.get().cutout_state == CutoutState.ACCEPTED
        assert Shot.objects.filter(shoot=Shoot.objects.get()).count() == 2


def test_a_box_that_is_drawn_meanwhile_goes_on_with_the_shoot_that_was_asked_for(workspace: Workspace) -> None:
    photo = keep(workspace, transparent=True)
    with tenant_scope(workspace.id):
        wish = {"sets": ["white-sweep"], "palettes": ["own"], "formats": ["1:1"]}
        [product] = services.create_products(workspace, photos=[photo], by=None, then=wish)
        services.request_cutout(product, box=[0, 0, photo.blob.width, photo.blob.height], by=None)
    work(workspace)
    with tenant_scope(workspace.id):
        assert Shot.objects.filter(shoot=Shoot.objects.get()).count() == 1


def test_every_sample_becomes_a_product_once(workspace: Workspace) -> None:
    for _ in range(2):
        for sample in samples.offered():
            with tenant_scope(workspace.id):
                samples.add_sample(workspace, name=sample.name, by=None)

    with tenant_scope(workspace.id):
        made = {product.sku: product for product in Product.objects.all()}
        assert sorted(made) == ["FC-001", "FC-002", "FC-003", "FC-004"]
        assert made["FC-004"].cutout_box == [466, 281, 566, 977]
        assert Job.objects.values_list("kind", "state").distinct().get() == ("studio.cutout", JobState.QUEUED)
        assert Job.objects.count() == 4
