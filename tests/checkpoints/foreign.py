"""An editor that brings its own code along, as DeepGen does: tiny random weights, a pipeline that offers no beginning.

The pipeline is ours; it does what DeepGen's published one does around its parts: noise of its own from a seed, all of a
schedule, guidance in one call, each step by the scheduler, latents decoded by the codec of Stable Diffusion 3.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel

NAME = "deepgen-1"
CHANNELS, WIDTH = 4, 8

CODE = """
import torch
from diffusers import DiffusionPipeline, ImagePipelineOutput
from diffusers.image_processor import VaeImageProcessor


class DeepGenPipeline(DiffusionPipeline):
    def __init__(self, transformer, vae, scheduler):
        super().__init__()
        self.register_modules(transformer=transformer, vae=vae, scheduler=scheduler)
        self.pictures = VaeImageProcessor(vae_scale_factor=4)

    @torch.no_grad()
    def __call__(
        self, prompt, image=None, height=512, width=512, num_inference_steps=50, guidance_scale=4.0, seed=None
    ):
        noise = torch.Generator("cpu").manual_seed(seed)
        latents = torch.randn(1, 4, height // 4, width // 4, generator=noise)
        words = torch.tensor([float(ord(letter)) for letter in prompt[:8].ljust(8)]).div(64).expand(2, 1, 8).clone()
        words[0] = 0.0
        self.scheduler.set_timesteps(num_inference_steps, device="cpu")
        for t in self.scheduler.timesteps:
            both = torch.cat([latents] * 2)
            velocity = self.transformer(
                hidden_states=both, timestep=t.expand(2), encoder_hidden_states=words, pooled_projections=words[:, 0]
            ).sample
            free, guided = velocity.chunk(2)
            latents = self.scheduler.step(free + guidance_scale * (guided - free), t, latents, return_dict=False)[0]
        latents = latents / self.vae.config.scaling_factor + self.vae.config.shift_factor
        return ImagePipelineOutput(images=self.pictures.postprocess(self.vae.decode(latents).sample))
"""


def write_tiny_foreign(folder: Path) -> Path:
    """All but the code, which ``fetched`` puts beside it."""
    torch.manual_seed(0)
    parts: dict[str, Any] = {
        "transformer": SD3Transformer2DModel(
            sample_size=32,
            in_channels=CHANNELS,
            out_channels=CHANNELS,
            num_layers=1,
            attention_head_dim=8,
            num_attention_heads=1,
            joint_attention_dim=WIDTH,
            caption_projection_dim=8,
            pooled_projection_dim=WIDTH,
            pos_embed_max_size=96,
        ),
        "vae": AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 3,
            up_block_types=("UpDecoderBlock2D",) * 3,
            block_out_channels=(4, 4, 8),
            latent_channels=CHANNELS,
            norm_num_groups=4,
            scaling_factor=1.5,
            shift_factor=0.06,
        ),
        "scheduler": FlowMatchEulerDiscreteScheduler(shift=3.0),
    }
    for name, part in parts.items():
        part.save_pretrained(folder / name)
    return folder


def index() -> str:
    """What the published folder names as its parts."""
    parts = {
        "transformer": ["diffusers", "SD3Transformer2DModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
    }
    return json.dumps({"_class_name": ["deepgen_pipeline", "DeepGenPipeline"], **parts})
