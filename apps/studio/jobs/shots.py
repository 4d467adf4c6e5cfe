"""``studio.shot`` and ``studio.preview``: a product in a set, large and small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from apps.assets import selectors as asset_store
from apps.assets import services as assets
from apps.assets.models import Asset, AssetKind, Blob
from apps.assets.types import Picture
from apps.billing import services as ledger
from apps.jobs.models import Job
from apps.studio import catalogue, previews
from apps.studio.models import Product, Shot
from apps.studio.pictures import encode_png, encode_webp, shared

if TYPE_CHECKING:
    from inference.types import Progress, ShotResult

GALLERY_WIDTH_PX = 640  # made along with the shot, so that the gallery never waits for it


@dataclass(frozen=True)
class ShotInputs:
    photo: Blob
    cutout: Asset
    spec: dict[str, Any]


@dataclass(frozen=True)
class ShotOutcome:
    png: bytes
    width: int
    height: int
    recipe: dict[str, Any]
    gate: dict[str, Any]
    thumbnail: Picture


class ShotKind:
    """``studio.shot``: product + set -> lossless master that passed the product gate."""

    name = "studio.shot"
    title = _("Shot")
    deadline_s = 120.0

    def preload(self) -> None:
        """Plates and kernels; no thread is started, so the children need nothing else."""
        from inference.pipelines import product_shot

        product_shot.warm()

    def load(self, job: Job) -> ShotInputs:
        shot = Shot.objects.select_related("product__photo__blob").get(pk=job.params["shot"])
        cutout = Asset.objects.select_related("blob").get(pk=job.params["cutout"])
        return ShotInputs(photo=shot.product.photo.blob, cutout=cutout, spec=shot.spec)

    def work(self, inputs: ShotInputs, on_progress: Progress) -> ShotOutcome:
        result = compose(inputs, on_progress)
        _require_gate(result)
        on_progress("store", 0.95)
        png = encode_png(result.master)
        assets.put_bytes(inputs.photo.workspace_id, png, content_type="image/png")
        height, width = result.master.shape[:2]
        return ShotOutcome(
            png=png,
            width=width,
            height=height,
            recipe=result.recipe,
            gate=result.gate.as_dict(),
            thumbnail=encode_webp(result.master, width=GALLERY_WIDTH_PX),
        )

    def finish(self, job: Job, outcome: ShotOutcome) -> dict[str, Any]:
        shot = (
            Shot.objects.select_for_update(of=("self",))
            .select_related("product__photo", "workspace")
            .get(pk=job.params["shot"])
        )
        blob = assets.keep_blob(
            shot.workspace,
            outcome.png,
            content_type="image/png",
            width=outcome.width,
            height=outcome.height,
        )
        cutout = Asset.objects.get(pk=job.params["cutout"])
        shot.asset = assets.keep_asset(
            shot.workspace,
            kind=AssetKind.SHOT,
            name=f"{shot.product.name} {shot.spec['set']}",
            blob=blob,
            recipe=outcome.recipe,
            parents=[(cutout, "cutout"), (shot.product.photo, "photo")],
            created_by=job.created_by,
        )
        assets.keep_rendition(shot.asset, spec=f"webp-{GALLERY_WIDTH_PX}", picture=outcome.thumbnail)
        shot.gate = outcome.gate
        shot.save(update_fields=["asset", "gate"])
        ledger.record(
            job.id, shot.workspace, kind=self.name, asset=shot.asset, cpu_ms=job.cpu_ms, size_bytes=blob.size_bytes
        )
        return {"asset": str(shot.asset_id), "shot": str(shot.id)}

    def fail(self, job: Job, code: str) -> None:
        """Nothing to undo: a shot without an asset shows its job's state and sentence."""


def compose(inputs: ShotInputs, on_progress: Progress) -> ShotResult:
    """Run the imaging library on stored pictures. The photo is cropped to the cutout's own window first."""
    from inference.pipelines.product_shot import make_shot
    from inference.types import Cutout, ShotSpec

    photo = shared.get(inputs.photo.sha256, lambda: asset_store.read_bytes(inputs.photo))
    rgba = shared.get(inputs.cutout.blob.sha256, lambda: asset_store.read_bytes(inputs.cutout.blob))
    left, top, width, height = inputs.cutout.recipe["window"]
    recipe = inputs.cutout.recipe
    cutout = Cutout(rgb=rgba[..., :3], alpha=rgba[..., 3], engine=recipe["engine"], confidence=recipe["confidence"])
    spec = ShotSpec(
        set_name=inputs.spec["set"],
        width=inputs.spec["width"],
        height=inputs.spec["height"],
        palette=catalogue.fitting_palette(inputs.spec["set"], inputs.spec["palette"]),
        seed=inputs.spec["seed"],
    )
    window = photo[top : top + height, left : left + width, :3]
    source = {
        "photo_sha256": inputs.photo.sha256,
        "cutout_sha256": inputs.cutout.blob.sha256,
        "box": recipe["box"],
        "window": recipe["window"],
    }
    return make_shot(window, cutout, spec, source=source, on_progress=on_progress)


def _require_gate(result: ShotResult) -> None:
    from inference.errors import InputRejected

    if not result.gate.passed:
        raise InputRejected("shot.gate_failed", "the product's pixels were altered", differs=result.gate.max_abs_diff)


class PreviewKind:
    """``studio.preview``: a small picture of this product in a set, kept as a rendition of the cutout."""

    name = "studio.preview"
    title = _("Preview")
    quiet = True
    deadline_s = 60.0

    def load(self, job: Job) -> ShotInputs:
        product = Product.objects.select_related("photo__blob").get(pk=job.params["product"])
        cutout = Asset.objects.select_related("blob").get(pk=job.params["cutout"])
        return ShotInputs(photo=product.photo.blob, cutout=cutout, spec=job.params["spec"])

    def work(self, inputs: ShotInputs, on_progress: Progress) -> Picture:
        return encode_webp(compose(inputs, on_progress).master, width=previews.SIDE_PX)

    def finish(self, job: Job, outcome: Picture) -> dict[str, Any]:
        cutout = Asset.objects.select_related("workspace").get(pk=job.params["cutout"])
        previews.keep(cutout, spec=job.params["spec"], picture=outcome)
        return {"product": job.params["product"]}

    def fail(self, job: Job, code: str) -> None:
        """A missing thumbnail shows the set's own picture; nothing to undo."""
