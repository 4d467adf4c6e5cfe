"""The benchmark's photos: object, set and camera, chosen by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from inference.engines.studio_sets.render.meshes import Floats
from inference.training.cutout_net import forms
from inference.training.cutout_net.objects import Part, settled
from inference.training.cutout_net.world import Camera, World
from inference.training.cutout_truth import carry, home, kitchen, tools, toys, wear
from inference.training.cutout_truth import settings as s

LONGEST_PX = 800


@dataclass(frozen=True)
class Photo:
    """One photo. ``rise`` and ``turn`` in degrees; ``lying`` puts the object's front up; ``fill`` of the frame;
    ``aside`` moves it in the frame, in its own diameters; ``aperture`` as a share of the distance."""

    name: str
    category: str
    model: Callable[[], list[Part]]
    stage: s.Stage
    rise: float = 12.0
    turn: float = 0.0
    fov: float = 28.0
    fill: float = 0.8
    aside: tuple[float, float] = (0.0, 0.0)
    lying: bool = False
    ratio: float = 1.0
    aperture: float = 0.003
    exposure: float = 0.92

    def world(self) -> World:
        """The scene, ready to render."""
        tilt = forms.rotation([1, 0, 0], -90) if self.lying else np.eye(3)
        product = settled(self.model(), forms.rotation([0, 0, 1], self.turn) @ tilt)
        setting = self.stage()
        size = np.ptp(np.concatenate([part.mesh.vertices for part in product]), axis=0)
        return World(product, setting.others, setting.sky, setting.lamps, self._camera(size), self.exposure)

    def _camera(self, size: Floats) -> Camera:
        width, height = (LONGEST_PX, round(LONGEST_PX / self.ratio))
        if self.ratio < 1:
            width, height = round(LONGEST_PX * self.ratio), LONGEST_PX
        rise = np.radians(self.rise)
        outward = np.array([0.0, -np.cos(rise), np.sin(rise)])
        across, up = size[0], size[2] * np.cos(rise) + size[1] * np.sin(rise)
        half = np.tan(np.radians(self.fov) / 2)
        need = max(across / (width / LONGEST_PX), up / (height / LONGEST_PX)) / (2 * self.fill * half)
        distance = float(need + size[1] / 2 * np.cos(rise))
        middle = np.array([0, 0, size[2] / 2])
        view_up = np.array([0.0, np.sin(rise), np.cos(rise)])
        target = middle - self.aside[0] * np.array([1.0, 0, 0]) - self.aside[1] * view_up
        origin = target + distance * outward
        origin[2] = max(origin[2], 0.04)
        return Camera(
            origin, target, view_up, self.fov, max(1e-4, self.aperture * distance), distance * 0.98, width, height
        )


PHOTOS = (
    Photo("mug-oak", "thin", kitchen.mug, s.oak_by_window, 18, 20, 32, 0.7),
    Photo("teapot-concrete", "thin", kitchen.teapot, s.concrete_hall, 14, -15, 30, 0.75),
    Photo("whisk-wood", "thin", kitchen.whisk, s.dark_wood_flat, 88, 0, 40, 0.85, lying=True, ratio=0.75),
    Photo("chair-hall", "thin", home.wire_chair, s.concrete_hall, 10, 35, 45, 0.8, ratio=0.75),
    Photo("lamp-grey", "thin", home.desk_lamp, s.grey_gradient, 6, 10, 24, 0.8),
    Photo("wheel-yard", "thin", tools.bicycle_wheel, s.brick_yard, 8, 18, 50, 0.8),
    Photo("hanger-linen", "thin", wear.coat_hanger, s.linen_flat, 86, 8, 35, 0.85, lying=True, ratio=1.333),
    Photo("glasses-marble", "thin", wear.spectacles, s.marble_bath, 22, 15, 30, 0.8, ratio=1.333),
    Photo("necklace-felt", "thin", carry.necklace, s.black_flat, 87, 5, 30, 0.8, lying=True, exposure=0.6),
    Photo("ladder-oak", "thin", home.towel_ladder, s.oak_by_window, 8, 25, 38, 0.85, ratio=0.667),
    Photo("basket-marble", "holes", kitchen.fruit_basket, s.marble_bath, 20, 0, 30, 0.75),
    Photo("colander-terrazzo", "holes", kitchen.colander, s.terrazzo_counter, 22, 20, 34, 0.75, ratio=1.333),
    Photo("scissors-card", "holes", kitchen.scissors, s.white_flat, 85, 25, 32, 0.8, lying=True),
    Photo("keys-wood", "holes", carry.keys, s.dark_wood_flat, 84, -12, 30, 0.75, lying=True),
    Photo("pretzel-brick", "holes", kitchen.pretzel, s.herringbone_flat, 82, 10, 35, 0.8, lying=True),
    Photo("headphones-coral", "holes", wear.headphones, s.coloured_sweep, 6, 30, 26, 0.75),
    Photo("tape-bench", "holes", tools.tape_roll, s.workbench, 15, 35, 32, 0.6),
    Photo("wreath-brick", "holes", home.leaf_wreath, s.brick_yard, 4, 5, 35, 0.8),
    Photo("frame-hallway", "holes", home.picture_frame, s.hallway, 5, 15, 35, 0.8, ratio=0.75),
    Photo("watch-slate", "holes", carry.wristwatch, s.slate_table, 24, 60, 28, 0.75, exposure=0.5),
    Photo("handbag-coral", "holes", carry.handbag, s.coloured_sweep, 8, -18, 28, 0.8),
    Photo("bear-toys", "fur", toys.plush_bear, s.toy_room, 10, 12, 36, 0.8, ratio=0.8),
    Photo("rabbit-lawn", "fur", toys.plush_rabbit, s.lawn, 16, -20, 32, 0.75),
    Photo("slipper-carpet", "fur", wear.fur_slipper, s.persian_carpet, 28, 140, 32, 0.75, ratio=1.333),
    Photo("hat-grey", "fur", wear.bobble_hat, s.grey_gradient, 8, 0, 26, 0.75),
    Photo("brush-white", "fur", tools.hand_brush, s.white_hard, 14, 25, 30, 0.8, ratio=1.5),
    Photo("rabbit-slate", "fur", toys.plush_rabbit, s.slate_table, 8, 25, 30, 0.8, ratio=0.75, exposure=0.5),
    Photo("jug-white", "white", kitchen.jug, s.white_studio, 10, 20, 28, 0.7),
    Photo("lotion-white", "white", tools.lotion_bottle, s.white_hard, 5, 15, 24, 0.75, ratio=0.75),
    Photo("sneaker-white", "white", wear.white_sneaker, s.white_studio, 14, 25, 30, 0.8, ratio=1.333),
    Photo("bag-white", "white", carry.paper_bag, s.white_studio, 6, 25, 26, 0.75),
    Photo("headphones-white", "white", wear.white_headphones, s.white_hard, 8, -25, 28, 0.75),
    Photo("tee-white", "white", wear.tee_shirt, s.white_flat, 88, 0, 35, 0.85, lying=True),
    Photo("camera-black", "dark", tools.camera, s.black_studio, 10, 18, 28, 0.75, ratio=1.333, exposure=0.32),
    Photo("boot-slate", "dark", wear.boot, s.slate_table, 8, 25, 30, 0.75, exposure=0.32),
    Photo("briefcase-black", "dark", carry.briefcase, s.black_studio, 8, 28, 30, 0.75, exposure=0.3),
    Photo("pan-felt", "dark", kitchen.frying_pan, s.black_flat, 70, 25, 34, 0.85, ratio=1.5, exposure=0.38),
    Photo("flacon-black", "dark", tools.dark_flacon, s.black_studio, 5, 0, 24, 0.7, exposure=0.32),
    Photo("wineglass-oak", "glass", kitchen.wine_glass, s.oak_by_window, 8, 0, 28, 0.8, ratio=0.75),
    Photo("jar-terrazzo", "glass", kitchen.water_jar, s.terrazzo_counter, 12, 0, 32, 0.7),
    Photo("perfume-coral", "glass", tools.perfume, s.coloured_sweep, 6, 25, 26, 0.7),
    Photo("vase-concrete", "glass", tools.glass_vase, s.concrete_hall, 10, 0, 32, 0.8, ratio=0.75),
    Photo("perfume-white", "glass", tools.perfume, s.white_studio, 10, -20, 26, 0.65),
    Photo("car-carpet", "busy", toys.toy_car, s.persian_carpet, 24, 30, 34, 0.7, ratio=1.333),
    Photo("robot-toys", "busy", toys.robot, s.toy_room, 8, -15, 38, 0.8),
    Photo("sneaker-lawn", "busy", wear.sneaker, s.lawn, 28, 205, 34, 0.75),
    Photo("can-books", "busy", kitchen.soda_can, s.bookshelf, 6, 0, 36, 0.7, (0.1, 0.0)),
    Photo("plant-yard", "busy", home.potted_plant, s.brick_yard, 12, 0, 38, 0.8),
    Photo("backpack-gravel", "busy", carry.backpack, s.gravel_path, 14, 20, 36, 0.8),
    Photo("candle-picnic", "busy", home.candle, s.gingham_picnic, 20, 10, 34, 0.55, (-0.15, 0.0)),
    Photo("drill-bench", "busy", tools.drill, s.workbench, 16, 15, 34, 0.7, ratio=1.333),
    Photo("lotion-shelf", "busy", tools.lotion_bottle, s.shop_shelf, 6, 10, 34, 0.75),
    Photo("speaker-hallway", "plain", tools.speaker, s.hallway, 8, 25, 35, 0.65),
    Photo("armchair-hallway", "plain", home.armchair, s.hallway, 8, 20, 50, 0.7),
    Photo("cereal-grey", "plain", kitchen.cereal_box, s.grey_gradient, 12, 25, 28, 0.75),
    Photo("horse-coral", "plain", toys.rocking_horse, s.coloured_sweep, 10, 25, 30, 0.8, ratio=1.333),
    Photo("can-marble", "plain", kitchen.soda_can, s.marble_bath, 40, 0, 30, 0.6, (0.2, 0.1)),
)
