"""The small jobs that begin what a request only wrote down, some rows in each transaction."""

from __future__ import annotations

from typing import Literal

from apps.jobs import services as queue
from apps.jobs.models import Batch
from apps.studio.batches import START_KIND
from apps.studio.models import Product


def call_starter(batch: Batch, *, what: Literal["batch", "look", "export"]) -> None:
    """Have the shoots of a batch, the shots of a look, or the files of an export begun.

    Who cancels the batch cancels its starter too. That of an export is one of its jobs: it is tried again with them.
    """
    queue.submit(
        batch.workspace,
        kind=START_KIND,
        params={what: str(batch.id)},
        created_by=batch.created_by,
        subject=queue.filler_of(batch),
        batch=batch if what == "export" else None,
    )


def call_starter_for(product: Product) -> None:
    """Have the shoots begun that waited for the product's cutout."""
    queue.submit(product.workspace, kind=START_KIND, params={"product": str(product.id)})
