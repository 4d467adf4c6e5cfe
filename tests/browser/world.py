"""A workspace in which every state of every page can be seen, made of rows and pictures of our own.

Every test has a world of its own; pictures, which take longer than rows, are drawn once.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from django.utils import timezone
from PIL import Image, ImageDraw

from apps.accounts.models import User, Workspace
from apps.assets.models import Asset
from apps.assets.services import keep_asset, keep_blob
from apps.jobs.models import Batch
from apps.studio.models import Adapter, ExportFile, Product, Shoot, Shot
from tests.browser.adapters import adapter_rows
from tests.browser.scenes import scene_shots
from tests.factories import (
    make_batch,
    make_export_file,
    make_job,
    make_person,
    make_product,
    make_shoot,
    make_shot,
    make_workspace,
)
from tests.integration.studio.pictures import HEIGHT, WIDTH, bottle_png

WINDOW = [122, 72, 116, 316]
CHECKS = [
    {"rule": "zoom_longest", "level": "required", "passed": False, "needed": 1000, "found": 640},
    {"rule": "max_bytes", "level": "advised", "passed": False, "needed": 500_000, "found": 612_345},
    {"rule": "formats", "level": "required", "passed": True, "needed": ["jpeg", "png"], "found": "jpeg"},
]
GATE = {"passed": True, "max_abs_diff": 0, "pixels_compared": 21430, "edge_delta_e": 0.4, "set_delta_e": 1.2}


@dataclass(frozen=True)
class World:
    user: User
    workspace: Workspace
    empty: Workspace
    ready: Product
    needs_box: Product
    failed: Product
    pending: Product
    shoot: Shoot
    shot: Shot
    scene: Shot
    export_file: ExportFile
    batch: Batch
    adapter: Adapter
    learning: Adapter

    def path(self, below: str) -> str:
        return f"/w/{self.workspace.slug}/{below}"


def make_world() -> World:
    user = make_person(name="Mei Lin")
    workspace = make_workspace(user, name="Fern & Clay")
    ready = _product(
        workspace, "Green bottle", 1, cutout=True, cutout_state="ready", sku="GB-500", cutout_confidence=0.91
    )
    _cutout(workspace, "Green bottle, before", ready.photo)
    shoot, shot = _shoot(workspace, _product(workspace, "Tall bottle", 2, cutout=True, cutout_confidence=0.6))
    adapter, learning = adapter_rows(workspace, ready)
    return World(
        user=user,
        workspace=workspace,
        empty=make_workspace(user, name="Empty room"),
        ready=ready,
        needs_box=_product(workspace, "Hidden bottle", 3, cutout_state="needs_box"),
        failed=_product(workspace, "Broken bottle", 4, cutout_state="failed"),
        pending=_product(workspace, "New bottle", 5, cutout_state="pending"),
        shoot=shoot,
        shot=shot,
        scene=scene_shots(workspace, ready),
        export_file=make_export_file(
            workspace, shot=shot, name="amazon/TB-7_红色_01.jpg", passed=False, verdict={"checks": CHECKS}
        ),
        batch=_batch(workspace),
        adapter=adapter,
        learning=learning,
    )


def _batch(workspace: Workspace) -> Batch:
    """Two products with finished and failed shots, and one that waits for a box."""
    batch = make_batch(workspace, label="3 products")
    choices = {"sets": ["white-sweep"], "palettes": ["own"], "formats": ["1:1"], "variations": 2, "batch_token": "seen"}
    for number, name in enumerate(("First of many", "Second of many")):
        product = _product(workspace, name, 10 + number, cutout=True)
        shoot = make_shoot(workspace, product=product, batch=batch, choices=choices)
        _shot(workspace, shoot, 0, gate=GATE)
        job = make_job(
            workspace,
            kind="studio.shot",
            label=name,
            batch=batch,
            state="failed",
            ended_at=timezone.now(),
            error_code="shot.empty_cutout",
        )
        make_shot(workspace, shoot=shoot, position=1, asset=None, job=job, spec=_spec(1))
    waiting = _product(workspace, "Third of many", 12, cutout_state="needs_box")
    make_shoot(workspace, product=waiting, batch=batch, choices=choices)
    return batch


def _product(workspace: Workspace, name: str, seed: int, *, cutout: bool = False, **fields: Any) -> Product:
    recipe = {"kind": "photo", "seed": seed}
    photo = _asset(workspace, bottle_png(seed=seed), (WIDTH, HEIGHT), kind="photo", name=f"{name}.png", recipe=recipe)
    fields.setdefault("cutout_engine", "classical" if cutout else "")
    return make_product(
        workspace, name=name, photo=photo, cutout=_cutout(workspace, name, photo) if cutout else None, **fields
    )


def _cutout(workspace: Workspace, name: str, photo: Asset) -> Asset:
    recipe = {"kind": "cutout", "window": WINDOW, "box": None, "engine": "classical", "confidence": 0.9, "of": name}
    size = (WINDOW[2], WINDOW[3])
    parents = [(photo, "photo")]
    return _asset(workspace, _cutout_png(), size, kind="cutout", name=f"{name} cutout", recipe=recipe, parents=parents)


@cache
def _cutout_png() -> bytes:
    left, top, width, height = WINDOW
    crop = Image.open(io.BytesIO(bottle_png())).convert("RGBA").crop((left, top, left + width, top + height))
    mask = Image.new("L", crop.size)
    ImageDraw.Draw(mask).rectangle((8, 78, 108, 308), fill=255)
    crop.putalpha(mask)
    return _png(crop)


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _asset(
    workspace: Workspace,
    png: bytes,
    size: tuple[int, int],
    *,
    kind: str,
    name: str,
    recipe: dict[str, Any],
    parents: Sequence[tuple[Asset, str]] = (),
) -> Asset:
    blob = keep_blob(workspace, png, content_type="image/png", width=size[0], height=size[1])
    return keep_asset(workspace, kind=kind, name=name, blob=blob, recipe=recipe, parents=parents)


def _shoot(workspace: Workspace, product: Product) -> tuple[Shoot, Shot]:
    """Two finished shots, one of each other fate."""
    batch = make_batch(workspace, label=product.name)
    shoot = make_shoot(workspace, product=product, batch=batch)
    now = timezone.now()
    first = _shot(workspace, shoot, 0, starred=True, gate=GATE)
    _shot(workspace, shoot, 1, rejected_at=now, reject_reason="placement", gate=GATE)
    for position, fields in enumerate(
        (
            {"state": "queued"},
            {"state": "running", "lease_until": now + timedelta(days=1), "progress": 0.4, "stage": "shadow"},
            {"state": "failed", "ended_at": now, "error_code": "internal"},
            {"state": "cancelled", "ended_at": now},
        ),
        start=2,
    ):
        job = make_job(workspace, kind="studio.shot", label=product.name, batch=batch, **fields)
        make_shot(workspace, shoot=shoot, position=position, asset=None, job=job, spec=_spec(position))
    return shoot, first


def _spec(position: int) -> dict[str, Any]:
    width, height = ((1200, 1200), (1200, 1500), (1080, 1920), (1920, 1080))[position % 4]
    named = {1200 * 1200: "1:1", 1200 * 1500: "4:5", 1080 * 1920: "9:16" if width < height else "16:9"}
    return {
        "set": "white-sweep",
        "palette": [],
        "format": named[width * height],
        "width": width,
        "height": height,
        "seed": 0,
    }


def _shot(workspace: Workspace, shoot: Shoot, position: int, **fields: Any) -> Shot:
    spec = _spec(position)
    size = (spec["width"], spec["height"])
    middle, base = _foot(*size)
    placement = {"scale": 3.0, "x": middle - 174, "y": base - 924, "source_x": 0.0, "source_y": 0.0}
    recipe = {
        "kind": "product_shot",
        "position": [str(shoot.id), position],
        "parameters": {"placement": placement},
        "source": {"window": WINDOW},
    }
    asset = _asset(workspace, _shot_png(*size), size, kind="shot", name=f"shot {position}", recipe=recipe)
    return make_shot(workspace, shoot=shoot, position=position, asset=asset, spec=spec, **fields)


def _foot(width: int, height: int) -> tuple[int, int]:
    """Where the product stands: the middle of its lower edge."""
    return width // 2, round(height * 0.8)


@cache
def _shot_png(width: int, height: int) -> bytes:
    middle, base = _foot(width, height)
    picture = Image.new("RGB", (width, height), (226, 222, 216))
    ImageDraw.Draw(picture).rectangle((middle - 150, base - 690, middle + 150, base), fill=(30, 110, 70))
    return _png(picture)
