"""``studio.scene``: a product in a scene that a model draws; done by GPU workers alone."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from apps.assets import selectors as asset_store
from apps.assets import services as assets
from apps.assets.models import Asset, AssetKind, Blob
from apps.assets.types import Picture
from apps.billing import services as ledger
from apps.core.errors import Conflict
from apps.jobs import adapters as worker_adapters
from apps.jobs import engines, stations
from apps.jobs.models import Job
from apps.studio import changes, scenes
from apps.studio.jobs.shots import (
    GALLERY_WIDTH_PX,
    ShotInputs,
    edited_from,
    keep_picture,
    load_pictures,
    version_of,
)
from apps.studio.models import Adapter, Shot, ShotVersion
from apps.studio.pictures import encode_png, encode_webp, shared
from apps.studio.places import PlacedInStudio

if TYPE_CHECKING:
    from inference.pipelines.generated.result import GeneratedShot
    from inference.pipelines.generated.spec import GeneratedInputs
    from inference.types import U8, Progress

CANDIDATE_PX = 480


@dataclass(frozen=True)
class SceneInputs:
    """``before``: the picture that is changed, for a change; ``style``: a picture whose look is followed; ``adapter``:
    the file of what was trained here, where it is used."""

    pictures: ShotInputs
    spec: dict[str, Any]
    before: Asset | None
    style: Asset | None
    adapter: Blob | None = None


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

    def load(self, job: Job) -> SceneInputs:
        shot = Shot.everything.select_related("product__photo__blob").get(pk=job.params["shot"])
        cutout = Asset.objects.select_related("blob").get(pk=job.params["cutout"])
        version = version_of(job)
        spec = version.spec if version else shot.spec
        return SceneInputs(
            pictures=ShotInputs(photo=shot.product.photo.blob, cutout=cutout, spec=spec),
            spec=spec,
            before=_before(version),
            style=_style(spec),
            adapter=_adapter(spec),
        )

    def work(self, inputs: SceneInputs, on_progress: Progress) -> SceneOutcome:
        from inference.pipelines.generated.shot import generated_shot
        from inference.pipelines.generated.spec import GeneratedSpec

        started = time.monotonic()
        if (file := inputs.adapter) is not None:
            worker_adapters.fetch(file.sha256, lambda: asset_store.read_bytes(file))
        pictures, source = pictures_of(inputs)
        spec = GeneratedSpec.from_json(inputs.spec["generated"])
        with engines.desk().sit() as seat:
            made = generated_shot(
                spec,
                pictures,
                options=engines.options(),
                engine=engines.seated(spec.model, seat),
                source=source,
                on_progress=on_progress,
            )
        on_progress("store", 0.98)
        png = encode_png(made.master)
        assets.put_bytes(inputs.pictures.photo.workspace_id, png, content_type="image/png")
        height, width = made.master.shape[:2]
        outcome = SceneOutcome(
            png=png,
            width=width,
            height=height,
            recipe=made.recipe,
            gate=_figures(made),
            thumbnail=encode_webp(made.master, width=GALLERY_WIDTH_PX),
            candidates={one.seed: encode_webp(one.rgb, width=CANDIDATE_PX) for one in made.candidates},
            gpu_ms=round(seat.device_ms),
        )
        engines.note_shot(spec.model, spec.effort, time.monotonic() - started)
        return outcome

    def finish(self, job: Job, outcome: SceneOutcome) -> dict[str, Any]:
        shot = (
            Shot.everything.select_for_update(of=("self",))
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
            parents=[
                (cutout, "cutout"),
                (shot.product.photo, "photo"),
                *edited_from(version),
                *_styled_by(shot, version),
            ],
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


def _before(version: ShotVersion | None) -> Asset | None:
    """The picture that a change begins with: that of the version which was shown when it was asked for."""
    if version is None or "changed" not in version.spec:
        return None
    number = version.spec["changed"]["number"]
    before = ShotVersion.objects.select_related("asset__blob").get(shot=version.shot_id, number=number)
    if before.asset is None:
        raise Conflict("studio.shot_not_ready")
    return before.asset


def _styled_by(shot: Shot, version: ShotVersion | None) -> list[tuple[Asset, str]]:
    style = _style(version.spec if version else shot.spec)
    return [(style, "style")] if style else []


def _style(spec: dict[str, Any]) -> Asset | None:
    return Asset.objects.select_related("blob").get(pk=spec["style"]) if spec.get("style") else None


def _adapter(spec: dict[str, Any]) -> Blob | None:
    """The file that the shot was asked for with. Raises Conflict ``adapter.gone`` when it was deleted since."""
    if not spec.get("adapter"):
        return None
    found = Adapter.objects.select_related("blob").filter(pk=spec["adapter"]).first()
    if found is None or found.blob is None:
        raise Conflict("adapter.gone")
    return found.blob


def pictures_of(inputs: SceneInputs) -> tuple[GeneratedInputs, dict[str, Any]]:
    """What goes in, and what the recipe says of where it came from."""
    from inference.ops.placement import Placement
    from inference.pipelines.generated.spec import GeneratedInputs

    photo, cutout, source = load_pictures(inputs.pictures)
    source["product"] = "reimagined" if changes.is_reimagined(inputs.spec) else "exact"
    style = _read(inputs.style.blob) if inputs.style else None
    if inputs.style is not None:
        source["style_sha256"] = inputs.style.blob.sha256
    if inputs.before is None:
        return GeneratedInputs(photo_rgb=photo, cutout=cutout, style=style), source
    picture, source["picture_sha256"] = _read(inputs.before.blob), inputs.before.blob.sha256
    mask = _mask(inputs.spec, picture, source)
    placement = inputs.before.recipe["parameters"].get("placement")
    if placement is None:
        return GeneratedInputs(picture=picture, mask=mask), source
    placed = Placement(**placement)
    return GeneratedInputs(photo_rgb=photo, cutout=cutout, picture=picture, mask=mask, placement=placed), source


def _mask(spec: dict[str, Any], picture: U8, source: dict[str, Any]) -> U8 | None:
    """What was painted, uint8 (H, W); the recipe gets the strokes, from which the mask can be made again."""
    from inference.ops.stroke_mask import mask_of
    from inference.ops.strokes import parse_strokes

    if "strokes" not in spec["changed"]:
        return None
    source["strokes"] = spec["changed"]["strokes"]
    height, width = picture.shape[:2]
    return mask_of(parse_strokes(source["strokes"], size=(width, height)), (width, height))


def _read(blob: Blob) -> U8:
    """uint8 (H, W, 3)."""
    return shared.get(blob.sha256, lambda: asset_store.read_bytes(blob))[..., :3]


def _figures(made: GeneratedShot) -> dict[str, Any]:
    """What the shot's page says of the picture: the product gate where there is one, and what else was measured."""
    gate = made.gate.as_dict() if made.gate is not None else {}
    measures = {name: value for name, value in made.measures.items() if isinstance(value, int | float)}
    score = {"score": made.candidates[0].score} if made.candidates else {}
    return {**gate, **score, "label": made.label, "measures": measures}
