"""Camera work: how large the product is, where it stands, and which part of the plate is the picture.

Sizes are in plate pixels of the (possibly mirrored) plate until the window is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from inference.engines.studio_sets.held import as_composed, held_camera
from inference.engines.studio_sets.plates import StudioSet
from inference.engines.studio_sets.variation import Look
from inference.errors import InputRejected
from inference.ops.geometry import F64, Camera, Frame, Window
from inference.ops.placement import Outline, Placement, place
from inference.types import ShotSpec

# A product fills about this much of the picture, whichever it reaches first; the camera comes closer for small ones.
FILL_HEIGHT = 0.58
FILL_WIDTH = 0.60
MAX_FILL_HEIGHT = 0.74
MAX_FILL_WIDTH = 0.80
MAX_GROWTH = 1.25
NEAREST = 0.8
# A small photo is shown smaller rather than enlarged, as long as the product keeps this part of its size.
MAX_RETREAT = 1.3
MIDDLE = 0.535
LEAST_BESIDE = 0.03
"""Of the picture's width, between a product and the frame: room for copy never pushes a product out of the picture."""
NEUTRAL_ASPECT = 0.8
LYING_FLAT = (0.15, 0.3)
"""A lying product is as thick as its outline is wide at its widest place, but at most this much of its width, plus this
much of that place: a ring is round, a shirt is flat, a plush bear is something between.
"""


@dataclass(frozen=True, eq=False)
class Framing:
    """The chosen picture: its window, its camera, the product's placement, frame and thickness in metres.

    ``composed`` is the (width, height) in picture pixels of what was composed, the whole picture unless a look's frame
    was widened to another ratio: offsets and a product's largest size are shares of it.
    """

    window: Window
    mirrored: bool
    camera: Camera
    placement: Placement
    frame: Frame
    thickness_m: float
    base: tuple[int, int]
    composed: tuple[float, float]


def frame_shot(
    studio: StudioSet,
    upright: Outline,
    spec: ShotSpec,
    look: Look,
    *,
    outline: Outline | None = None,
    widest: float = 1.0,
    longest_px: int | None = None,
) -> Framing:
    """Decide where everything is.

    Args:
        upright: the product as photographed; it decides the camera and the product's size.
        outline: the product as it is placed, where it is turned; ``spec.edits.scale`` enlarges it, the camera stays.
        widest: as ``ops.placement.widest_place`` measures it on the product as photographed.
        longest_px: draw the same picture smaller.

    Raises:
        InputRejected: ``shot.offset_outside``, ``shot.lock_does_not_fit``.
    """
    held = held_camera(studio, spec, mirrored=look.mirrored)
    outline = outline or upright
    camera = studio.camera.mirrored(studio.size[0]) if look.mirrored else studio.camera
    flip = np.array([-1.0, 1.0, 1.0]) if look.mirrored else np.ones(3)
    position = studio.anchor.position * flip
    height_m, width_m = _size_in_set(studio, studio.camera, upright, as_composed(spec))
    thickness = _thickness(studio, height_m, width_m, widest)
    front = Frame.facing(camera, position)
    start = position - front.behind * (0.5 * thickness)
    found = held.window if held else _window(studio, camera, start, (height_m, width_m), upright, spec, look)
    window = _shrunk(found, longest_px)
    width, height = window.out_width, window.out_height
    composed = (held.composed[0] * width, held.composed[1] * height) if held else (float(width), float(height))
    view = camera.through(window)
    start_x, start_y, _ = view.project(start)
    if held is not None:
        start_x, start_y = held.base[0] * width, held.base[1] * height
    wanted = (start_x + spec.offset[0] * composed[0], start_y + spec.offset[1] * composed[0])
    origin = _on_support(view, (round(wanted[0]), round(wanted[1])), start, studio.anchor.normal)
    scale = round(view.focal_px / view.project(origin)[2] * _metres_per_photo_px(view, origin, upright, height_m), 6)
    scale = min(scale, _largest(upright, composed, (width, height)))
    if spec.edits.scale != 1:
        scale, thickness = round(scale * spec.edits.scale, 6), thickness * spec.edits.scale
    placement = place(outline, scale=scale, base=wanted)
    return Framing(
        window=window,
        mirrored=look.mirrored,
        camera=view,
        placement=placement,
        frame=Frame.facing(view, origin),
        thickness_m=thickness,
        base=(round(wanted[0]), round(wanted[1])),
        composed=composed,
    )


