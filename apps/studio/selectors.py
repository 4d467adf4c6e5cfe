"""What Studio reads of products, shoots, shots and looks. Row-level security stands behind every filter here."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Count, Model, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.accounts.selectors import GRACE
from apps.assets.models import Asset, AssetKind, Lineage
from apps.core.errors import NotFound
from apps.core.ids import readable_ids
from apps.jobs.models import Batch, Job, JobState
from apps.jobs.selectors import typical_seconds
from apps.studio.models import Adapter, Product, Shoot, Shot, ShotVersion

SHOT_KIND = "studio.shot"
TOKENS = ("batch_token", "look_token")  # the choices of shoots that were asked for together with others
FIRST_GUESS_S = 1.5  # seconds that a worker is busy with a shot, until this workspace has made some


Row = TypeVar("Row", bound=Model)


def _the_one(found: QuerySet[Row]) -> Row:
    """Raises NotFound when nothing was found: for other workspaces' rows too, which looks the same from outside."""
    row = found.first()
    if row is None:
        raise NotFound("not_found")
    return row


def products(workspace: Workspace, *, query: str = "", archived: bool = False) -> QuerySet[Product]:
    found = (
        Product.objects.filter(workspace=workspace, archived_at__isnull=not archived)
        .select_related("photo__blob", "cutout__blob", "cutout_job")
        .annotate(shot_count=Count("shots", filter=Q(shots__asset__isnull=False, shots__deleted_at=None)))
        .order_by("-created_at", "-id")
    )
    return found.filter(Q(name__icontains=query) | Q(sku__icontains=query)) if query else found


def put_away(workspace: Workspace, product_id: str) -> Product | None:
    """The archived product with this id, if that is one."""
    return products(workspace, archived=True).filter(pk__in=readable_ids([product_id])).first()


def get_product(workspace: Workspace, product_id: uuid.UUID) -> Product:
    """Raises NotFound, for other workspaces' products too."""
    return _the_one(
        Product.objects.filter(workspace=workspace, pk=product_id).select_related(
            "workspace", "photo__blob", "cutout__blob", "cutout_job"
        )
    )


def photos(workspace: Workspace, asset_ids: list[uuid.UUID]) -> list[Asset]:
    """The photos in the order of ``asset_ids``. Raises NotFound if one is missing here."""
    found = {a.id: a for a in Asset.objects.filter(workspace=workspace, pk__in=asset_ids, kind=AssetKind.PHOTO)}
    if len(found) != len(set(asset_ids)):
        raise NotFound("not_found")
    return [found[asset_id] for asset_id in dict.fromkeys(asset_ids)]


def shoots(product: Product) -> QuerySet[Shoot]:
    return (
        Shoot.objects.filter(product=product)
        .filter(shots__deleted_at=None)
        .annotate(shot_count=Count("shots"), done_count=Count("shots", filter=Q(shots__asset__isnull=False)))
        .filter(shot_count__gt=0)
        .order_by("-created_at")
    )


def get_shoot(workspace: Workspace, shoot_id: uuid.UUID) -> Shoot:
    return _the_one(
        Shoot.objects.filter(workspace=workspace, pk=shoot_id).select_related(
            "workspace", "product__photo__blob", "product__cutout__blob", "batch"
        )
    )


def shots(shoot: Shoot) -> QuerySet[Shot]:
    return Shot.objects.filter(shoot=shoot).select_related("job", "asset__blob", "product").order_by("position")


def get_shot(workspace: Workspace, shot_id: uuid.UUID) -> Shot:
    return _the_one(
        Shot.objects.filter(workspace=workspace, pk=shot_id).select_related(
            "workspace", "job", "asset__blob", "product__photo__blob", "shoot"
        )
    )


def deleted_shots(workspace: Workspace) -> QuerySet[Shot]:
    """Those that can still be brought back, the latest deletion first."""
    found = Shot.everything.filter(workspace=workspace, deleted_at__gt=timezone.now() - GRACE)
    return found.select_related("asset__blob", "product", "deleted_by").order_by("-deleted_at", "-id")


def shots_by_id(workspace: Workspace, shot_ids: list[uuid.UUID]) -> list[Shot]:
    """The shots in the order of ``shot_ids``. Raises NotFound if one is missing here."""
    found = {
        shot.id: shot
        for shot in Shot.objects.filter(workspace=workspace, pk__in=shot_ids).select_related(
            "job", "asset__blob", "product__photo__blob"
        )
    }
    if len(found) != len(set(shot_ids)):
        raise NotFound("not_found")
    return [found[shot_id] for shot_id in dict.fromkeys(shot_ids)]


