"""``studio.export``: one file for one marketplace, written, read back, judged and signed for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from apps.assets import selectors as asset_store
from apps.assets import services as assets
from apps.assets.models import Asset, Blob, Lineage
from apps.billing import services as ledger
from apps.core.errors import Conflict, Unavailable
from apps.jobs.models import Job
from apps.studio.companions import CompanionInputs
from apps.studio.exports.identity import signing_identity, trust_pem
from apps.studio.exports.profiles import Profile, get_profile
from apps.studio.exports.verdicts import signed_verdict
from apps.studio.jobs.shots import cut_pictures, load_companion
from apps.studio.models import ExportFile
from apps.studio.pictures import shared
from apps.studio.places import PlacedInStudio

if TYPE_CHECKING:
    from inference.ops.credentials import PhotoFile
    from inference.pipelines.export import ExportedFile, Rendered
    from inference.pipelines.rules import FileReport, Rule
    from inference.types import Progress

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExportInputs:
    photo: Blob
    cutout: Asset
    recipe: Mapping[str, Any]
    master: Blob | None
    profile: Profile
    file_name: str
    shadow: bool
    enlarge: bool
    companion: CompanionInputs | None = None


@dataclass(frozen=True)
class ExportOutcome:
    data: bytes
    sidecar: bytes | None
    media_type: str
    report: FileReport
    verdict: dict[str, Any]
    width: int
    height: int


class ExportKind(PlacedInStudio):
    """Renders from the recipe, so that the product is resampled once, to the size the profile asks for."""

    name = "studio.export"
    title = _("Export")
    deadline_s = 180.0

    def preload(self) -> None:
        """The certificate is there before the first export asks for it; a bad one fails each with a clear word."""
        try:
            signing_identity()
        except Unavailable as error:
            logger.error("exports can not be signed: %s", error.__cause__)

    def load(self, job: Job) -> ExportInputs:
        rows = ExportFile.objects.select_related(
            "product__photo__blob", "product__cutout__blob", "shot__asset__blob"
        ).annotate(has_shadow=F("export__choices__shadow"), may_enlarge=F("export__choices__enlarge"))
        file = rows.get(pk=job.params["file"])
        profile = get_profile(file.profile)
        photo, cutout, recipe = _white_source(file) if profile.is_white else _shot_source(file)
        shown = None if profile.is_white or file.shot is None else file.shot.asset
        return ExportInputs(
            photo=photo,
            cutout=cutout,
            recipe=recipe,
            master=shown.blob if shown else None,
            profile=profile,
            file_name=file.file_name,
            shadow=bool(file.has_shadow),
            enlarge=bool(file.may_enlarge),
            companion=_companion(file) if shown else None,
        )

    def work(self, inputs: ExportInputs, on_progress: Progress) -> ExportOutcome:
        from inference.pipelines.export import write_file

        rendered = _rendered(inputs, on_progress)
        on_progress("write", 0.7)
        file = write_file(
            rendered,
            inputs.profile.as_target(),
            name=inputs.file_name,
            profile=inputs.profile.label,
            identity=signing_identity(),
            photo=asset_store.read_bytes(inputs.photo),
            photo_type=inputs.photo.content_type,
            companion=_companion_photo(inputs.companion),
        )
        on_progress("check", 0.85)
        report = _judged(inputs, rendered, file)
        return ExportOutcome(
            data=file.data,
            sidecar=file.sidecar,
            media_type=file.media_type,
            report=report,
            verdict=signed_verdict(report, name=inputs.file_name, profile=inputs.profile.label, quality=file.quality),
            width=file.width,
            height=file.height,
        )

    def finish(self, job: Job, outcome: ExportOutcome) -> dict[str, Any]:
        file = ExportFile.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=job.params["file"])
        size = {"width": outcome.width, "height": outcome.height}
        file.blob = assets.keep_blob(file.workspace, outcome.data, content_type=outcome.media_type, **size)
        if outcome.sidecar is not None:
            file.sidecar = assets.keep_blob(
                file.workspace, outcome.sidecar, content_type="application/c2pa", width=0, height=0
            )
        file.passed, file.verdict = outcome.report.passed, outcome.verdict
        file.pixels_sha256 = outcome.report.pixels_sha256
        file.save(update_fields=["blob", "sidecar", "passed", "verdict", "pixels_sha256"])
        ledger.record(
            job.id, file.workspace, kind=self.name, item="file", cpu_ms=job.cpu_ms, size_bytes=len(outcome.data)
        )
        return {"file": str(file.id), "passed": file.passed}

    def fail(self, job: Job, code: str) -> None:
        """Nothing to undo: a file without bytes shows its job's state and sentence."""


