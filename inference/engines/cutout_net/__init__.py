"""A small segmentation network of our own, its weights included; trained by ``inference.training.cutout_net``."""
