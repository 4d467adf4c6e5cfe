"""A world as a picture with the exact coverage of its product, through Mitsuba.

The coverage is the share of a pixel's rays, through the same lens, that meet the product first; glass counts as itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from inference.engines.studio_sets.render.meshes import MeshData, join
from inference.engines.studio_sets.render.mitsuba_runtime import mitsuba, oidn
from inference.training.cutout_net.objects import Part, Surface
from inference.training.cutout_net.world import Camera, World
from inference.types import F32

DEPTH = 5
GRAIN = 0.3
_BRIGHT_PERCENTILE = 92


def beauty(world: World, *, spp: int, seed: int, depth: int = DEPTH, grain: float = GRAIN, denoise: bool = True) -> F32:
    """Linear radiance, float32 (H, W, 3), exposed so that the bright parts come to ``world.exposure``.

    Denoised without guides (a second integrator doubles the cost), then mixed with the share ``grain`` of the noisy
    picture, which brings fine texture back and leaves grain as a camera does.
    """
    mi = mitsuba()
    scene = mi.load_dict({"type": "scene", **_solids(world), **_lights(world)})
    integrator = mi.load_dict({"type": "path", "max_depth": depth})
    image = np.array(mi.render(scene, sensor=sensor(world.camera), integrator=integrator, spp=spp, seed=seed))[..., :3]
    image = np.clip(np.nan_to_num(image.astype(np.float32), nan=0.0, posinf=50.0), 0, 50)
    clean = _denoised(image) if denoise else _calmed(image)
    noisy = np.minimum(image, 2 * clean + np.float32(0.05))
    mixed = np.maximum(clean + np.float32(grain) * (noisy - clean), 0)
    bright = float(np.percentile(clean.mean(-1), _BRIGHT_PERCENTILE))
    return np.asarray(mixed * np.float32(world.exposure / max(bright, 1e-4)), np.float32)


def _denoised(image: F32) -> F32:
    return np.asarray(oidn().denoise(np.ascontiguousarray(image), hdr=True, quality="balanced"), np.float32)


def _calmed(image: F32) -> F32:
    """Without single bright samples."""
    near = np.asarray(cv2.medianBlur(image, 3), np.float32)
    return np.asarray(np.minimum(image, 2 * near + np.float32(0.03)), np.float32)


def coverage(world: World, *, spp: int, seed: int) -> F32:
    """The product's alpha, float32 (H, W)."""
    mi = mitsuba()
    product = _shape("product", join([part.mesh for part in world.product]), {"type": "diffuse"})
    others = _shape("others", join([part.mesh for part in world.others]), {"type": "diffuse"})
    scene = mi.load_dict({"type": "scene", "product": product, "others": others})
    width, height = world.camera.width, world.camera.height
    rng = np.random.default_rng(seed)
    index = np.repeat(np.arange(width * height), spp)
    strata = np.tile(np.arange(spp), width * height)
    side = int(np.sqrt(spp))
    jitter = rng.random((4, len(index)), np.float32)
    film = mi.Point2f(
        mi.Float((index % width + (strata % side + jitter[0]) / side) / width),
        mi.Float((index // width + (strata // side + jitter[1]) / (spp // side)) / height),
    )
    ray, _ = sensor(world.camera).sample_ray(0.0, 0.5, film, mi.Point2f(mi.Float(jitter[2]), mi.Float(jitter[3])))
    hit = scene.ray_intersect_preliminary(ray)
    met = np.array(mi.Float(mi.ShapePtr(product) == hit.shape) * mi.Float(hit.is_valid()))
    return np.asarray(met.reshape(height, width, spp).mean(-1), np.float32)


def sensor(camera: Camera) -> Any:
    """Mitsuba's thin lens for ``camera``."""
    mi = mitsuba()
    look = mi.ScalarTransform4f().look_at(camera.origin.tolist(), camera.target.tolist(), camera.up.tolist())
    film = {
        "type": "hdrfilm",
        "width": camera.width,
        "height": camera.height,
        "rfilter": {"type": "box"},
        "pixel_format": "rgb",
    }
    return mi.load_dict(
        {
            "type": "thinlens",
            "fov": camera.fov_deg,
            "fov_axis": "larger",
            "aperture_radius": camera.aperture,
            "focus_distance": camera.focus,
            "to_world": look,
            "film": film,
            "sampler": {"type": "independent"},
        }
    )


def _solids(world: World) -> dict[str, Any]:
    solids = {f"product{index}": _part(part, f"product{index}") for index, part in enumerate(world.product)}
    return solids | {f"other{index}": _part(part, f"other{index}") for index, part in enumerate(world.others)}


def _part(part: Part, name: str) -> Any:
    return _shape(name, part.mesh, material(part.surface))


def material(surface: Surface) -> dict[str, Any]:
    """Mitsuba's description of a surface."""
    mi = mitsuba()
    if surface.clear:
        return {"type": "dielectric", "int_ior": 1.5}
    linear = (surface.picture.astype(np.float32) / np.float32(255)) ** np.float32(2.2)
    bitmap = {
        "type": "bitmap",
        "bitmap": mi.Bitmap(np.ascontiguousarray(np.clip(linear, 0.01, 0.95))),
        "raw": True,
        "to_uv": mi.ScalarTransform4f().scale([surface.repeats, surface.repeats, 1]),
    }
    plain = {
        "type": "principled",
        "base_color": bitmap,
        "roughness": surface.roughness,
        "metallic": surface.metallic,
        "specular": 0.5,
    }
    return {"type": "twosided", "bsdf": plain}


def _shape(name: str, mesh: MeshData, bsdf: dict[str, Any]) -> Any:
    mi = mitsuba()
    properties = mi.Properties()
    properties["bsdf"] = mi.load_dict(bsdf)
    shape = mi.Mesh(
        name, len(mesh.vertices), len(mesh.faces), has_vertex_normals=True, has_vertex_texcoords=True, props=properties
    )
    parameters = mi.traverse(shape)
    arrays: Sequence[tuple[str, Any, type]] = (
        ("vertex_positions", mesh.vertices, np.float32),
        ("vertex_normals", mesh.normals, np.float32),
        ("vertex_texcoords", mesh.uv, np.float32),
        ("faces", mesh.faces, np.uint32),
    )
    for key, values, kind in arrays:
        parameters[key] = np.ascontiguousarray(values, kind).ravel()
    parameters.update()
    return shape


def _lights(world: World) -> dict[str, Any]:
    mi = mitsuba()
    up = mi.ScalarTransform4f().rotate([1, 0, 0], 90)
    lights: dict[str, Any] = {"sky": {"type": "envmap", "bitmap": mi.Bitmap(world.sky), "to_world": up}}
    for index, lamp in enumerate(world.lamps):
        place = mi.ScalarTransform4f().look_at(lamp.position.tolist(), [0, 0, 0.2], [0.01, 0.02, 1])
        lights[f"lamp{index}"] = {
            "type": "rectangle",
            "to_world": place @ mi.ScalarTransform4f().scale([lamp.size, lamp.size, 1]),
            "emitter": {"type": "area", "radiance": {"type": "rgb", "value": lamp.colour.tolist()}},
        }
    return lights
