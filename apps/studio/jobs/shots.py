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
from apps.studio import catalogue, companions, previews, services, specs
from apps.studio.companions import CompanionInputs
from apps.studio.jobs.repeats import Made, made_before
from apps.studio.models import Product, Shot, ShotVersion
from apps.studio.pictures import Recent, decode, encode_png, encode_webp, frozen, shared
from apps.studio.places import PlacedInStudio
from inference.recipe import canonical_json

if TYPE_CHECKING:
    from inference.pipelines.product_shot import ShotDraft
    from inference.types import U8, Companion, Cutout, Progress, ShotResult

GALLERY_WIDTH_PX = 640  # made along with the shot, so that the gallery never waits for it
MOST_PRODUCTS = 4
SCORED_AT_PX = 480  # as small as variations are compared at

products: Recent[tuple[U8, Cutout]] = Recent(MOST_PRODUCTS)
"""Photos and cutouts of the last few products: twelve shots of one arrive one after the other."""


@dataclass(frozen=True)
class ShotInputs:
    photo: Blob
    cutout: Asset
    spec: dict[str, Any]
    companion: CompanionInputs | None = None
    made: tuple[Made, ...] = ()
    """Shots that may be the very same."""


@dataclass(frozen=True)
class ShotOutcome:
    png: bytes
    width: int
    height: int
    recipe: dict[str, Any]
    gate: dict[str, Any]
    thumbnail: Picture


class ShotKind(PlacedInStudio):
    """``studio.shot``: product + set -> lossless master that passed the product gate."""

    name = "studio.shot"
    title = _("Shot")
    deadline_s = 120.0

    def preload(self) -> None:
        """Kernels, and the plates of the sets that a product's page shows first: one that is read later takes a second.

        No thread is started, so the children need nothing else.
        """
        from inference.pipelines import product_shot

        product_shot.warm(catalogue.offered()[: product_shot.MOST_WARM])

    def load(self, job: Job) -> ShotInputs:
        shot = Shot.everything.select_related("product__photo__blob").get(pk=job.params["shot"])
        cutout = Asset.objects.select_related("blob").get(pk=job.params["cutout"])
        version = version_of(job)
        spec = version.spec if version else shot.spec
        beside = companions.inputs_of(spec)
        return ShotInputs(shot.product.photo.blob, cutout, spec, beside, made=made_before(cutout, spec))

    def work(self, inputs: ShotInputs, on_progress: Progress) -> ShotOutcome | Made:
        from inference.pipelines.product_shot import make_shot
        from inference.pipelines.shot_recipe import is_recipe_of

        spec = specs.to_shot_spec(inputs.spec)
        for made in inputs.made:
            if is_recipe_of(made.recipe, spec, source_of(inputs)):
                return made
        photo, cutout, source = load_pictures(inputs)
        beside = load_companion(inputs.companion)
        result = make_shot(photo, cutout, spec, source=source, companion=beside, on_progress=on_progress)
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
            gate={**result.gate.as_dict(), **_alike(result, inputs.spec), "score": _score(result)},
            thumbnail=encode_webp(result.master, width=GALLERY_WIDTH_PX),
        )

    def finish(self, job: Job, outcome: ShotOutcome | Made) -> dict[str, Any]:
        shot = (
            Shot.everything.select_for_update(of=("self",))
            .select_related("product__photo", "workspace")
            .get(pk=job.params["shot"])
        )
        blob = outcome.blob if isinstance(outcome, Made) else _kept(shot, outcome)
        cutout = Asset.objects.get(pk=job.params["cutout"])
        version = version_of(job)
        spec = version.spec if version else shot.spec
        made_from = [(cutout, "cutout"), (shot.product.photo, "photo"), *companions.parents(spec)]
        asset = assets.keep_asset(
            shot.workspace,
            kind=AssetKind.SHOT,
            name=f"{shot.product.name} {spec['set']}",
            blob=blob,
            recipe=outcome.recipe,
            parents=[*made_from, *edited_from(version)],
            created_by=job.created_by,
        )
        if isinstance(outcome, ShotOutcome):
            assets.keep_rendition(asset, spec=f"webp-{GALLERY_WIDTH_PX}", picture=outcome.thumbnail)
        keep_picture(shot, version, asset, outcome.gate)
        ledger.record(
            job.id, shot.workspace, kind=self.name, asset=asset, cpu_ms=job.cpu_ms, size_bytes=blob.size_bytes
        )
        return {"asset": str(asset.id), "shot": str(shot.id)}

    def fail(self, job: Job, code: str) -> None:
        """Nothing to undo: a shot without an asset shows its job's state and sentence."""


def _kept(shot: Shot, outcome: ShotOutcome) -> Blob:
    return assets.keep_blob(
        shot.workspace, outcome.png, content_type="image/png", width=outcome.width, height=outcome.height
    )


def _score(result: ShotResult) -> float:
    """How well the shot shows its product, 0..1, as variations are compared; people narrow the queue by it."""
    from inference.pipelines.best_of import score_of

    return score_of(result, longest_px=SCORED_AT_PX)


def _alike(result: ShotResult, spec: dict[str, Any]) -> dict[str, Any]:
    """What the shots of one look are compared by."""
    if "lock" not in spec:
        return {}
    from inference.ops.consistency import backdrop

    return {"backdrop": backdrop(result.plate, result.mask, result.shadow)}


