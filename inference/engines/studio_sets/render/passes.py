"""Render passes: light plates, geometry buffers and the white card. Each is reproducible: its seeds are fixed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.engines.studio_sets.render import scene as scenes
from inference.engines.studio_sets.render.definition import Anchor, Camera, DefinitionError, Light, SetDefinition
from inference.engines.studio_sets.render.mitsuba_runtime import drjit, mitsuba, oidn

Floats = NDArray[np.float32]
Progress = Callable[[str], None]
LANES = 15_000_000  # film pixels times samples rendered at once: about 3 GB
MAX_DEPTH = 7
MIRRORED_PX = 24


@dataclass(frozen=True)
class Geometry:
    """Per pixel (H, W, ...): albedo linear, normal in the world, depth along the camera axis in metres (inf = nothing).

    albedo, normal and the coverage of each material are antialiased through the lens; depth is that of a pinhole.
    """

    albedo: Floats
    normal: Floats
    depth: Floats
    coverage: dict[str, Floats]


def light_plate(solids: dict[str, Any], light: Light, sensor: Any, spp: int, progress: Progress) -> Floats:
    """What one light of radiance 1 alone makes of the set: noisy linear radiance (H, W, 3)."""
    scene = mitsuba().load_dict({"type": "scene", **solids, **scenes.lamp(light)})
    seen = light.kind == "glow"
    return render(scene, sensor, spp, lambda line: progress(f"{light.name} {line}"), lamps_seen=seen)


def render(scene: Any, sensor: Any, spp: int, progress: Progress, *, lamps_seen: bool = False) -> Floats:
    """Path-traced linear radiance (H, W, 3), in passes that fit into memory."""
    mi = mitsuba()
    width, height = sensor.film().size()
    per_pass = int(max(1, min(spp, LANES // (width * height))))
    passes = -(-spp // per_pass)
    integrator = mi.load_dict({"type": "path", "max_depth": MAX_DEPTH, "hide_emitters": not lamps_seen})
    total = np.zeros((height, width, 3), np.float32)
    for number in range(passes):
        image = mi.render(scene, sensor=sensor, integrator=integrator, spp=per_pass, seed=number + 1)
        total += np.array(image)[..., :3]
        progress(f"{number + 1}/{passes}")
    return np.asarray(total / passes, np.float32)


def denoise(noisy: Floats, geometry: Geometry, quality: str = "high") -> Floats:
    """Intel Open Image Denoise, guided by noise-free albedo and normals. Mirrored borders: it leaves them noisy."""
    color, albedo, normal = (
        np.pad(values, ((MIRRORED_PX,) * 2, (MIRRORED_PX,) * 2, (0, 0)), mode="reflect").astype(np.float32)
        for values in (noisy, np.clip(geometry.albedo, 0, 1), geometry.normal)
    )
    result = oidn().denoise(color, albedo=albedo, normal=normal, hdr=True, clean_aux=True, quality=quality)
    inner = slice(MIRRORED_PX, -MIRRORED_PX)
    return np.maximum(np.asarray(result[inner, inner], np.float32), 0)


def geometry(solids: dict[str, Any], camera: Camera, size: int, strata: int, progress: Progress) -> Geometry:
    """First hits through the lens, `strata` squared samples a pixel, and pinhole depth."""
    mi = mitsuba()
    scene = mi.load_dict({"type": "scene", **solids})
    lens = scenes.sensor(camera, size)
    names = sorted({key.split("_", 1)[1] for key in solids} - {scenes.BLACK})
    albedo, normal = np.zeros((size * size, 3), np.float32), np.zeros((size * size, 3), np.float32)
    coverage = {name: np.zeros(size * size, np.float32) for name in names}
    owner = _owners(solids, names)
    hits = np.zeros(size * size, np.float32)
    for number in range(strata * strata):
        hit = _first_hits(scene, lens, size, number, strata)
        normal += np.array(hit["normal"]).T
        albedo += np.array(hit["albedo"]).T
        hits += np.array(hit["valid"])
        shown = owner[np.array(drjit().reinterpret_array(mi.UInt32, hit["shape"]))]
        for index, name in enumerate(names):
            coverage[name] += shown == index
        progress(f"geometry {number + 1}/{strata * strata}")
    count = counted(hits, strata * strata)
    return Geometry(
        (albedo / count[:, None]).reshape(size, size, 3),
        (normal / count[:, None]).reshape(size, size, 3),
        _depth(scene, camera, size),
        {name: (values / count).reshape(size, size) for name, values in coverage.items()},
    )


def counted(hits: Floats, rays: int) -> Floats:
    """How many rays a pixel's sums are divided by. One that slips between two triangles would leave a dark dot."""
    return np.where(hits >= 0.75 * rays, hits, np.float32(rays))


