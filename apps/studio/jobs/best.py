"""``studio.best``: several seeds of one shot, small, measured; the best one is made at full size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from apps.assets.models import Asset
from apps.assets.types import Picture
from apps.jobs.models import Job
from apps.studio import companions, previews, services, specs
from apps.studio.jobs.shots import SCORED_AT_PX, ShotInputs, load_companion, load_pictures
from apps.studio.models import Shot
from apps.studio.pictures import encode_webp
from apps.studio.places import PlacedInStudio

if TYPE_CHECKING:
    from inference.types import Progress


@dataclass(frozen=True)
class BestInputs:
    shot: ShotInputs
    seeds: list[int]


@dataclass(frozen=True)
class BestOutcome:
    """Candidates, the best one first, each with its small picture."""

    candidates: list[dict[str, Any]]
    pictures: list[Picture]


class BestKind(PlacedInStudio):
    """``studio.best``: nothing is generated; the same set under other seeds, compared by figures."""

    name = "studio.best"
    title = _("Best of several")
    deadline_s = 120.0

    def load(self, job: Job) -> BestInputs:
        shot = Shot.everything.select_related("product__photo__blob").get(pk=job.params["shot"])
        cutout = Asset.objects.select_related("blob").get(pk=job.params["cutout"])
        spec = job.params["spec"]
        inputs = ShotInputs(shot.product.photo.blob, cutout, spec, companions.inputs_of(spec))
        return BestInputs(inputs, job.params["seeds"])

    def work(self, inputs: BestInputs, on_progress: Progress) -> BestOutcome:
        from inference.pipelines.best_of import best_of

        photo, cutout, _source = load_pictures(inputs.shot)
        spec = specs.to_shot_spec(inputs.shot.spec)
        beside = load_companion(inputs.shot.companion)
        found = best_of(
            photo,
            cutout,
            spec,
            inputs.seeds,
            longest_px=SCORED_AT_PX,
            companion=beside,
            on_progress=on_progress,
        )
        pictures = [encode_webp(candidate.rgb, width=candidate.rgb.shape[1]) for candidate in found]
        return BestOutcome([candidate.as_dict() for candidate in found], pictures)

    def finish(self, job: Job, outcome: BestOutcome) -> dict[str, Any]:
        shot = Shot.everything.get(pk=job.params["shot"])
        cutout = Asset.objects.select_related("workspace").get(pk=job.params["cutout"])
        for candidate, picture in zip(outcome.candidates, outcome.pictures, strict=True):
            named = {**job.params["spec"], "seed": candidate["seed"], "candidate_of": str(job.id)}
            previews.keep(cutout, spec=named, picture=picture)
            candidate["picture"] = previews.rendition_name(named)
        best = {**job.params["spec"], "seed": outcome.candidates[0]["seed"]}
        if best != shot.spec:
            services.edit_shot(shot, spec=best, by=job.created_by)
        return {"shot": str(shot.id), "candidates": outcome.candidates}

    def fail(self, job: Job, code: str) -> None:
        """The shot stays as it is; the page shows the job's sentence."""