def versions(shot: Shot) -> list[ShotVersion]:
    """All states of an edited shot, the first one first; none for a shot that was never edited."""
    return list(
        ShotVersion.objects.filter(shot=shot).select_related("job", "asset__blob", "parent__job").order_by("number")
    )


def get_version(shot: Shot, number: int) -> ShotVersion:
    """Raises NotFound."""
    return _the_one(ShotVersion.objects.filter(shot=shot, number=number))


@dataclass(frozen=True)
class ShootState:
    """Counts of one shoot, from its shots' jobs."""

    total: int
    done: int
    failed: int
    cancelled: int
    starred: int
    rejected: int

    @property
    def open(self) -> int:
        return self.total - self.done - self.missing

    @property
    def missing(self) -> int:
        """Ended without a picture."""
        return self.failed + self.cancelled


def shoot_state(shoot: Shoot) -> ShootState:
    counts = Shot.objects.filter(shoot=shoot).aggregate(
        total=Count("id"),
        done=Count("id", filter=Q(asset__isnull=False)),
        failed=Count("id", filter=Q(asset=None, job__state=JobState.FAILED)),
        cancelled=Count("id", filter=Q(asset=None, job__state=JobState.CANCELLED)),
        starred=Count("id", filter=Q(starred=True)),
        rejected=Count("id", filter=Q(rejected_at__isnull=False)),
    )
    return ShootState(**counts)


