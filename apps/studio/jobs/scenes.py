"""``studio.scene``: a product in a scene that a model draws; done by GPU workers alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from apps.assets import services as assets
from apps.assets.models import Asset, AssetKind
from apps.assets.types import Picture
from apps.billing import services as ledger
from apps.jobs import engines, stations
from apps.jobs.models import Job
from apps.studio import scenes
from apps.studio.jobs.shots import (
    GALLERY_WIDTH_PX,
    ShotInputs,
    edited_from,
    keep_picture,
    load_pictures,
    version_of,
)
from apps.studio.models import Shot
from apps.studio.pictures import encode_png, encode_webp
from apps.studio.places import PlacedInStudio

if TYPE_CHECKING:
    from inference.pipelines.generated.result import GeneratedShot
    from inference.types import Progress

CANDIDATE_PX = 480


@dataclass(frozen=True)
class SceneOutcome:
    """``candidates``: small pictures by seed, to be kept with the shot. ``gpu_ms``: the device's time for this shot."""

    png: bytes
    width: int
    height: int
    recipe: dict[str, Any]
    gate: dict[str, Any]
    thumbnail: Picture
    candidates: Mapping[int, Picture]
    gpu_ms: int


class SceneKind(PlacedInStudio):
    """Candidates, gates, the best one in full; what is drawn shares passes with other jobs of the worker."""

    name = scenes.KIND
    title = _("Generated shot")
    deadline_s = 900.0

    def lane(self, params: Mapping[str, Any]) -> str:
        """Of the workers that have loaded the model."""
        return stations.lane_of_model(params["model"])

    def load(self, job: Job) -> ShotInputs:
        shot = Shot.objects.select_related("product__photo__blob").get(pk=job.params["shot"])
        cutout = Asset.objects.select_related("blob").get(pk=job.params["cutout"])
        version = version_of(job)
        return ShotInputs(photo=shot.product.photo.blob, cutout=cutout, spec=version.spec if version else shot.spec)

    def work(self, inputs: ShotInputs, on_progress: Progress) -> SceneOutcome:
        from inference.pipelines.generated.shot import generated_shot
        from inference.pipelines.generated.spec import GeneratedInputs, GeneratedSpec

        photo, cutout, source = load_pictures(inputs)
        spec = GeneratedSpec.from_json(inputs.spec["generated"])
        with engines.desk().sit() as seat:
            made = generated_shot(
                spec,
                GeneratedInputs(photo_rgb=photo, cutout=cutout),
                options=engines.options(),
                engine=engines.seated(spec.model, seat),
                source=source,
                on_progress=on_progress,
            )
        on_progress("store", 0.98)
        png = encode_png(made.master)
        assets.put_bytes(inputs.photo.workspace_id, png, content_type="image/png")
        height, width = made.master.shape[:2]
        return SceneOutcome(
            png=png,
            width=width,
            height=height,
            recipe=made.recipe,
            gate=_figures(made),
            thumbnail=encode_webp(made.master, width=GALLERY_WIDTH_PX),
            candidates={one.seed: encode_webp(one.rgb, width=CANDIDATE_PX) for one in made.candidates},
            gpu_ms=round(seat.device_ms),
        )

    def finish(self, job: Job, outcome: SceneOutcome) -> dict[str, Any]:
        shot = (
            Shot.objects.select_for_update(of=("self",))
            .select_related("product__photo", "workspace")
            .get(pk=job.params["shot"])
        )
        size = {"width": outcome.width, "height": outcome.height}
        blob = assets.keep_blob(shot.workspace, outcome.png, content_type="image/png", **size)
        cutout = Asset.objects.get(pk=job.params["cutout"])
        version = version_of(job)
        asset = assets.keep_asset(
            shot.workspace,
            kind=AssetKind.SHOT,
            name=f"{shot.product.name} {scenes.GENERATED}",
            blob=blob,
            recipe=outcome.recipe,
            parents=[(cutout, "cutout"), (shot.product.photo, "photo"), *edited_from(version)],
            created_by=job.created_by,
        )
        assets.keep_rendition(asset, spec=f"webp-{GALLERY_WIDTH_PX}", picture=outcome.thumbnail)
        for seed, picture in outcome.candidates.items():
            assets.keep_rendition(asset, spec=scenes.candidate_rendition(seed), picture=picture)
        keep_picture(shot, version, asset, outcome.gate)
        ledger.record(
            job.id,
            shot.workspace,
            kind=self.name,
            asset=asset,
            cpu_ms=job.cpu_ms,
            gpu_ms=outcome.gpu_ms,
            size_bytes=blob.size_bytes,
        )
        return {"asset": str(asset.id), "shot": str(shot.id)}

    def fail(self, job: Job, code: str) -> None:
        """Nothing to undo: a shot without an asset shows its job's state and sentence."""


def _figures(made: GeneratedShot) -> dict[str, Any]:
    """What the shot's page says of the picture: the product gate where there is one, and what else was measured."""
    gate = made.gate.as_dict() if made.gate is not None else {}
    measures = {name: value for name, value in made.measures.items() if isinstance(value, int | float)}
    return {**gate, "label": made.label, "measures": measures}
