"""``studio.cutout_edit`` and ``studio.cutout_refine``: a person's strokes, on the whole photo and on a piece of it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from apps.assets import selectors as asset_store
from apps.assets import services as assets
from apps.assets.models import Asset, Blob
from apps.jobs.models import Job
from apps.studio import cutouts
from apps.studio.jobs.cutouts import CutoutOutcome, ProductCutout, cropped
from apps.studio.jobs.repeats import EarlierCutout
from apps.studio.models import CutoutState, Product
from apps.studio.pictures import decode, encode_png, shared

if TYPE_CHECKING:
    from inference.types import U8, Cutout, Progress

NO_ENGINE = "hand"  # a cutout that was painted from nothing


@dataclass(frozen=True)
class EditInputs:
    """``base`` is the cutout that was painted on, None for nothing at all."""

    photo: Blob
    base: Asset | None
    strokes: list[dict[str, Any]]


class CutoutEditKind(ProductCutout):
    """``studio.cutout_edit``: cutout + strokes -> cutout, at the photo's full size."""

    name = "studio.cutout_edit"
    title = _("Cutout edit")
    deadline_s = 300.0
    stages = {"strokes": (0.05, 0.9)}

    def load(self, job: Job) -> EditInputs:
        product = Product.objects.select_related("photo__blob").get(pk=job.params["product"])
        return EditInputs(photo=product.photo.blob, base=_base(job), strokes=job.params["strokes"])

    def work(self, inputs: EditInputs, on_progress: Progress) -> CutoutOutcome:
        from inference.ops.strokes import parse_strokes
        from inference.pipelines.cutout import refine_cutout

        photo = shared.get(inputs.photo.sha256, lambda: asset_store.read_bytes(inputs.photo))[..., :3]
        size = (inputs.photo.width, inputs.photo.height)
        strokes = parse_strokes(inputs.strokes, size=size)
        result = refine_cutout(photo, _placed(inputs.base, size), strokes, on_progress=on_progress)
        on_progress("store", 0.9)
        outcome = cropped(result, _source(inputs))
        assets.put_bytes(inputs.photo.workspace_id, outcome.png, content_type="image/png")
        return outcome

    def further_parents(self, job: Job) -> list[tuple[Asset, str]]:
        base = _base(job)
        return [(base, cutouts.BASE_ROLE)] if base else []

    def new_state(self, job: Job, outcome: CutoutOutcome | EarlierCutout) -> CutoutState:
        """Who painted it has judged it."""
        return CutoutState.ACCEPTED


def _base(job: Job) -> Asset | None:
    cutout = job.params["cutout"]
    return Asset.objects.select_related("blob").get(pk=cutout) if cutout else None


def _placed(base: Asset | None, size: tuple[int, int]) -> Cutout | None:
    from inference.pipelines.cutout import placed_cutout

    if base is None:
        return None
    blob, recipe = base.blob, base.recipe
    rgba = shared.get(blob.sha256, lambda: asset_store.read_bytes(blob))
    left, top, width, height = recipe.get("window") or [0, 0, *size]
    return placed_cutout(
        rgba,
        window=(left, top, width, height),
        size=size,
        engine=recipe.get("engine", NO_ENGINE),
        confidence=recipe.get("confidence") or 0.0,
    )


def _source(inputs: EditInputs) -> dict[str, Any]:
    base = inputs.base
    return {
        "photo_sha256": inputs.photo.sha256,
        "base_sha256": base.blob.sha256 if base else None,
        "box": base.recipe.get("box") if base else None,
        "strokes": inputs.strokes,
    }


@dataclass(frozen=True)
class PieceInputs:
    """A piece of the preview: ``photo`` and ``base`` are small renditions where there are any."""

    photo: Blob
    base: Blob | None
    base_window: list[int]
    photo_size: tuple[int, int]
    preview_size: tuple[int, int]
    strokes: list[dict[str, Any]]
    window: list[int]


