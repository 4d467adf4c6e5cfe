"""Adapters in every state, for the pages that show them."""

from __future__ import annotations

import io
from datetime import timedelta
from functools import cache
from typing import Any

from django.utils import timezone
from PIL import Image, ImageDraw

from apps.accounts.models import Workspace
from apps.assets.models import Blob
from apps.assets.services import keep_blob
from apps.core.tenancy import tenant_scope
from apps.studio import adapters
from apps.studio.models import Adapter, AdapterPicture, Product
from tests.factories import make_adapter, make_job

SIDE = 512


def adapter_rows(workspace: Workspace, product: Product) -> tuple[Adapter, Adapter]:
    """A finished one, one that learns, and one of each other fate; returns the first two."""
    losses = [round(0.9 * 0.96**step + 0.05 * (step % 3), 4) for step in range(60)]
    recipe = {
        "model": {"name": "flux2-klein-4b", "revision": "0123456789abcdef", "licence": "Apache-2.0"},
        "losses": losses,
        "first_loss": losses[0],
        "last_loss": losses[-1],
    }
    previews = {"preview": _drawing(workspace, (40, 120, 70)), "plain_preview": _drawing(workspace, (150, 90, 60))}
    data = keep_blob(workspace, b"weights", content_type="application/x-safetensors", width=0, height=0)
    ready = make_adapter(workspace, name="Green bottle", blob=data, recipe=recipe, **previews)
    _learn_from(ready, product)
    now = timezone.now()
    running = {"state": "running", "lease_until": now + timedelta(days=1), "progress": 0.4, "stage": "learn"}
    learning = _unfinished(workspace, "Autumn look", **running, figures={"step": 212, "steps": 600, "loss": 0.4123})
    _unfinished(workspace, "Waiting look", state="queued")
    _unfinished(workspace, "Broken look", state="failed", ended_at=now, error_code="generate.adapter_out_of_memory")
    make_adapter(workspace, name="Last year's look", retired_at=now)
    return ready, learning


def _unfinished(workspace: Workspace, name: str, **fields: Any) -> Adapter:
    job = make_job(workspace, kind=adapters.KIND, label=name, **fields)
    return make_adapter(workspace, name=name, ready=False, job=job)


def _learn_from(adapter: Adapter, product: Product) -> None:
    with tenant_scope(adapter.workspace_id):
        AdapterPicture.objects.create(
            workspace=adapter.workspace, adapter=adapter, asset=product.photo, position=1, caption="a bottle on grey"
        )


def _drawing(workspace: Workspace, colour: tuple[int, int, int]) -> Blob:
    return keep_blob(workspace, _webp(colour), content_type="image/webp", width=SIDE, height=SIDE)


@cache
def _webp(colour: tuple[int, int, int]) -> bytes:
    picture = Image.new("RGB", (SIDE, SIDE), (196, 186, 172))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 380, SIDE, SIDE), fill=(120, 88, 60))
    draw.rounded_rectangle((190, 120, 322, 420), 30, fill=colour)
    file = io.BytesIO()
    picture.save(file, "WEBP")
    return file.getvalue()
