"""The product itself under kill -9: drawn photos become cutouts and shots, and everything that is left is counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Any

from PIL import Image

from apps.accounts.models import Workspace
from apps.assets.models import Asset, AssetKind, Blob
from apps.assets.services import keep_photo
from apps.billing.models import LedgerEntry
from apps.core.tenancy import tenant_scope
from apps.jobs.models import Job
from apps.studio.models import CutoutState, Product, Shot
from apps.studio.services import create_products, request_batch
from tests.bench.drawn_photos import draw
from tests.chaos.house import House
from tests.chaos.killing import kill_while
from tests.chaos.records import OPEN, add_workspace, wait_until

PRODUCTS = 6
CHOICES = {"sets": ["white-sweep", "plinth"], "palettes": ["own"], "formats": ["1:1"], "variations": 1}
SHOTS = PRODUCTS * 2
KILLS = 12
PAUSE_S = (0.2, 1.2)  # a cutout or a shot of these small photos takes about a second
LIMIT_S = 180
PHOTO_PX = 420


def shoot_under_kills(house: House) -> dict[str, Any]:
    """Six photos, six cutouts, twelve shots at 1200 px, while twelve processes are killed and the broker is emptied."""
    workspace = add_workspace("studio")
    products = _drop_photos(workspace)
    with tenant_scope(workspace.id):
        ids = [product.id for product in products]
        request_batch(workspace, product_ids=ids, choices=CHOICES, by=None, token="chaos")
    figures: dict[str, Any] = _kill_some(house, workspace)
    messages_lost = house.broker.wipe()
    for key, count in _kill_some(house, workspace).items():
        figures[key] += count
    wait_until(lambda: _is_over(workspace), LIMIT_S)
    left = count_what_is_left(house, workspace)
    return {
        **figures,
        "messages_lost": messages_lost,
        "jobs": left.jobs,
        "products": PRODUCTS,
        "shots": SHOTS,
        "lost": len(left.lost),
        "doubled": left.doubled,
        "stray_files": left.stray_files,
        "attempts": left.attempts,
        "passed": figures["kills"] == KILLS and not (left.lost or left.doubled or left.stray_files),
    }


def _kill_some(house: House, workspace: Workspace) -> dict[str, int]:
    """Half of the kills, one of them of a whole worker."""
    half = KILLS // 2
    return kill_while(house, lambda: not _is_over(workspace), most=half, pause_s=PAUSE_S, whole_every=half)


def _drop_photos(workspace: Workspace) -> list[Product]:
    photos = [keep_photo(workspace, _photo(number), file_name=f"bottle-{number}.png") for number in range(PRODUCTS)]
    with tenant_scope(workspace.id):
        return create_products(workspace, photos=photos, by=None)


def _photo(seed: int) -> bytes:
    """PNG of a product that is found without a box: nobody is here to draw one."""
    buffer = BytesIO()
    Image.fromarray(draw("bottle", "wood", side_px=PHOTO_PX, seed=seed).rgb).save(buffer, "PNG")
    return buffer.getvalue()


def _is_over(workspace: Workspace) -> bool:
    """Every shot was begun, and no job is left to do."""
    with tenant_scope(workspace.id):
        begun = Shot.objects.filter(workspace=workspace).count() >= SHOTS
        return begun and not Job.objects.filter(workspace=workspace, state__in=OPEN).exists()


@dataclass
class Left:
    """What was found. ``lost`` names what is missing or damaged; ``doubled`` counts rows that are one too many."""

    jobs: int = 0
    attempts: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: int = 0
    stray_files: int = 0


def count_what_is_left(house: House, workspace: Workspace) -> Left:
    """Every product has one cutout, every shot one picture and one row in the ledger, every file one owner."""
    with tenant_scope(workspace.id):
        jobs = list(Job.objects.filter(workspace=workspace))
        left = Left(jobs=len(jobs), attempts=sum(job.attempts for job in jobs))
        products = list(Product.objects.filter(workspace=workspace))
        shots = list(Shot.objects.filter(workspace=workspace).select_related("asset__blob"))
        charged = list(LedgerEntry.objects.filter(workspace=workspace).values_list("job_id", "asset_id"))
        left.lost += [f"cutout of {one.name}" for one in products if one.cutout_state != CutoutState.ACCEPTED]
        left.lost += ["shot"] * (SHOTS - len(shots))
        left.lost += [f"picture of {shot.id}" for shot in shots if (shot.job_id, shot.asset_id) not in charged]
        for kind, wanted in ((AssetKind.CUTOUT, PRODUCTS), (AssetKind.SHOT, SHOTS)):
            left.doubled += max(0, Asset.objects.filter(workspace=workspace, kind=kind).count() - wanted)
        left.doubled += max(0, len(charged) - SHOTS) + max(0, len(shots) - SHOTS)
        blobs = dict(Blob.objects.filter(workspace=workspace).values_list("storage_key", "sha256"))
    files = house.folder / "files"
    left.lost += [key for key, digest in blobs.items() if sha256((files / key).read_bytes()).hexdigest() != digest]
    found = {str(path.relative_to(files)) for path in (files / "blobs" / str(workspace.id)).glob("*/[!.]*")}
    left.stray_files = len(found - set(blobs))
    return left