class CutoutRefineKind:
    """``studio.cutout_refine``: how a piece of the preview looks after the strokes so far; shown, never kept."""

    name = "studio.cutout_refine"
    title = _("Edge preview")
    quiet = True
    deadline_s = 30.0

    def warm(self) -> None:
        """One stroke on a small grey picture, so that nobody's first stroke waits for kernels to be loaded."""
        import numpy as np

        from inference.pipelines.cutout_piece import retouch_piece

        grey, alpha = np.full((96, 96, 3), 128, np.uint8), np.zeros((96, 96), np.uint8)
        alpha[24:72, 24:72] = 255
        retouch_piece(grey, grey, alpha, [{"tool": "refine", "size": 12, "points": [[24, 20], [24, 76]]}])

    def load(self, job: Job) -> PieceInputs:
        product = Product.objects.select_related("photo__blob").get(pk=job.params["product"])
        photo, base = product.photo.blob, _base(job)
        return PieceInputs(
            photo=_small(product.photo),
            base=_small(base) if base else None,
            base_window=cutouts.window_in_photo(product, base) if base else [],
            photo_size=(photo.width, photo.height),
            preview_size=cutouts.preview_size(photo),
            strokes=job.params["strokes"],
            window=job.params["window"],
        )

    def work(self, inputs: PieceInputs, on_progress: Progress) -> bytes:
        import numpy as np

        from inference.pipelines.cutout_piece import retouch_piece

        left, top, width, height = inputs.window
        piece = np.s_[top : top + height, left : left + width]
        photo = _photo_preview(inputs)[piece]
        rgb, alpha = _base_piece(inputs, photo, piece)
        strokes = moved(inputs.strokes, scale=_scale(inputs), left=left, top=top)
        return encode_png(retouch_piece(photo, rgb, alpha, strokes, on_progress=on_progress))

    def finish(self, job: Job, outcome: bytes) -> dict[str, Any]:
        return {"png": b64encode(outcome).decode()}

    def fail(self, job: Job, code: str) -> None:
        """Nothing was kept, so nothing is to be undone; the editor hears the sentence of the job."""


def moved(strokes: list[dict[str, Any]], *, scale: float, left: int, top: int) -> list[dict[str, Any]]:
    """Strokes of the photo as strokes of a piece of its preview."""
    made = []
    for stroke in strokes:
        points = [[x * scale - left, y * scale - top] for x, y in stroke["points"]]
        size = {"size": max(1.0, stroke["size"] * scale)} if "size" in stroke else {}
        made.append(stroke | size | {"points": points})
    return made


def _small(asset: Asset) -> Blob:
    """The rendition that the editor itself shows, which decodes in a tenth of the time; else the original."""
    return asset_store.find_rendition(asset, cutouts.PREVIEW_RENDITION) or asset.blob


def _scale(inputs: PieceInputs) -> float:
    return inputs.preview_size[0] / inputs.photo_size[0]


def _photo_preview(inputs: PieceInputs) -> U8:
    return shared.get_or_make(
        f"{inputs.photo.sha256} preview",
        lambda: _fitted(decode(asset_store.read_bytes(inputs.photo))[..., :3], inputs.preview_size),
    )


def _base_piece(inputs: PieceInputs, photo: U8, piece: tuple[slice, slice]) -> tuple[U8, U8]:
    """Colours and alpha of the cutout; where it is solid or absent, the photo's own colours."""
    import numpy as np

    if inputs.base is None:
        return photo, np.zeros(photo.shape[:2], np.uint8)
    blob = inputs.base
    key = f"{blob.sha256} preview {inputs.base_window} {inputs.preview_size}"
    rgba = shared.get_or_make(key, lambda: _base_preview(inputs, decode(asset_store.read_bytes(blob))))[piece]
    alpha = rgba[..., 3]
    soft = (alpha > 0) & (alpha < 255)
    return np.where(soft[..., None], rgba[..., :3], photo), alpha


def _base_preview(inputs: PieceInputs, rgba: U8) -> U8:
    """The cutout's crop where it lies in the preview of the photo, uint8 RGBA."""
    import numpy as np

    scale = _scale(inputs)
    left, top, width, height = (round(value * scale) for value in inputs.base_window)
    canvas = np.zeros((inputs.preview_size[1], inputs.preview_size[0], 4), np.uint8)
    fitted = _fitted(rgba, (max(1, width), max(1, height)))
    room = canvas[top : top + fitted.shape[0], left : left + fitted.shape[1]]
    room[:] = fitted[: room.shape[0], : room.shape[1]]
    return canvas


def _fitted(picture: U8, size: tuple[int, int]) -> U8:
    import cv2
    import numpy as np

    if (picture.shape[1], picture.shape[0]) == size:
        return np.ascontiguousarray(picture)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
