"""``studio.adapter``: a model learns a brand or a product from pictures; done by GPU workers, beside their drawing.

A training goes on where an earlier attempt was stopped, on whatever machine that was: its state lies in the storage.
Every state of one training is a valid beginning of the same one, so a worker that has lost the job does no harm by
writing an older one.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.assets import selectors as asset_store
from apps.assets import services as assets
from apps.assets.models import Blob
from apps.assets.types import Picture
from apps.billing import services as ledger
from apps.core.errors import Unavailable
from apps.jobs import adapters as worker_adapters
from apps.jobs import engines, stations
from apps.jobs.kinds import OnProgress
from apps.jobs.models import Job
from apps.studio import adapters
from apps.studio.models import Adapter, Product
from apps.studio.pictures import decode, encode_webp
from apps.studio.places import PlacedInStudio
from apps.studio.services.adapters import state_key
from inference.adapters import STATE, AdapterPicture, AdapterPlan, TrainedAdapter, with_trigger

if TYPE_CHECKING:
    from inference.types import U8

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/x-safetensors"
PREVIEW_PX = 512
WITH_AIR = 1.25
"""The side of what is learned around a product, times its own longer side."""

SHOWN_IN = "on a wooden table"
"""Where the preview shows what was learned: somewhere that no picture of it needs to have been."""


@dataclass(frozen=True)
class Lesson:
    """One picture. ``window`` is where its product is (left, top, width, height in its pixels), if that is known."""

    blob: Blob
    caption: str
    window: tuple[int, int, int, int] | None = None

    @property
    def square(self) -> tuple[int, int, int]:
        """Left, top and side of what is learned: around the product with some air, else the middle, as far as it is."""
        width, height = self.blob.width, self.blob.height
        left, top, wide, high = self.window or (0, 0, width, height)
        side = min(width, height, round(max(wide, high) * WITH_AIR))
        return (
            min(max(0, left + (wide - side) // 2), width - side),
            min(max(0, top + (high - side) // 2), height - side),
            side,
        )


@dataclass(frozen=True)
class AdapterInputs:
    """``lessons``: pictures in their order. ``subject``, ``trigger``: words of the preview."""

    adapter_id: uuid.UUID
    workspace_id: uuid.UUID
    model: str
    plan: AdapterPlan
    lessons: tuple[Lesson, ...]
    trigger: str
    subject: str

    @property
    def key(self) -> str:
        """Of the state in the storage."""
        return state_key(self.workspace_id, self.adapter_id)


@dataclass(frozen=True)
class AdapterOutcome:
    """``previews``: the same words and seed, with the adapter and without it."""

    data: bytes
    recipe: dict[str, Any]
    previews: tuple[Picture, Picture]
    gpu_ms: int


class StoredTraining(worker_adapters.DeskHost):
    """A training at this worker's desk whose states lie in the storage, and whose progress is told with the loss."""

    def __init__(self, inputs: AdapterInputs, on_progress: OnProgress) -> None:
        super().__init__(on_wait=self._tell)
        self._inputs, self._on_progress = inputs, on_progress
        self._now: tuple[str, float] = ("encode", 0.0)
        self._figures: dict[str, float] = {}

    def progress(self, stage: str, fraction: float) -> None:
        """What the library reports."""
        self._now = (stage, fraction)
        self._tell()

    def resumed(self, step: int) -> None:
        """See ``inference.adapters.TrainingHost``."""
        if step:
            logger.info("the training of %s goes on after step %d", self._inputs.adapter_id, step)

    def learned(self, step: int, loss: float) -> None:
        """See ``inference.adapters.TrainingHost``."""
        self._figures = {"step": step, "steps": self._inputs.plan.steps, "loss": round(loss, 5)}

    def saved(self, state: Path) -> None:
        """Keep the state where the next attempt finds it. A storage that is away is no reason to stop learning."""
        try:
            assets.write_key(self._inputs.key, _sealed(state.read_bytes()))
        except Unavailable as error:
            logger.warning("the state of a training was not kept: %s", error)

    def bring_back(self, folder: Path) -> None:
        """Put the state of an earlier attempt into ``folder``, if there is a whole one."""
        kept = asset_store.find_key(self._inputs.key)
        state = _opened(kept) if kept is not None else None
        if state is not None:
            (folder / STATE).write_bytes(state)

    def _tell(self) -> None:
        self._on_progress(*self._now, self._figures)