def frame_companion(
    studio: StudioSet, main: Framing, upright: Outline, spec: ShotSpec, *, outline: Outline, widest: float = 1.0
) -> Framing:
    """Where the second product stands, before the camera of ``main``; its size in metres is its own.

    ``upright``, ``outline`` and ``widest`` as in ``frame_shot``.

    Raises InputRejected ``shot.offset_outside``.
    """
    wish = spec.companion
    assert wish is not None
    alone = replace(as_composed(spec), scale=wish.scale, offset=(0.0, 0.0), lock=None)
    height_m, width_m = _size_in_set(studio, studio.camera, upright, alone)
    thickness = _thickness(studio, height_m, width_m, widest)
    window, view = main.window, main.camera
    width, height = window.out_width, window.out_height
    unit = main.composed[0]
    wanted = (main.base[0] + wish.offset[0] * unit, main.base[1] + wish.offset[1] * unit)
    origin = _on_support(view, (round(wanted[0]), round(wanted[1])), main.frame.origin, studio.anchor.normal)
    scale = round(view.focal_px / view.project(origin)[2] * _metres_per_photo_px(view, origin, upright, height_m), 6)
    scale = min(scale, _largest(upright, main.composed, (width, height)))
    return replace(
        main,
        placement=place(outline, scale=scale, base=wanted),
        frame=Frame.facing(view, origin),
        thickness_m=thickness,
        base=(round(wanted[0]), round(wanted[1])),
    )


def _largest(outline: Outline, composed: tuple[float, float], picture: tuple[int, int]) -> float:
    """Picture pixels per photo pixel at which a product fills what it may of what was composed."""
    room = min(composed[0], picture[0]), min(composed[1], picture[1])
    return min(MAX_FILL_WIDTH * room[0] / outline.width, MAX_FILL_HEIGHT * room[1] / outline.height)


def _shrunk(window: Window, longest_px: int | None) -> Window:
    longest = max(window.out_width, window.out_height)
    if longest_px is None or longest_px >= longest:
        return window
    share = longest_px / longest
    return replace(window, out_width=round(window.out_width * share), out_height=round(window.out_height * share))


def _size_in_set(studio: StudioSet, camera: Camera, outline: Outline, spec: ShotSpec) -> tuple[float, float]:
    """(height, width) in metres. Tall products get the natural height, wide ones about the same area.

    What looks small in the designer's view grows a little, as far as the anchor has room: sets have no true scale.
    """
    anchor, aspect = studio.anchor, outline.width / outline.height
    room = min(anchor.max_height_m, anchor.max_width_m / aspect)
    height = min(room, anchor.natural_height_m * min(1.0, (NEUTRAL_ASPECT / aspect) ** 0.6))
    fill = _fill(studio, camera, (height, height * aspect), spec)
    height *= min(max(1.0, fill**-0.5), MAX_GROWTH, room / height)
    height = min(height * spec.scale, max(height, room))
    return height, height * aspect


def _thickness(studio: StudioSet, height_m: float, width_m: float, widest: float) -> float:
    """How far the product reaches back, metres; one that lies, seen from above, less (see ``LYING_FLAT``)."""
    standing = min(0.9 * width_m, 0.75 * height_m, 0.9 * studio.anchor.max_width_m)
    is_lying = abs(float(studio.anchor.normal[2])) < 0.5
    share = min(widest, LYING_FLAT[0] + LYING_FLAT[1] * widest)
    return min(standing, share * width_m) if is_lying else standing


def _nearer(studio: StudioSet, outline: Outline, size_m: tuple[float, float], spec: ShotSpec) -> float:
    """What is wanted larger than the anchor has room for is seen from nearer by this factor: it would stand in the air.

    ``size_m`` as ``_size_in_set`` gives it: at the room's limit it does not say how much more was wanted.
    """
    if spec.scale <= 1:
        return 1.0
    wished = _size_in_set(studio, studio.camera, outline, replace(spec, scale=1.0))[0] * spec.scale
    return max(1.0, wished / size_m[0])


