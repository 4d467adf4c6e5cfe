"""A layered Photoshop document of a shot: named layers, the product under a mask, the shot itself as its preview."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from psd_tools import PSDImage
from psd_tools.api.layers import Layer, PixelLayer
from psd_tools.constants import BlendMode, Resource
from psd_tools.psd.image_resources import ImageResource, VersionInfo

from inference.errors import InputRejected
from inference.ops.layers import ShotLayers
from inference.ops.srgb_profile import srgb_icc
from inference.types import U8

LAYER_NAMES = ("Plate", "Light", "Shadow", "Reflection", "Product")
COMPANION = "Companion"
WRITER = "VisualForge"


@dataclass(frozen=True)
class PsdContent:
    """A document read back; ``merged`` uint8 (H, W, 3) is its preview."""

    layers: ShotLayers
    merged: U8
    icc: bytes | None
    xmp: bytes


def write_psd(layers: ShotLayers, master: U8, *, xmp: bytes) -> bytes:
    """The document, 8-bit RGB with the sRGB profile; layers are cropped to what they hold.

    Args:
        master: uint8 (H, W, 3), the merged preview: what is shown by everything that reads no layers.
    """
    document = PSDImage.frompil(Image.fromarray(master))
    _add(document, layers.plate, "Plate", BlendMode.NORMAL, holds=None)
    _add(document, layers.light, "Light", BlendMode.LINEAR_DODGE, holds=np.asarray(layers.light.any(axis=2)))
    _add(document, layers.shadow, "Shadow", BlendMode.MULTIPLY, holds=np.asarray((layers.shadow < 255).any(axis=2)))
    _add(document, layers.reflection, "Reflection", BlendMode.NORMAL, holds=layers.reflection[..., 3] > 0)
    products = [("Product", layers.product, layers.mask)]
    if layers.companion is not None:
        other = (COMPANION, np.ascontiguousarray(layers.companion[..., :3]), layers.companion[..., 3])
        products.insert(1 if layers.is_companion_in_front else 0, other)
    for name, pixels, mask in products:
        layer = _add(document, pixels, name, BlendMode.NORMAL, holds=(mask > 0) | pixels.any(axis=2))
        layer.create_mask(Image.fromarray(np.ascontiguousarray(mask)), top=0, left=0)
    resources = document.image_resources
    resources[Resource.ICC_PROFILE] = ImageResource(key=Resource.ICC_PROFILE, data=srgb_icc())
    resources[Resource.XMP_METADATA] = ImageResource(key=Resource.XMP_METADATA, data=xmp)
    version = VersionInfo(has_composite=True, writer=WRITER, reader=WRITER)
    resources[Resource.VERSION_INFO] = ImageResource(key=Resource.VERSION_INFO, data=version)  # type: ignore[arg-type]
    file = io.BytesIO()
    # Not document.save(): that would compute the preview anew from the layers, in floats; ours is the shot itself.
    document._record.write(file)
    return file.getvalue()


def read_psd(data: bytes) -> PsdContent:
    """What a document holds that ``write_psd`` made.

    Raises:
        InputRejected: ``export.psd_unreadable``: it is another kind of document.
    """
    try:
        document = PSDImage.open(io.BytesIO(data))
        found = {layer.name: layer for layer in document}
        size = (document.height, document.width)
        order = [layer.name for layer in document]
        layers = ShotLayers(
            plate=_on_canvas(found["Plate"], size, empty=0),
            light=_on_canvas(found["Light"], size, empty=0),
            shadow=_on_canvas(found["Shadow"], size, empty=255),
            reflection=np.dstack([_on_canvas(found["Reflection"], size, empty=0), _mask(found["Reflection"], size)]),
            product=_on_canvas(found["Product"], size, empty=0),
            mask=_mask(found["Product"], size),
            companion=_with_mask(found[COMPANION], size) if COMPANION in found else None,
            is_companion_in_front=COMPANION in found and order.index(COMPANION) > order.index("Product"),
        )
        merged = np.asarray(_preview(document).convert("RGB"))
    except (KeyError, AttributeError, ValueError, AssertionError, OSError) as error:
        raise InputRejected("export.psd_unreadable", f"this is no layered shot: {error}") from error
    resources = document.image_resources
    return PsdContent(
        layers,
        merged,
        icc=resources.get_data(Resource.ICC_PROFILE),
        xmp=resources.get_data(Resource.XMP_METADATA) or b"",
    )


def _add(
    document: PSDImage, pixels: U8, name: str, mode: BlendMode, *, holds: npt.NDArray[np.bool_] | None
) -> PixelLayer:
    top, bottom, left, right = 0, pixels.shape[0], 0, pixels.shape[1]
    if holds is not None:
        rows, columns = np.flatnonzero(holds.any(axis=1)), np.flatnonzero(holds.any(axis=0))
        # A shot without any reflection still has the layer, one pixel large, so that scripts find all five.
        top, bottom = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 1)
        left, right = (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, 1)
    part = np.ascontiguousarray(pixels[top:bottom, left:right])
    return document.create_pixel_layer(Image.fromarray(part), name=name, top=top, left=left, blend_mode=mode)


def _preview(document: PSDImage) -> Image.Image:
    picture = document.topil(apply_icc=False)
    if picture is None:
        raise ValueError("the document has no preview")
    return picture


def _on_canvas(layer: Layer, size: tuple[int, int], *, empty: int) -> U8:
    picture = layer.topil(apply_icc=False)
    if picture is None:
        raise ValueError(f"the layer {layer.name} is empty")
    canvas = np.full((*size, 3), empty, np.uint8)
    canvas[layer.top : layer.bottom, layer.left : layer.right] = np.asarray(picture.convert("RGB"))
    return canvas


def _with_mask(layer: Layer, size: tuple[int, int]) -> U8:
    return np.dstack([_on_canvas(layer, size, empty=0), _mask(layer, size)])


def _mask(layer: Layer, size: tuple[int, int]) -> U8:
    mask = layer.mask
    picture = mask.topil() if mask else None
    if mask is None or picture is None:
        raise ValueError(f"the layer {layer.name} has no mask")
    canvas = np.zeros(size, np.uint8)
    canvas[mask.top : mask.bottom, mask.left : mask.right] = np.asarray(picture)
    return canvas
