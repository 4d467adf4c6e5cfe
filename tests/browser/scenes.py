"""Generated shots in every state, made of rows and of pictures that a model could have drawn."""

from __future__ import annotations

import io
from datetime import timedelta
from functools import cache
from typing import Any

from django.utils import timezone
from PIL import Image, ImageDraw, ImageFilter

from apps.accounts.models import Workspace
from apps.assets.models import Asset
from apps.assets.services import keep_asset, keep_blob, keep_rendition
from apps.assets.types import Picture
from apps.jobs import stations
from apps.jobs.models import Station
from apps.studio import scenes
from apps.studio.models import Product, Shoot, Shot
from tests.factories import make_batch, make_job, make_shoot, make_shot

MODEL = "flux2-klein-4b"
EDITOR = "deepgen-1"
"""A model that only follows instructions: no palette, no previews."""
SIDE, PREVIEW_SIDE = 1200, 480
GATE = {"passed": True, "max_abs_diff": 0, "pixels_compared": 214300, "edge_delta_e": 0.9, "set_delta_e": None}
SCENE = {
    "setting": "kitchen",
    "surface": "oak",
    "light": "window",
    "props": ["lemons", "towels"],
    "words": "steam in the air",
    "boxes": [{"object": "product", "box": [0.3, 0.2, 0.4, 0.6]}],
}


def living_worker() -> None:
    """Somebody who can draw, for as long as a test takes."""
    offers = [
        {
            "name": MODEL,
            "title": "FLUX.2 klein 4B",
            "licence": "Apache-2.0",
            "is_commercial": True,
            "is_ready": True,
            "can_learn": True,
        },
        {
            "name": "sefi-1b-turbo",
            "title": "SeFi-Image 1B Turbo",
            "licence": "CC-BY-NC-4.0",
            "is_commercial": False,
            "is_ready": True,
        },
        {
            "name": EDITOR,
            "title": "DeepGen 1.0",
            "licence": "Apache-2.0",
            "is_commercial": True,
            "is_ready": True,
        },
    ]
    device = {"name": "NVIDIA H100", "kind": "cuda", "total_mb": 81_000, "free_mb": 62_500, "splits": 2}
    figures = {"pictures": 128, "pace": {MODEL: [1.2, 1.5]}, "age_s": 3.2, "silent_s": 0.4}
    broke = {"fault": f"RuntimeError: CUDA error at /opt/{'x' * 90}.cu", "fault_at": timezone.now()}
    stations.beat("gpu/1", slots=8, offers=offers, device=device, figures=figures, **broke)
    stations.beat("gpu/2", slots=0, offers=[], **broke)
    Station.objects.update(seen_at=timezone.now() + timedelta(hours=1))


def scene_shots(workspace: Workspace, product: Product) -> Shot:
    """One finished shot, and one of each other fate; returns the finished one."""
    living_worker()
    batch = make_batch(workspace, label=product.name)
    shoot = make_shoot(workspace, product=product, batch=batch)
    finished = _finished(workspace, shoot, 0, mode="exact", gate={**GATE, "label": "product_exact", "measures": {}})
    _finished(workspace, shoot, 1, mode="reimagined", gate={"label": "product_reimagined", "measures": {}})
    now = timezone.now()
    running = {"state": "running", "lease_until": now + timedelta(days=1)}
    for position, fields in enumerate(
        (
            {**running, "progress": 0.3, "stage": "candidates"},
            {"state": "queued"},
            {
                "state": "failed",
                "ended_at": now,
                "error_code": "generated.no_candidate_passed",
                "error_params": {"candidates": 4},
            },
        ),
        start=2,
    ):
        job = make_job(workspace, kind=scenes.KIND, label=product.name, batch=batch, **fields)
        make_shot(workspace, shoot=shoot, position=position, asset=None, job=job, spec=_spec("exact", position))
    return finished


def _spec(mode: str, position: int) -> dict[str, Any]:
    seed = 40 + 8 * position
    size = {"format": "1:1", "width": SIDE, "height": SIDE, "seed": seed}
    asked = {"mode": mode, "product_label": "a green glass bottle", "model": MODEL, "strength": 0.4, "candidates": 4}
    return {"set": scenes.GENERATED, "palette": [], **size, "generated": {**asked, "scene": SCENE}}


def _finished(workspace: Workspace, shoot: Shoot, position: int, *, mode: str, gate: dict[str, Any]) -> Shot:
    spec = _spec(mode, position)
    candidates = [_candidate(spec["seed"] + number, number) for number in range(4)]
    recipe = {
        "kind": "generated_shot",
        "position": [str(shoot.id), position],
        "spec": spec["generated"],
        "model": {"model": MODEL, "licence": "Apache-2.0", "revision": "0123456789abcdef"},
        "parameters": {"chosen_seed": spec["seed"]},
        "measures": {"candidates": candidates},
    }
    asset = _asset(workspace, _picture(position), name=f"scene {shoot.id} {position}", recipe=recipe)
    for number, candidate in enumerate(candidates):
        small = _preview(position + number + 1)
        rendition = Picture(data=small, content_type="image/webp", width=PREVIEW_SIDE, height=PREVIEW_SIDE)
        keep_rendition(asset, spec=scenes.candidate_rendition(candidate["seed"]), picture=rendition)
    return make_shot(workspace, shoot=shoot, position=position, asset=asset, spec=spec, gate=gate)


def _candidate(seed: int, number: int) -> dict[str, Any]:
    rejected = ["generated.product_changed"] if number == 3 else []
    marks = {} if rejected else {"palette": 0.9 - 0.1 * number, "layout": 0.8, "prompt": 0.7 - 0.1 * number}
    score = sum(marks.values()) / 3
    return {"seed": seed, "passed": not rejected, "rejected": rejected, "score": score, "figures": {}, "marks": marks}


def _drawing(number: int) -> Image.Image:
    wall = (214 - 12 * number % 60, 205, 190 + 9 * number % 50)
    picture = Image.new("RGB", (SIDE, SIDE), wall)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 860, SIDE, SIDE), fill=(150, 112, 78))
    draw.ellipse((140, 760, 300, 920), fill=(226, 190, 40))
    picture = picture.filter(ImageFilter.GaussianBlur(24))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((450, 380, 750, 980), fill=(30, 110, 70))
    draw.rectangle((540, 250, 660, 380), fill=(20, 80, 50))
    return picture


@cache
def _picture(number: int) -> bytes:
    return _bytes(_drawing(number), "PNG")


@cache
def _preview(number: int) -> bytes:
    return _bytes(_drawing(number).resize((PREVIEW_SIDE, PREVIEW_SIDE)), "WEBP")


def _bytes(picture: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def _asset(workspace: Workspace, png: bytes, *, name: str, recipe: dict[str, Any]) -> Asset:
    blob = keep_blob(workspace, png, content_type="image/png", width=SIDE, height=SIDE)
    return keep_asset(workspace, kind="shot", name=name, blob=blob, recipe=recipe)