def _fill(studio: StudioSet, camera: Camera, size_m: tuple[float, float], spec: ShotSpec) -> float:
    """Size in the designer's view relative to the wanted size; 1 = just right."""
    aspect = spec.width / spec.height
    _, _, width = _view(studio, aspect)
    per_metre = camera.focal_px / camera.project(studio.anchor.position)[2]
    height_px, width_px = size_m[0] * per_metre, size_m[1] * per_metre
    return max(height_px / (FILL_HEIGHT * width / aspect), width_px / (FILL_WIDTH * width)) / studio.fill


def _metres_per_photo_px(view: Camera, origin: F64, outline: Outline, height_m: float) -> float:
    """An upright metre is foreshortened by the view from above; photo pixels stay square."""
    to_camera = view.origin - origin
    slope = float(to_camera[2] / np.hypot(to_camera[0], to_camera[1]))
    return height_m / outline.height / float(np.hypot(1.0, slope))


def _on_support(view: Camera, pixel: tuple[int, int], level: F64, normal: F64) -> F64:
    """Where the pixel meets the plane through ``level``: the support, or where a lying product's face is."""
    across = (pixel[0] - view.centre_px[0]) / view.focal_px
    below = (pixel[1] - view.centre_px[1]) / view.focal_px
    ray = view.forward + across * view.right + below * view.down
    approach = float(ray @ normal)
    distance = float((level - view.origin) @ normal) / approach if approach < -1e-6 else -1.0
    if not 0 < distance < 20:
        raise InputRejected("shot.offset_outside", "the offset moves the product off its support; use a smaller one")
    return np.asarray(view.origin + distance * ray, np.float64)


def _window(
    studio: StudioSet,
    camera: Camera,
    base: F64,
    size_m: tuple[float, float],
    outline: Outline,
    spec: ShotSpec,
    look: Look,
) -> Window:
    plate_w, plate_h = studio.size
    aspect = spec.width / spec.height
    hero_x, hero_y, width = _view(studio, aspect)
    if look.mirrored:
        hero_x = plate_w - hero_x
    base_x, base_y, depth = camera.project(base)
    per_metre = camera.focal_px / depth
    product_h, product_w = size_m[0] * per_metre, size_m[1] * per_metre
    fill = _fill(studio, studio.camera, size_m, spec)
    nearer = _nearer(studio, outline, size_m, spec)
    composed_px = spec.width / spec.enlarged
    enlarged = nearer * product_w * composed_px / (outline.width * width * max(NEAREST, fill))
    nearness = max(NEAREST, fill) * min(MAX_RETREAT, max(1.0, enlarged))
    width *= min(1.12, nearness) / look.zoom / nearer
    # A window that is to look past the product needs plate on that side.
    width = min(width, plate_w / (1 + 2 * abs(studio.product_at - 0.5)), plate_h * aspect)
    height = width / aspect
    # Nearer cameras look at the product; at its natural distance the designer's centre holds.
    pull = min(1.0, abs(1 - fill) * 2 + 0.35)
    middle_y = base_y - product_h / 2 + (0.5 - MIDDLE) * height
    # Copy space stays on the side that it was asked for, also where the set is mirrored.
    aside = (0.5 - studio.product_at) * width
    wanted_x = hero_x + (base_x - hero_x) * pull + aside + look.shift[0] * width
    room = max(0.0, (0.5 - LEAST_BESIDE) * width - 0.5 * min(product_w, MAX_FILL_WIDTH * width))
    centre_x = min(max(wanted_x, base_x - room), base_x + room)
    centre_y = hero_y + (middle_y - hero_y) * pull + look.shift[1] * height
    whole_w, whole_h = round(width), round(height)
    left = min(max(0, round(centre_x - whole_w / 2)), plate_w - whole_w)
    top = min(max(0, round(centre_y - whole_h / 2)), plate_h - whole_h)
    return Window(left, top, whole_w, whole_h, spec.width, spec.height)


def _view(studio: StudioSet, aspect: float) -> tuple[float, float, float]:
    """(centre x, centre y, width) in plate pixels: the view of this shape, else one of the hero view's area."""
    plate_w, plate_h = studio.size
    for view in studio.views.values():
        if abs(float(view.get("aspect", 1.0)) / aspect - 1) < 0.03:
            return view["center"][0] * plate_w, view["center"][1] * plate_h, view["width"] * plate_w
    hero = studio.views["hero"]
    width = hero["width"] * plate_w * aspect**0.5
    return hero["center"][0] * plate_w, hero["center"][1] * plate_h, width