class AdapterKind(PlacedInStudio):
    """Learns in single steps between what the worker draws for others."""

    name = adapters.KIND
    title = _("Adapter")
    deadline_s = 6 * 3600.0
    stages: Mapping[str, tuple[float, float]] = {"encode": (0.0, 0.05), "learn": (0.05, 0.96), "draw": (0.96, 0.99)}

    def lane(self, params: Mapping[str, Any]) -> str:
        """Of the workers that can train this model."""
        return stations.lane_of_training(params["model"])

    def load(self, job: Job) -> AdapterInputs:
        adapter = Adapter.objects.get(pk=job.params["adapter"])
        rows = list(adapter.pictures.select_related("asset__blob").order_by("position"))
        windows = _windows(adapter, [row.asset_id for row in rows])
        return AdapterInputs(
            adapter_id=adapter.id,
            workspace_id=adapter.workspace_id,
            model=adapter.model,
            plan=AdapterPlan(**adapter.plan),
            lessons=tuple(
                Lesson(
                    row.asset.blob,
                    with_trigger(adapter.trigger, adapters.caption_of(adapter.subject, row.caption)),
                    windows.get(row.asset_id),
                )
                for row in rows
            ),
            trigger=adapter.trigger,
            subject=adapter.subject,
        )

    def work(self, inputs: AdapterInputs, on_progress: OnProgress) -> AdapterOutcome:
        from inference.pipelines.adapters import train_adapter

        host = StoredTraining(inputs, on_progress)
        with tempfile.TemporaryDirectory(prefix="adapter-") as scratch:
            folder = Path(scratch)
            host.bring_back(folder)
            trained = train_adapter(
                inputs.model,
                [AdapterPicture(_shown(one, inputs.plan.size_px), one.caption) for one in inputs.lessons],
                inputs.plan,
                folder,
                options=engines.options(),
                on_progress=host.progress,
                host=host,
            )
            data = trained.path.read_bytes()
        assets.put_bytes(inputs.workspace_id, data, content_type=CONTENT_TYPE)
        previews, drawing_ms = _previews(inputs, data, on_progress)
        return AdapterOutcome(data, _recipe(inputs, trained), previews, round(1000 * host.device_s + drawing_ms))

    def finish(self, job: Job, outcome: AdapterOutcome) -> dict[str, Any]:
        adapter = (
            Adapter.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=job.params["adapter"])
        )
        workspace = adapter.workspace
        adapter.blob = assets.keep_blob(workspace, outcome.data, content_type=CONTENT_TYPE, width=0, height=0)
        adapter.preview, adapter.plain_preview = (
            assets.keep_blob(workspace, one.data, content_type=one.content_type, width=one.width, height=one.height)
            for one in outcome.previews
        )
        adapter.recipe = outcome.recipe
        adapter.save(update_fields=["blob", "preview", "plain_preview", "recipe"])
        ledger.record(
            job.id,
            workspace,
            kind=self.name,
            item="adapter",
            cpu_ms=job.cpu_ms,
            gpu_ms=outcome.gpu_ms,
            size_bytes=adapter.blob.size_bytes,
        )
        key = state_key(workspace.id, adapter.id)
        transaction.on_commit(lambda: assets.remove_key(key))
        return {"adapter": str(adapter.id), "sha256": adapter.blob.sha256}

    def fail(self, job: Job, code: str) -> None:
        """Nothing to undo: what was learned so far is kept, and the next try goes on from there."""


def _windows(adapter: Adapter, asset_ids: list[uuid.UUID]) -> dict[uuid.UUID, tuple[int, int, int, int]]:
    """Where the product is in those pictures that are photos of products which are cut out."""
    own = Product.objects.filter(workspace=adapter.workspace_id, photo__in=asset_ids, cutout__isnull=False)
    found = own.select_related("cutout").order_by("created_at")
    windows: dict[uuid.UUID, tuple[int, int, int, int]] = {}
    for one in found:
        if one.cutout is not None and "window" in one.cutout.recipe:
            left, top, width, height = one.cutout.recipe["window"]
            windows[one.photo_id] = left, top, width, height
    return windows


def _shown(lesson: Lesson, side: int) -> U8:
    """What is learned of a picture, uint8 (s, s, 3), ``s`` at most twice ``side``: forty photos fill a memory."""
    import cv2
    import numpy as np

    left, top, size = lesson.square
    rgb = decode(asset_store.read_bytes(lesson.blob))[top : top + size, left : left + size, :3]
    if size > 2 * side:
        rgb = np.asarray(cv2.resize(rgb, (2 * side, 2 * side), interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(rgb)


def _previews(inputs: AdapterInputs, data: bytes, on_progress: OnProgress) -> tuple[tuple[Picture, Picture], float]:
    """What was learned, and the same without it; and the device's time for both in ms."""
    from inference.generation import GenerateItem, GenerateRequest

    name = worker_adapters.fetch(hashlib.sha256(data).hexdigest(), lambda: data)
    words = with_trigger(inputs.trigger, f"a photo of {inputs.subject} {SHOWN_IN}")
    side = inputs.plan.size_px
    item = GenerateItem(words, inputs.plan.seed)
    made = []
    with engines.desk().sit() as seat:
        for used in (((name, adapters.WEIGHT),), ()):
            request = GenerateRequest((item,), side, side, adapters=used)
            (drawn,) = seat.draw(inputs.model, request, lambda stage, fraction: on_progress("draw", 0.0))
            made.append(encode_webp(drawn.rgb, width=PREVIEW_PX))
    return (made[0], made[1]), seat.device_ms


def _recipe(inputs: AdapterInputs, trained: TrainedAdapter) -> dict[str, Any]:
    """Everything that made it, and what came out."""
    card = trained.card
    return {
        "kind": "adapter",
        "model": {"name": card.model, "revision": card.revision, "licence": card.licence},
        "plan": {**inputs.plan.__dict__},
        "trigger": inputs.trigger,
        "pictures": [
            {"sha256": one.blob.sha256, "square": list(one.square), "caption": one.caption} for one in inputs.lessons
        ],
        "pictures_sha256": card.pictures_sha256,
        "weights_sha256": card.weights_sha256,
        "losses": adapters.curve(trained.losses),
        "first_loss": round(trained.first_loss, 5),
        "last_loss": round(trained.last_loss, 5),
    }


def _sealed(data: bytes) -> bytes:
    """With a hash in front, because this is no blob whose name says what it has to be."""
    return hashlib.sha256(data).digest() + data


def _opened(sealed: bytes) -> bytes | None:
    """What was sealed; None where it was damaged: the training then begins anew."""
    size = hashlib.sha256().digest_size
    digest, data = sealed[:size], sealed[size:]
    return data if hashlib.sha256(data).digest() == digest else None
