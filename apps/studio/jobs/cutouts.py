"""``studio.cutout``: cut a product out of its photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from apps.assets import selectors as asset_store
from apps.assets import services as assets
from apps.assets.models import Asset, AssetKind, Blob
from apps.assets.types import Picture
from apps.jobs.models import Job
from apps.studio import services
from apps.studio.jobs.repeats import EarlierCutout, cut_out_before, cutout_options
from apps.studio.models import CutoutState, Product
from apps.studio.pictures import encode_png, encode_webp, shared
from apps.studio.places import PlacedInStudio

if TYPE_CHECKING:
    from inference.types import U8, Cutout, Progress

CUTOUT_MARGIN_PX = 8
VIEW_WIDTH_PX = 1280  # made along with the cutout, so that whoever drew a box sees it at once


@dataclass(frozen=True)
class CutoutInputs:
    photo: Blob
    box: list[int] | None
    made: EarlierCutout | None = None


@dataclass(frozen=True)
class CutoutOutcome:
    png: bytes
    width: int
    height: int
    view: Picture
    recipe: dict[str, Any]
    engine: str
    confidence: float
    warnings: list[str]
    viewpoint: str = ""


class ProductCutout(PlacedInStudio):
    """What every job has in common that gives a product its next cutout."""

    def finish(self, job: Job, outcome: CutoutOutcome | EarlierCutout) -> dict[str, Any]:
        product = Product.objects.select_for_update().select_related("photo", "workspace").get(pk=job.params["product"])
        if product.cutout_job_id != job.id:
            return {"superseded": True}  # a newer request is on its way; this result would overwrite it
        product.cutout = outcome.asset if isinstance(outcome, EarlierCutout) else self._kept(job, product, outcome)
        product.cutout_state = self.new_state(job, outcome)
        product.cutout_engine = outcome.engine
        product.cutout_confidence = outcome.confidence
        product.cutout_warnings = outcome.warnings
        if outcome.viewpoint and not product.is_viewpoint_said:
            product.viewpoint = "" if outcome.viewpoint == "unclear" else outcome.viewpoint
        product.save()
        services.start_waiting_shoots(product)
        _go_on(job, product)
        return {"asset": str(product.cutout_id), "product": str(product.id)}

    def _kept(self, job: Job, product: Product, outcome: CutoutOutcome) -> Asset:
        blob = assets.keep_blob(
            product.workspace,
            outcome.png,
            content_type="image/png",
            width=outcome.width,
            height=outcome.height,
        )
        cutout = assets.keep_asset(
            product.workspace,
            kind=AssetKind.CUTOUT,
            name=f"{product.name} cutout",
            blob=blob,
            recipe=outcome.recipe,
            parents=[(product.photo, "photo"), *self.further_parents(job)],
            created_by=job.created_by,
        )
        assets.keep_rendition(cutout, spec=f"webp-{VIEW_WIDTH_PX}", picture=outcome.view)
        return cutout

    def further_parents(self, job: Job) -> list[tuple[Asset, str]]:
        """What besides the photo the cutout was made from, with its role."""
        return []

    def new_state(self, job: Job, outcome: CutoutOutcome | EarlierCutout) -> CutoutState:
        unsure = "low_confidence" in outcome.warnings and job.params["box"] is None
        return CutoutState.NEEDS_BOX if unsure else CutoutState.READY

    def restart(self, job: Job) -> None:
        Product.objects.filter(pk=job.params["product"], cutout_job=job).update(cutout_state=CutoutState.PENDING)

    def fail(self, job: Job, code: str) -> None:
        """Back to what was there before; a photo in which nothing was found asks for a box, which may still work."""
        product = Product.objects.select_for_update().select_related("workspace").get(pk=job.params["product"])
        if product.cutout_job_id != job.id:
            return
        before = job.params.get("before", "")
        if product.cutout_id is not None and before in (*CutoutState.usable(), CutoutState.NEEDS_BOX):
            product.cutout_state = before
        elif code in ("cutout.nothing_found", "cutout.at_frame", "cutout.transparent"):
            product.cutout_state = CutoutState.NEEDS_BOX
        else:
            product.cutout_state = CutoutState.FAILED
        product.save(update_fields=["cutout_state"])
        services.start_waiting_shoots(product)  # of batches that were asked for meanwhile

    def abandon(self, job: Job) -> None:
        """As ``fail``, without the shoots that wait: their batch's page offers to begin them."""
        services.leave_pending(job)


