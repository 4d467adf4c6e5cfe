"""Cut a product out and say whether that is good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from apps.accounts.models import User, Workspace
from apps.core.errors import Conflict, InvalidInput
from apps.core.events import notify
from apps.core.tenancy import system_scope, tenant_scope
from apps.jobs import services as queue
from apps.jobs.models import Job, JobState, Priority
from apps.studio import previews
from apps.studio.models import CutoutState, Product, Shoot
from apps.studio.services.starters import call_starter_for

CUTOUT_KIND = "studio.cutout"
INTERACTIVE_CUTOUTS = 8  # new photos that may wait as somebody's interactive work; the rest of a drop is a batch


@transaction.atomic
def request_cutout(
    product: Product, *, box: Sequence[int] | None, by: User | None, then: Mapping[str, Any] | None = None
) -> Job:
    """Cut the product out, inside ``box`` (x, y, width, height in pixels of the photo) when one is given.

    ``then``: accept the cutout when it is there, and make the shoot of these choices unless they are empty.
    """
    checked = _checked_box(product, box) if box is not None else None
    params: dict[str, Any] = {"product": str(product.id), "box": checked}
    if then is not None:
        params["then"] = dict(then)
    priority = Priority.INTERACTIVE if checked else _priority_of_a_new_photo(product)
    return queue_cutout(product, kind=CUTOUT_KIND, params=params, box=checked, by=by, priority=priority)


@transaction.atomic
def queue_cutout(
    product: Product,
    *,
    kind: str,
    params: dict[str, Any],
    box: list[int] | None,
    by: User | None,
    priority: Priority = Priority.INTERACTIVE,
) -> Job:
    """Queue a job that gives the product its next cutout; the job before it is cancelled."""
    take_off_queue(product)
    rows = Product.objects.select_for_update(of=("self",)).select_related("workspace", "cutout_job")
    product = rows.get(pk=product.pk)
    product.cutout_job = queue.submit(
        product.workspace,
        kind=kind,
        params=_unmet_wish(product) | params | {"before": _settled_state(product)},
        priority=priority,
        created_by=by,
        label=product.name,
        subject=f"product:{product.id}",
    )
    product.cutout_state = CutoutState.PENDING
    product.cutout_box = box
    product.save(update_fields=["cutout_job", "cutout_state", "cutout_box"])
    return product.cutout_job


def _priority_of_a_new_photo(product: Product) -> Priority:
    """A large drop is bulk work: what somebody clicks meanwhile, a shoot or a box, goes before the rest of it."""
    waiting = Job.objects.filter(workspace=product.workspace, kind=CUTOUT_KIND, state=JobState.QUEUED)
    return Priority.INTERACTIVE if waiting.count() < INTERACTIVE_CUTOUTS else Priority.BATCH


def take_off_queue(product: Product) -> None:
    """Cancel the latest job of the product's cutout, whatever the caller knew, and previews of what was there before:
    a worker that draws them is missing where somebody waits for the new cutout. Call it before locking the product.

    A finishing job locks itself, then the product; the other order here would let the two wait for each other.
    """
    earlier = Job.objects.filter(pk__in=Product.objects.filter(pk=product.pk).values("cutout_job")).first()
    if earlier is not None and not earlier.is_ended:
        queue.cancel(earlier)
    previews.drop(product)


def _unmet_wish(product: Product) -> dict[str, Any]:
    """What was wanted after a cutout that is not there yet, or that nobody was sure of: the next one owes it."""
    earlier = product.cutout_job
    is_owed = earlier is not None and product.cutout_state not in CutoutState.usable()
    return {"then": earlier.params["then"]} if earlier and is_owed and "then" in earlier.params else {}


def _settled_state(product: Product) -> str:
    """What the product goes back to when the new cutout does not work out."""
    if product.cutout_state != CutoutState.PENDING:
        return product.cutout_state
    earlier = product.cutout_job.params.get("before") if product.cutout_job else None
    return earlier or CutoutState.FAILED


def leave_pending(job: Job) -> int:
    """No product goes on "cutting out" for a job that has ended; returns how many did.

    It goes back to what it was before where that had a cutout, and else has failed: then it can be tried again.
    """
    rows = Product.objects.filter(cutout_job=job, cutout_state=CutoutState.PENDING)
    before, count = job.params.get("before", ""), 0
    if before in (*CutoutState.usable(), CutoutState.NEEDS_BOX):
        count = rows.filter(cutout__isnull=False).update(cutout_state=before)
    return count + rows.update(cutout_state=CutoutState.FAILED)


def free_stranded_products() -> int:
    """Find products that are "cutting out" although their job has ended, whatever brought that about; how many."""
    with system_scope():
        workspaces = list(Workspace.objects.values_list("id", flat=True))
    count = 0
    for workspace_id in workspaces:
        with tenant_scope(workspace_id):
            waiting = Product.objects.filter(workspace=workspace_id, cutout_state=CutoutState.PENDING)
            ended = Job.objects.filter(pk__in=waiting.values("cutout_job"), state__in=JobState.ended())
            for job in ended.order_by("id"):
                count += leave_pending(job)
                notify(workspace_id, job.event())
    return count


def _checked_box(product: Product, box: Sequence[int]) -> list[int]:
    blob = product.photo.blob
    if len(box) != 4:
        raise InvalidInput("studio.box_unreadable")
    x, y, width, height = (int(value) for value in box)
    left, top = max(0, x), max(0, y)
    right, bottom = min(blob.width, x + width), min(blob.height, y + height)
    if right - left < 8 or bottom - top < 8:
        raise InvalidInput("cutout.box_outside", width=blob.width, height=blob.height)
    return [left, top, right - left, bottom - top]


@transaction.atomic
def accept_cutout(product: Product) -> Product:
    """A person says that the cutout is good. Accepting twice is the same as once."""
    product = Product.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=product.pk)
    if product.cutout_id is None or product.cutout_state in (CutoutState.PENDING, CutoutState.FAILED):
        raise Conflict("studio.no_cutout_yet")
    product.cutout_state = CutoutState.ACCEPTED
    product.save(update_fields=["cutout_state"])
    start_waiting_shoots(product)
    return product


def start_waiting_shoots(product: Product) -> None:
    """Let the shoots of batches begin that waited for the product's cutout, if it can be shot now.

    Whatever makes a cutout usable calls this with the product's row locked: who adds a shoot meanwhile waits for that
    row, because the shoot refers to it, so that no shoot is missed. A shoot that two starters find is filled once.
    """
    if product.cutout_state in CutoutState.usable() and Shoot.objects.filter(product=product, shots=None).exists():
        call_starter_for(product)