def recent_pictures(workspace: Workspace, *, chosen: str = "", most: int = 12) -> list[Asset]:
    """Pictures that a scene may take its look from; ``chosen`` among them.

    Those that were uploaded for it come first (no product is made of them), then accepted shots, then the newest.
    """
    uploaded = Asset.objects.filter(workspace=workspace, kind=AssetKind.PHOTO)
    uploaded = uploaded.exclude(pk__in=Product.objects.filter(workspace=workspace).values("photo"))
    own = uploaded.select_related("blob").order_by("-created_at", "id")[: most // 2]
    shots = Shot.objects.filter(workspace=workspace, asset__isnull=False, rejected_at=None)
    newest = shots.select_related("asset__blob").order_by("-starred", "-created_at", "id")[:most]
    found = {str(asset.id): asset for asset in own}
    found |= {str(shot.asset_id): shot.asset for shot in newest[: most - len(found)] if shot.asset is not None}
    for asset in Asset.objects.filter(workspace=workspace, pk__in=readable_ids([chosen])).select_related("blob"):
        found.setdefault(str(asset.id), asset)
    return list(found.values())


def adapters(workspace: Workspace) -> QuerySet[Adapter]:
    """All of them, the newest first."""
    found = Adapter.objects.filter(workspace=workspace).select_related("job", "blob", "preview", "created_by")
    return found.annotate(picture_count=Count("pictures")).order_by("-created_at", "-id")


def get_adapter(workspace: Workspace, adapter_id: uuid.UUID) -> Adapter:
    """Raises NotFound, for other workspaces' adapters too."""
    return _the_one(
        Adapter.objects.filter(workspace=workspace, pk=adapter_id).select_related(
            "workspace", "job", "blob", "preview", "plain_preview", "created_by"
        )
    )


def shots_with(adapter: Adapter, *, most: int = 12) -> list[Shot]:
    """Finished shots that it was used for, the newest first."""
    found = Shot.objects.filter(workspace=adapter.workspace_id, spec__adapter=str(adapter.id), asset__isnull=False)
    return list(found.select_related("asset__blob", "product").order_by("-created_at")[:most])


def pictures_to_learn_from(workspace: Workspace, *, most: int = 120) -> list[tuple[str, Asset]]:
    """Pictures of the workspace with the name of their product: photos, then accepted shots, the newest first."""
    own = Product.objects.filter(workspace=workspace, archived_at=None).select_related("photo__blob")
    photos = [(product.name, product.photo) for product in own.order_by("-created_at", "-id")[:most]]
    accepted = Shot.objects.filter(workspace=workspace, starred=True, asset__isnull=False)
    shots = accepted.select_related("asset__blob", "product").order_by("-created_at", "-id")[:most]
    return [*photos, *((shot.product.name, shot.asset) for shot in shots if shot.asset is not None)]


def latest_best(shot: Shot) -> Job | None:
    """The last comparison of this shot's variations."""
    found = Job.objects.filter(workspace=shot.workspace, kind="studio.best", subject=f"best:{shot.id}")
    return found.order_by("-created_at").first()


def cut_out_products(workspace: Workspace, *, query: str = "") -> QuerySet[Product]:
    """Products that shots can be made of, by name."""
    return products(workspace, query=query).filter(cutout_state__in=["ready", "accepted"]).order_by("name", "id")


def get_look(workspace: Workspace, batch_id: uuid.UUID) -> tuple[Batch, list[Shot]]:
    """The batch of one look for many products, and its shots by product name."""
    batch = _the_one(Batch.objects.filter(workspace=workspace, pk=batch_id))
    found = Shot.objects.filter(workspace=workspace, shoot__batch=batch).select_related(
        "job", "asset__blob", "product", "shoot"
    )
    shots = list(found.order_by("product__name", "id"))
    if not shots:
        raise NotFound("not_found")
    return batch, shots


def made_in_look(shot: Shot, products: Sequence[Product]) -> dict[uuid.UUID, Shot]:
    """The newest shot of each product, by its id, that was made by applying this shot's look."""
    made = Shot.objects.filter(workspace=shot.workspace, shoot__choices__look=str(shot.id), product__in=products)
    newest_first = made.select_related("shoot__batch").order_by("product_id", "-shoot__created_at", "-id")
    return {item.product_id: item for item in newest_first.distinct("product_id")}


def has_shots(batch: Batch) -> bool:
    return Shot.objects.filter(shoot__batch=batch).exists()


def origin_of_look(workspace: Workspace, shots: list[Shot]) -> Shot | None:
    """The edited shot whose look these have."""
    wanted = shots[0].shoot.choices.get("look")
    return Shot.objects.filter(workspace=workspace, pk=wanted).first() if wanted else None


def state_of(shots: list[Shot]) -> ShootState:
    def ended(state: str) -> int:
        return sum(shot.asset_id is None and shot.job is not None and shot.job.state == state for shot in shots)

    return ShootState(
        total=len(shots),
        done=sum(shot.asset_id is not None for shot in shots),
        failed=ended(JobState.FAILED),
        cancelled=ended(JobState.CANCELLED),
        starred=sum(shot.starred for shot in shots),
        rejected=sum(shot.rejected_at is not None for shot in shots),
    )


def seconds_per_shot(workspace: Workspace) -> float:
    """How long a worker is busy with a shot: the median of this workspace's last ones, by the clock on the wall."""
    return typical_seconds(workspace, [SHOT_KIND]).get(SHOT_KIND, FIRST_GUESS_S)


@dataclass(frozen=True)
class Neighbours:
    """Where a shot stands among the finished shots that were asked for with it."""

    previous: Shot | None
    next: Shot | None
    index: int
    total: int


def neighbours(shot: Shot) -> Neighbours:
    """As the pages of batches, looks and shoots show them, product by product."""
    ids = list(_asked_for_with(shot).values_list("id", flat=True))
    if shot.id not in ids:
        return Neighbours(None, None, 0, len(ids))
    at = ids.index(shot.id)
    beside = Shot.objects.in_bulk(ids[max(0, at - 1) : at + 2])
    return Neighbours(
        previous=beside.get(ids[at - 1]) if at else None,
        next=beside.get(ids[at + 1]) if at + 1 < len(ids) else None,
        index=at + 1,
        total=len(ids),
    )


def _asked_for_with(shot: Shot) -> QuerySet[Shot]:
    """The finished shots of the batch or look that the shot is of, else of its shoot."""
    finished = Shot.objects.filter(workspace=shot.workspace_id, asset__isnull=False)
    if shot.shoot.batch_id is not None and not shot.shoot.choices.keys().isdisjoint(TOKENS):
        return finished.filter(shoot__batch=shot.shoot.batch_id).order_by("product__name", "shoot_id", "position")
    return finished.filter(shoot=shot.shoot_id).order_by("position")


def lineage(shot: Shot) -> list[Lineage]:
    """What the shot's picture was made from."""
    if shot.asset_id is None:
        return []
    return list(Lineage.objects.filter(child_id=shot.asset_id).select_related("parent__blob").order_by("created_at"))
