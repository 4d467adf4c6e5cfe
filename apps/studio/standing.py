"""Who can make generated scenes now: models of living workers, adapters that may be used, and how long a shot takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apps.accounts.models import Workspace
from apps.jobs import stations
from apps.jobs.models import JobState, Priority
from apps.jobs.pace import fitted
from apps.jobs.selectors import TYPICAL_OF_LAST, seconds_ahead
from apps.jobs.stations import Offer
from apps.studio import adapters
from apps.studio.models import Shot
from apps.studio.scenes import KIND
from inference.pipelines.generated.spec import GeneratedSpec


@dataclass(frozen=True)
class Standing:
    """Whether generated scenes can be made now, with what, and how long one takes.

    Each model's ``pace`` is measured: on this workspace's own last shots, else on what its workers drew lately for
    anybody; nothing where nobody knows yet.
    """

    models: Sequence[Offer]
    seconds_ahead: float
    last_seen: Any = None
    adapters: Sequence[Mapping[str, str]] = ()

    @property
    def is_open(self) -> bool:
        return bool(self.models)


def offers_for(workspace: Workspace) -> list[Offer]:
    """The models that can be asked for, each with the adapters that this workspace may use.

    An adapter called ``<workspace's address>--<name>`` belongs to that workspace; one without ``--`` is for everybody.
    """
    return [replace(offer, adapters=tuple(_own(offer.adapters, workspace))) for offer in stations.offers()]


def _own(adapters: Sequence[str], workspace: Workspace) -> list[str]:
    return [name for name in adapters if "--" not in name or name.startswith(f"{workspace.slug}--")]


def of_now(workspace: Workspace) -> Standing:
    """Asks the living workers and this workspace's own last shots."""
    models = [_timed(offer, workspace) for offer in offers_for(workspace)]
    ahead = sum(
        seconds_ahead(workspace, priority=Priority.BATCH, lane=stations.lane_of_model(offer.name), slots=offer.slots)
        for offer in models
    )
    return Standing(
        models,
        ahead,
        last_seen=None if models else stations.last_seen(),
        adapters=adapter_choices(workspace, models),
    )


def _timed(offer: Offer, workspace: Workspace) -> Offer:
    lane = stations.lane_of_model(offer.name)
    made = Shot.objects.filter(workspace=workspace, job__kind=KIND, job__lane=lane, job__state=JobState.SUCCEEDED)
    rows = made.order_by("-job__created_at").values_list("spec", "job__started_at", "job__ended_at")[:TYPICAL_OF_LAST]
    own = [
        (GeneratedSpec.from_json(spec["generated"]).effort, (ended - started).total_seconds())
        for spec, started, ended in rows
        if started and ended
    ]
    return replace(offer, pace=fitted(own)) if own else offer


def adapter_choices(workspace: Workspace, models: Sequence[Offer]) -> list[dict[str, str]]:
    """Adapters that can be used now: those that were trained here, then those that an operator put beside a model."""
    trained = [
        {"value": str(adapter.id), "title": adapter.name, "model": offer.name, "model_title": offer.title}
        for adapter, offer in adapters.usable(workspace, models)
    ]
    placed = [
        {"value": name, "title": name.rpartition("--")[2], "model": offer.name, "model_title": offer.title}
        for offer in models
        for name in offer.adapters
    ]
    return trained + placed