def _white_source(file: ExportFile) -> tuple[Blob, Asset, Mapping[str, Any]]:
    if file.product.cutout is None:
        raise Conflict("studio.no_cutout_yet")
    return file.product.photo.blob, file.product.cutout, {}


def _shot_source(file: ExportFile) -> tuple[Blob, Asset, Mapping[str, Any]]:
    """The photo and the cutout that the shot was made from, which need not be the product's of today."""
    if file.shot is None or file.shot.asset is None:
        raise Conflict("studio.shot_not_ready")
    links = Lineage.objects.filter(child=file.shot.asset).select_related("parent__blob")
    parents = {link.role: link.parent for link in links}
    if not {"photo", "cutout"} <= set(parents):
        raise Conflict("export.shot_changed")
    return parents["photo"].blob, parents["cutout"], file.shot.asset.recipe


def _companion(file: ExportFile) -> CompanionInputs | None:
    """The second product of the shot as it was then. Raises Conflict: it is in the recipe, but not kept with it."""
    assert file.shot is not None
    if file.shot.asset is None or "companion" not in file.shot.asset.recipe:
        return None
    links = Lineage.objects.filter(child=file.shot.asset).select_related("parent__blob")
    parents = {link.role: link.parent for link in links}
    if not {"companion", "companion_photo"} <= set(parents):
        raise Conflict("export.shot_changed")
    return CompanionInputs(parents["companion_photo"].blob, parents["companion"])


def _companion_photo(inputs: CompanionInputs | None) -> PhotoFile | None:
    from inference.ops.credentials import PhotoFile

    return PhotoFile(asset_store.read_bytes(inputs.photo), inputs.photo.content_type) if inputs else None


def _rendered(inputs: ExportInputs, on_progress: Progress) -> Rendered:
    """Rendered anew; a shot whose set was renewed since is taken from its master where that is enough."""
    from inference.errors import InputRejected
    from inference.pipelines.export import RENEWED, from_master, render_scene, render_white

    photo, cutout = cut_pictures(inputs.photo, inputs.cutout)
    target = inputs.profile.as_target()
    if inputs.profile.is_white:
        on_progress("render", 0.3)
        return render_white(photo, cutout, target, shadow=inputs.shadow, enlarge=inputs.enlarge)
    try:
        return render_scene(
            photo,
            cutout,
            inputs.recipe,
            target,
            companion=load_companion(inputs.companion),
            enlarge=inputs.enlarge,
            on_progress=lambda stage, fraction: on_progress(stage, 0.65 * fraction),
        )
    except InputRejected as error:
        if error.code not in RENEWED or inputs.master is None:
            raise
        master = inputs.master
        kept = shared.get(master.sha256, lambda: asset_store.read_bytes(master))
        return from_master(kept, inputs.recipe, target, cutout=cutout)


def _judged(inputs: ExportInputs, rendered: Rendered, file: ExportedFile) -> FileReport:
    """Read from the storage what was just written to it, and measure that."""
    from inference.pipelines.file_check import check_file

    workspace_id = inputs.photo.workspace_id
    key = assets.put_bytes(workspace_id, file.data, content_type=file.media_type)
    if file.sidecar is not None:
        assets.put_bytes(workspace_id, file.sidecar, content_type="application/c2pa")
    return check_file(
        asset_store.read_key(key),
        (*inputs.profile.file_rules, *_enlargement_rules(inputs)),
        name=inputs.file_name,
        trust_pem=trust_pem(),
        source_type=_source_type(inputs),
        sidecar=file.sidecar,
        master=rendered.pixels,
        mask=rendered.mask,
    )


def _source_type(inputs: ExportInputs) -> str:
    """The term that the file must carry: from the stored recipe, not from what the writer said."""
    from inference.ops.xmp import ALGORITHMICALLY_ENHANCED
    from inference.pipelines.label import scene_source_type

    return ALGORITHMICALLY_ENHANCED if inputs.profile.is_white else scene_source_type(inputs.recipe)


def _enlargement_rules(inputs: ExportInputs) -> tuple[Rule, ...]:
    """A product is enlarged only on demand. A shot that is taken along as it is was accepted as it is."""
    from inference.pipelines.rules import ADVISED, REQUIRED, Rule

    free = inputs.enlarge or inputs.profile.as_target().is_as_made
    return (Rule("product_size", 1.0, ADVISED if free else REQUIRED),)
