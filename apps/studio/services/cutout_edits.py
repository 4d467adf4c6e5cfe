"""What a person does to a cutout by hand. Every edit makes a new cutout; earlier ones stay and can be taken again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.assets.models import Asset
from apps.core.errors import InvalidInput
from apps.jobs import services as queue
from apps.jobs.models import Job, JobState, Priority
from apps.studio import cutouts
from apps.studio.models import CutoutState, Product
from apps.studio.services.cutouts import queue_cutout, start_waiting_shoots, take_off_queue
from inference.errors import InputRejected
from inference.ops.strokes import parse_strokes

EDIT_KIND = "studio.cutout_edit"
REFINE_KIND = "studio.cutout_refine"
FORGOTTEN_AFTER = timedelta(minutes=2)  # a refined piece is fetched once, within seconds


@transaction.atomic
def edit_cutout(product: Product, *, base: Asset | None, strokes: Any, by: User | None) -> Job:
    """Apply ``strokes`` (see ``inference.ops.strokes``) to ``base``, or to nothing, at the photo's full size.

    Raises:
        InvalidInput: ``strokes.*``: they can not be read, or there are none.
    """
    params = {"product": str(product.id), "cutout": str(base.id) if base else None, "strokes": _read(product, strokes)}
    return queue_cutout(product, kind=EDIT_KIND, params=params, box=product.cutout_box, by=by)


@transaction.atomic
def request_refinement(
    product: Product, *, base: Asset | None, strokes: Any, window: Sequence[int], by: User | None
) -> Job:
    """Show what the strokes make of a piece of the photo: ``window`` (left, top, width, height) of the preview.

    Nothing is kept but the job, and that only until the editor has fetched its result.
    """
    width, height = cutouts.preview_size(product.photo.blob)
    left, top, wide, high = window
    if not (0 <= left < left + wide <= width and 0 <= top < top + high <= height):
        raise InvalidInput("strokes.unreadable")
    subject = f"refine:{product.id}"
    over = Job.objects.filter(workspace=product.workspace_id, kind=REFINE_KIND, subject=subject)
    over.filter(state__in=JobState.ended(), ended_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()
    return queue.submit(
        product.workspace,
        kind=REFINE_KIND,
        params={
            "product": str(product.id),
            "cutout": str(base.id) if base else None,
            "strokes": _read(product, strokes),
            "window": list(window),
        },
        priority=Priority.INTERACTIVE,
        created_by=by,
        subject=subject,
    )


def use_cutout(product: Product, *, cutout: Asset) -> Product:
    """Go back to an earlier cutout, or forward again. What is being cut out or edited meanwhile is cancelled."""
    take_off_queue(product)
    with transaction.atomic():
        product = Product.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=product.pk)
        product.cutout, product.cutout_job = cutout, None
        product.cutout_state = CutoutState.ACCEPTED
        product.cutout_box = cutout.recipe.get("box")
        product.cutout_engine = cutout.recipe.get("engine", "")
        product.cutout_confidence = cutout.recipe.get("confidence")
        product.cutout_warnings = []
        product.save()
        start_waiting_shoots(product)
    return product


def _read(product: Product, strokes: Any) -> list[dict[str, Any]]:
    """The strokes in the form in which recipes keep them."""
    blob = product.photo.blob
    try:
        read = parse_strokes(strokes, size=(blob.width, blob.height))
    except InputRejected as error:
        raise InvalidInput(error.code, **error.params) from error
    if not read:
        raise InvalidInput("strokes.nothing_painted")
    return [stroke.as_dict() for stroke in read]
