"""Products to try Studio with, rendered by ourselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User, Workspace
from apps.assets import services as assets
from apps.core.errors import InvalidInput
from apps.studio import services
from apps.studio.models import Product

FOLDER = Path(__file__).parent / "samples"


@dataclass(frozen=True)
class Sample:
    name: str
    title: str | Promise
    sku: str
    box: tuple[int, int, int, int] | None = None  # where the built-in engine alone is not sure of it

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.jpg"

    @property
    def image_url(self) -> str:
        return static(f"samples/{self.name}.jpg")


SAMPLES = {
    sample.name: sample
    for sample in (
        Sample("dropper-bottle", _("Dropper bottle"), "FC-001", box=(613, 265, 374, 1074)),
        Sample("stoneware-mug", _("Stoneware mug"), "FC-002", box=(426, 455, 831, 742)),
        Sample("lotion-pump", _("Lotion pump"), "FC-003", box=(576, 286, 427, 1075)),
        Sample("cologne", _("Cologne"), "FC-004", box=(466, 281, 566, 977)),
    )
}


def offered() -> list[Sample]:
    return list(SAMPLES.values())


@transaction.atomic
def add_sample(workspace: Workspace, *, name: str, by: User | None, then: Mapping[str, Any] | None = None) -> Product:
    """A sample as a product of this workspace; asked for twice, it is the same product, and ``then`` changes nothing.

    Raises InvalidInput ``studio.sample_unknown``.
    """
    if name not in SAMPLES:
        raise InvalidInput("studio.sample_unknown", name=name[:40])
    sample = SAMPLES[name]
    photo = assets.keep_photo(workspace, sample.file.read_bytes(), file_name=f"{sample.name}.jpg", by=by)
    [product] = services.create_products(workspace, photos=[photo], by=by, box=sample.box, then=then)
    if not product.is_sample:
        product.name, product.sku, product.is_sample = str(sample.title), sample.sku, True
        product.save(update_fields=["name", "sku", "is_sample"])
    return product