def _go_on(job: Job, product: Product) -> None:
    """What whoever asked for the cutout wanted next; an unsure cutout waits for a person first."""
    then = job.params.get("then")
    if then is None or product.cutout_state not in CutoutState.usable():
        return
    services.accept_cutout(product)
    if then:
        services.request_shoot(product, **then, by=job.created_by, token=str(job.id))


class CutoutKind(ProductCutout):
    """``studio.cutout``: photo -> RGBA picture, cropped to the product."""

    name = "studio.cutout"
    title = _("Cutout")
    deadline_s = 300.0  # 48 megapixels take 6 s of processor time; a crowded machine may need many times that
    stages = {"find": (0.0, 0.45), "refine": (0.45, 0.65), "matte": (0.65, 0.9), "foreground": (0.9, 0.95)}

    def preload(self) -> None:
        from inference.pipelines import cutout

        cutout.preload()

    def warm(self) -> None:
        from inference.pipelines import cutout

        cutout.warm(cutout_options())

    def load(self, job: Job) -> CutoutInputs:
        product = Product.objects.select_related("photo__blob").get(pk=job.params["product"])
        box = job.params["box"]
        return CutoutInputs(photo=product.photo.blob, box=box, made=cut_out_before(product.photo, box))

    def work(self, inputs: CutoutInputs, on_progress: Progress) -> CutoutOutcome | EarlierCutout:
        if inputs.made is not None:
            return inputs.made
        from inference.pipelines.cutout import cut_out, revision
        from inference.types import Box

        photo = shared.get(inputs.photo.sha256, lambda: asset_store.read_bytes(inputs.photo))
        alpha = photo[..., 3] if photo.shape[2] == 4 else None
        box = Box(*inputs.box) if inputs.box else None
        result = cut_out(photo[..., :3], box=box, alpha=alpha, on_progress=on_progress, options=cutout_options())
        on_progress("store", 0.95)
        source = {
            "photo_sha256": inputs.photo.sha256,
            "box": inputs.box,
            "revision": revision(result.engine, cutout_options()),
        }
        outcome = cropped(result, source, photo=photo[..., :3])
        assets.put_bytes(inputs.photo.workspace_id, outcome.png, content_type="image/png")
        return outcome


def cropped(result: Cutout, source: dict[str, Any], *, photo: U8 | None = None) -> CutoutOutcome:
    """The product's rectangle with a small margin: a twelfth of the bytes of a full-size layer in a typical photo.

    Args:
        source: what it was made from and by which strokes, for the recipe.
        photo: all of it, uint8 (H, W, 3), where its viewpoint is to be guessed.
    """
    import numpy as np

    import inference
    from inference.ops.side_by_side import both
    from inference.pipelines.cutout import taken_from

    rows, columns = np.nonzero(result.alpha.any(axis=1))[0], np.nonzero(result.alpha.any(axis=0))[0]
    height, width = result.alpha.shape
    top, bottom = max(0, rows[0] - CUTOUT_MARGIN_PX), min(height, rows[-1] + 1 + CUTOUT_MARGIN_PX)
    left, right = max(0, columns[0] - CUTOUT_MARGIN_PX), min(width, columns[-1] + 1 + CUTOUT_MARGIN_PX)
    window = np.s_[top:bottom, left:right]
    rgba = np.dstack([result.rgb[window], result.alpha[window]])
    (png, viewpoint), view = both(
        lambda: (encode_png(rgba), "" if photo is None else taken_from(photo, result)),
        lambda: encode_webp(rgba, width=VIEW_WIDTH_PX),
    )
    recipe = {
        "kind": "cutout",
        **source,
        "engine": result.engine,
        "code_version": inference.__version__,
        "window": [int(left), int(top), int(right - left), int(bottom - top)],
        "confidence": round(float(result.confidence), 4),
        "measures": {key: round(float(value), 4) for key, value in result.measures.items()},
        "warnings": list(result.warnings),
        "output": {"viewpoint": viewpoint},
    }
    return CutoutOutcome(
        png=png,
        width=rgba.shape[1],
        height=rgba.shape[0],
        view=view,
        recipe=recipe,
        engine=result.engine,
        confidence=float(result.confidence),
        warnings=list(result.warnings),
        viewpoint=viewpoint,
    )