def version_of(job: Job) -> ShotVersion | None:
    """The version that the job makes; None for the shot's first picture."""
    wanted = job.params.get("version")
    return ShotVersion.objects.select_related("parent__asset").get(pk=wanted) if wanted else None


def edited_from(version: ShotVersion | None) -> list[tuple[Asset, str]]:
    if version is None or version.parent is None or version.parent.asset is None:
        return []
    return [(version.parent.asset, "edited")]


def keep_picture(shot: Shot, version: ShotVersion | None, asset: Asset, gate: dict[str, Any]) -> None:
    """Into the shot; an edit goes into its version first, and is shown unless a newer one is on its way."""
    if version is None:
        shot.asset, shot.gate = asset, gate
        shot.save(update_fields=["asset", "gate"])
        return
    version.asset, version.gate = asset, gate
    version.save(update_fields=["asset", "gate"])
    if not ShotVersion.objects.filter(shot=shot, number__gt=version.number).exists():
        services.put_on_show(shot, version)


def load_pictures(inputs: ShotInputs) -> tuple[U8, Cutout, dict[str, Any]]:
    """The photo, cropped to the cutout's own window, the cutout, and what the recipe says of both."""
    return *cut_pictures(inputs.photo, inputs.cutout), source_of(inputs)


def source_of(inputs: ShotInputs) -> dict[str, Any]:
    """Which files the shot is made from."""
    source = _source(inputs.photo, inputs.cutout)
    if inputs.companion:
        source["companion"] = _source(inputs.companion.photo, inputs.companion.cutout)
    return source


def load_companion(inputs: CompanionInputs | None) -> Companion | None:
    """The second product of a shot, where it has one."""
    from inference.types import Companion

    return Companion(*cut_pictures(inputs.photo, inputs.cutout)) if inputs else None


def cut_pictures(photo: Blob, cutout: Asset) -> tuple[U8, Cutout]:
    """A photo, cropped to the cutout's own window, and the cutout: the same arrays for all shots of a product."""
    return products.get_or_make(
        f"{photo.sha256} {cutout.blob.sha256} {canonical_json(cutout.recipe)}", lambda: _cut_pictures(photo, cutout)
    )


def _cut_pictures(photo: Blob, cutout: Asset) -> tuple[U8, Cutout]:
    from inference.types import Cutout

    rgb = shared.get(photo.sha256, lambda: asset_store.read_bytes(photo))
    rgba = decode(asset_store.read_bytes(cutout.blob))
    recipe = cutout.recipe
    left, top, width, height = recipe["window"]
    colours, alpha = frozen(rgba[..., :3]), frozen(rgba[..., 3])
    found = Cutout(rgb=colours, alpha=alpha, engine=recipe["engine"], confidence=recipe["confidence"])
    return frozen(rgb[top : top + height, left : left + width, :3]), found


def _source(photo: Blob, cutout: Asset) -> dict[str, Any]:
    return {
        "photo_sha256": photo.sha256,
        "cutout_sha256": cutout.blob.sha256,
        "box": cutout.recipe["box"],
        "window": cutout.recipe["window"],
    }


def _require_gate(result: ShotResult) -> None:
    from inference.errors import InputRejected

    if not result.gate.passed:
        raise InputRejected("shot.gate_failed", "the product's pixels were altered", differs=result.gate.max_abs_diff)


@dataclass(frozen=True)
class PreviewOutcome:
    picture: Picture
    measures: dict[str, Any]


class PreviewKind:
    """``studio.preview``: a small picture of this product in a set, kept as a rendition of the cutout.

    Framed as the shot will be, at the format of the spec; what a person who edits wants to know is in the job's result.
    """

    name = "studio.preview"
    title = _("Preview")
    quiet = True
    deadline_s = 60.0

    def load(self, job: Job) -> ShotInputs:
        product = Product.objects.select_related("photo__blob").get(pk=job.params["product"])
        cutout = Asset.objects.select_related("blob").get(pk=job.params["cutout"])
        spec = job.params["spec"]
        return ShotInputs(product.photo.blob, cutout, spec, companions.inputs_of(spec))

    def work(self, inputs: ShotInputs, on_progress: Progress) -> PreviewOutcome:
        from inference.pipelines.product_shot import draft_shot

        photo, cutout, _source = load_pictures(inputs)
        longest_px = inputs.spec["longest_px"]
        draft = draft_shot(
            photo,
            cutout,
            specs.to_shot_spec(inputs.spec),
            longest_px=longest_px,
            companion=load_companion(inputs.companion),
            on_progress=on_progress,
        )
        return PreviewOutcome(encode_webp(draft.rgb, width=draft.rgb.shape[1]), _measures(draft))

    def finish(self, job: Job, outcome: PreviewOutcome) -> dict[str, Any]:
        cutout = Asset.objects.select_related("workspace").get(pk=job.params["cutout"])
        previews.keep(cutout, spec=job.params["spec"], picture=outcome.picture)
        return {"product": job.params["product"], **outcome.measures}

    def fail(self, job: Job, code: str) -> None:
        """A missing thumbnail shows the set's own picture; nothing to undo."""


def _measures(draft: ShotDraft) -> dict[str, Any]:
    """Where the product is, in fractions of the picture, and how far its colours are moved."""
    change = draft.colour_change
    return {
        "box": [round(value, 5) for value in draft.product],
        "base": [round(value, 5) for value in draft.base],
        "delta_e": {"mean": change.mean, "p95": change.p95} if change else None,
        "warnings": list(draft.warnings),
    }
