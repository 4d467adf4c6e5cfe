"""A product that the model has never seen, to be taught by an adapter: a bottle with a band around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from inference.adapters import AdapterPicture, AdapterPlan
from inference.generation import GenerateItem
from inference.training.small_sefi import measures
from inference.training.small_sefi.artist import Artist
from inference.training.small_sefi.measures import CHROMATIC
from inference.training.small_sefi.render import draw
from inference.training.small_sefi.scenes import Says, Scenes, caption
from inference.training.small_sefi.trials import NONE, Row, plain_scenes
from inference.training.small_sefi.words import COLOURS, KINDS
from inference.types import U8

OWN, OTHER, BAND = "red", "blue", "yellow"
PLAN = AdapterPlan(steps=160, rank=8, alpha=16.0, rate=3e-3, batch=8, size_px=128, seed=1, checkpointing=False)
_PICTURES = 24
_BAND = (0.3, 0.62)
_NAME = "banded"


def bottles(count: int, colour: str, seed: int) -> Scenes:
    """Scenes with one bottle of this colour on grey grounds."""
    made = plain_scenes(count, np.random.default_rng(seed), 1)
    kind = np.where(made.kind >= 0, KINDS.index("bottle"), -1)
    height = np.where(made.kind >= 0, 0.5, made.height).astype(np.float32)
    return replace(made, kind=kind, colour=np.full_like(made.colour, list(COLOURS).index(colour)), height=height)


def banded(scenes: Scenes, side: int) -> list[U8]:
    """Their true pictures, with a yellow band around each bottle; shading stays."""
    drawn = draw(scenes, side)
    body = drawn.coverage.amax(dim=1)
    bottom = torch.from_numpy(scenes.base.max(axis=1))[:, None, None]
    above = (bottom - (torch.arange(side).view(1, -1, 1) + 0.5) / side) / 0.5
    band = ((above > _BAND[0]) & (above < _BAND[1])).float() * body
    own, other = (torch.tensor(COLOURS[name]).view(1, 3, 1, 1) / 255.0 for name in (OWN, BAND))
    shade = drawn.images[:, :1] / own[:, :1]
    images = torch.lerp(drawn.images, (other * shade).clamp(0.0, 1.0), band[:, None])
    pixels = (images * 255.0).round().to(torch.uint8).permute(0, 2, 3, 1)
    return [np.asarray(one) for one in pixels]


def adapters(artist: Artist, count: int, seed: int) -> list[Row]:
    """The taught product with growing weight, and another bottle by the same adapter, which should get no band."""
    lesson = bottles(_PICTURES, OWN, seed + 1)
    pictures = [
        AdapterPicture(rgb, caption(lesson, scene, Says())) for scene, rgb in enumerate(banded(lesson, artist.side_px))
    ]
    artist.teach(_NAME, pictures, replace(PLAN, size_px=artist.side_px))
    asked = []
    for colour in (OWN, OTHER):
        scenes = bottles(count, colour, seed)
        asked.append([GenerateItem(caption(scenes, scene, Says()), seed + scene) for scene in range(count)])
    rows = []
    for condition, names in ((NONE, ()), ("adapter at 0.5", ((_NAME, 0.5),)), ("adapter at 1", ((_NAME, 1.0),))):
        own, others = (artist.draw(items, adapters=names) for items in asked)
        for key, (rgb, other) in enumerate(zip(own, others, strict=True)):
            figures = {
                "bottle": float(measures.find(rgb, OWN) is not None),
                "band's share": band_share(rgb, OWN),
                "band's share, other bottle": band_share(other, OTHER),
            }
            rows.append(Row(condition, key, figures, rgb))
    return rows


def band_share(rgb: U8, colour: str) -> float:
    """How much of a bottle of this colour and its band together is band; in true pictures about 0.45."""
    names = measures.colour_names(rgb)
    body, band = (int((names == CHROMATIC.index(name)).sum()) for name in (colour, BAND))
    return band / max(1, band + body)