def _owners(solids: dict[str, Any], names: list[str]) -> NDArray[np.int8]:
    """Which material of `names` a shape has, by the number that Dr.Jit gave the shape; -1: none of them."""
    mi = mitsuba()
    number_of = drjit().reinterpret_array
    numbers = {key: int(number_of(mi.UInt32, mi.ShapePtr(solid))[0]) for key, solid in solids.items()}
    owner = np.full(max(numbers.values()) + 1024, -1, np.int8)
    for key, number in numbers.items():
        name = key.split("_", 1)[1]
        owner[number] = names.index(name) if name in names else -1
    return owner


def _first_hits(scene: Any, lens: Any, size: int, number: int, strata: int) -> dict[str, Any]:
    """One ray a pixel, through the same place of pixel and lens everywhere: out-of-focus edges come out free of noise.

    The places on the lens follow the R2 sequence (Roberts 2018).
    """
    mi = mitsuba()
    index = np.arange(size * size)
    cell = (mi.Point2f(number % strata, number // strata) + 0.5) / strata
    film = (mi.Point2f(mi.Float(index % size), mi.Float(index // size)) + cell) / size
    on_lens = mi.Point2f(*((0.5 + number * step) % 1 for step in (0.7548776662466927, 0.5698402909980532)))
    ray, _ = lens.sample_ray(0.0, 0.5, film, on_lens)
    hit = scene.ray_intersect(ray)
    valid = hit.is_valid()
    return {
        "normal": mi.Vector3f(hit.sh_frame.n) * mi.Float(valid),
        "albedo": mi.Color3f(hit.bsdf().eval_diffuse_reflectance(hit, valid)) * mi.Float(valid),
        "shape": hit.shape,
        "valid": mi.Float(valid),
    }


def _depth(scene: Any, camera: Camera, size: int) -> Floats:
    mi = mitsuba()
    index = np.arange(size * size)
    film = (mi.Point2f(mi.Float(index % size), mi.Float(index // size)) + 0.5) / size
    ray, _ = scenes.sensor(camera, size, pinhole=True).sample_ray(0.0, 0.5, film, mi.Point2f(0.5))
    hit = scene.ray_intersect(ray)
    points = np.array(hit.p).T - np.asarray(camera.origin)
    forward = np.asarray(camera.target) - np.asarray(camera.origin)
    depth = points @ (forward / np.linalg.norm(forward))
    depth[~np.array(hit.is_valid())] = np.inf
    return np.asarray(depth.reshape(size, size), np.float32)


def white_card(solids: dict[str, Any], anchor: Anchor, light: Light, facing: str = "camera") -> Floats:
    """Irradiance / pi (linear RGB) from the light at radiance 1 on a small card above the anchor.

    The card stands towards the camera, or lies face "up".
    """
    mi = mitsuba()
    middle = np.asarray(anchor.position) + np.asarray(anchor.normal) * anchor.natural_height_m / 2
    move = mi.ScalarTransform4f().translate(list(middle))
    if facing == "camera":
        move = move @ mi.ScalarTransform4f().rotate([1, 0, 0], 90)
    meter = {
        "type": "irradiancemeter",
        "film": {"type": "hdrfilm", "width": 1, "height": 1, "rfilter": {"type": "box"}, "pixel_format": "rgb"},
        "sampler": {"type": "independent"},
    }
    card = {
        "type": "rectangle",
        "to_world": move @ mi.ScalarTransform4f().scale([0.01, 0.01, 1]),
        "bsdf": {"type": "diffuse", "reflectance": {"type": "rgb", "value": 0.0}},
        "sensor": meter,
    }
    scene = mi.load_dict({"type": "scene", **solids, **scenes.lamp(light), "card": card})
    integrator = mi.load_dict({"type": "path", "max_depth": MAX_DEPTH, "hide_emitters": False})
    measured = mi.render(scene, sensor=scene.sensors()[0], integrator=integrator, spp=1 << 15, seed=7)
    return np.asarray(np.array(measured)[0, 0, :3] / np.pi, np.float32)


def radiance(definition: SetDefinition, solids: dict[str, Any], light: Light) -> tuple[float, Floats]:
    """What gives the light its share of the exposure, judged by an upright and a lying card; and the upright card.

    Args:
        solids: what stands in the plate of this light.

    Raises DefinitionError where the light reaches neither card.
    """
    anchor = definition.anchors[0]
    upright, lying = (white_card(solids, anchor, light, facing) for facing in ("camera", "up"))
    seen = float(upright.mean()) + float(lying.mean())
    if seen <= 0:
        raise DefinitionError(f"{definition.name}: light {light.name} does not reach {anchor.name}; move one of them")
    return light.share * definition.exposure * 2 / seen, upright
