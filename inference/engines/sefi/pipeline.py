"""SeFi-Image as a diffusers pipeline: the released ``-diffusers`` folders, their configuration keys, our loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline, ImagePipelineOutput
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from inference.engines.diffusion.codec import TextureCodec, to_unit_range
from inference.engines.diffusion.embed_cache import EmbedCache
from inference.engines.diffusion.job import AfterStep, BeforeStep, Guidance, Job
from inference.engines.diffusion.sampler import sample
from inference.engines.diffusion.schedule import SEMANTIC, Schedule
from inference.engines.diffusion.text import PromptEncoder
from inference.engines.diffusion.tokens import text_positions
from inference.engines.sefi.limits import check_size, check_steps
from inference.engines.sefi.schedule import two_stream_schedule
from inference.engines.sefi.velocity import SeFiVelocity

_DEFAULT_CELLS = 64
_MAX_CACHED_BYTES = 256 << 20
_DEFAULTS: dict[str, Any] = {
    "semantic_channels": 16,
    "is_turbo": False,
    "default_guidance_scale": 4.0,
    "default_num_inference_steps": 50,
    "delta_t": 0.1,
    "timestep_shift_alpha": 0.3,
    "text_encoder_hidden_layers": (9, 18, 27),
    "max_sequence_length": 1024,
}

StepCallback = Callable[[Any, int, Any, dict[str, Tensor]], dict[str, Tensor]]
"""See ``callback_on_step_end`` of ``SeFiPipeline.__call__``."""


class SeFiPipeline(DiffusionPipeline):
    """Text to image with a Base, RL or Turbo checkpoint. A configuration key that is None means its default.

    Args:
        transformer, scheduler, vae, text_encoder, tokenizer: the components of a released folder.
        semantic_channels: how many of the transformer's channels are semantic latents.
        texture_vae_name: how texture latents are normalised: ``flux2`` (all released models), ``flux1``, ``sd1.5``;
            None = as the VAE itself says.
        is_turbo: distilled; takes only ``limits.TURBO_STEPS`` and no guidance.
        default_guidance_scale, default_num_inference_steps: used where a call names none.
        delta_t, timestep_shift_alpha: see ``schedule``.
        text_encoder_hidden_layers: hidden states that become the prompt embedding; also as text, ``"9,18,27"``.
        max_sequence_length: tokens that prompts are padded to.
    """

    _callback_tensor_inputs = ("latents",)

    def __init__(
        self,
        transformer: Any,
        scheduler: Any,
        vae: Any,
        text_encoder: Any,
        tokenizer: Any,
        semantic_channels: int | None = _DEFAULTS["semantic_channels"],
        texture_vae_name: str | None = "flux2",
        is_turbo: bool = _DEFAULTS["is_turbo"],
        default_guidance_scale: float | None = _DEFAULTS["default_guidance_scale"],
        default_num_inference_steps: int | None = _DEFAULTS["default_num_inference_steps"],
        delta_t: float = _DEFAULTS["delta_t"],
        timestep_shift_alpha: float = _DEFAULTS["timestep_shift_alpha"],
        text_encoder_hidden_layers: Sequence[int] | str | None = _DEFAULTS["text_encoder_hidden_layers"],
        max_sequence_length: int | None = _DEFAULTS["max_sequence_length"],
    ) -> None:
        super().__init__()
        self.register_modules(
            transformer=transformer, scheduler=scheduler, vae=vae, text_encoder=text_encoder, tokenizer=tokenizer
        )
        # Casts the buffers too: the released models were run with rotary frequencies in the text encoder's dtype.
        text_encoder.to(dtype=text_encoder.dtype)
        if isinstance(text_encoder_hidden_layers, str):
            text_encoder_hidden_layers = [int(layer) for layer in text_encoder_hidden_layers.split(",")]
        given: dict[str, Any] = {
            "semantic_channels": semantic_channels,
            "texture_vae_name": texture_vae_name or ("flux2" if hasattr(vae, "bn") else "sd1.5"),
            "is_turbo": is_turbo,
            "default_guidance_scale": default_guidance_scale,
            "default_num_inference_steps": default_num_inference_steps,
            "delta_t": delta_t,
            "timestep_shift_alpha": timestep_shift_alpha,
            "text_encoder_hidden_layers": text_encoder_hidden_layers and tuple(text_encoder_hidden_layers),
            "max_sequence_length": max_sequence_length,
        }
        settled = {name: _DEFAULTS[name] if value is None else value for name, value in given.items()}
        self.register_to_config(**settled)
        self.codec = TextureCodec(vae, settled["texture_vae_name"])
        self.embed_cache = EmbedCache(_MAX_CACHED_BYTES)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **kwargs: Any) -> SeFiPipeline:
        """Load a released folder (or a hub id that is already in the local cache), each component strictly.

        Args:
            kwargs: ``torch_dtype`` (or ``dtype``), ``device``, ``revision``, ``local_files_only``; configuration keys
                and loaded components, by their names, replace those of the folder.

        Raises:
            EngineUnavailable: something is missing, or the state dict does not fit exactly.
        """
        from inference.engines.sefi.loading import load_pipeline

        return load_pipeline(cls, pretrained_model_name_or_path, **kwargs)

    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> None:
        """Write the layout of the released folders."""
        from inference.engines.sefi.loading import save_pipeline

        save_pipeline(self, Path(save_directory), **kwargs)

    def encode_prompt(
        self,
        prompt: str | Sequence[str] | None,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
        num_images_per_prompt: int = 1,
        prompt_embeds: Tensor | None = None,
        max_sequence_length: int | None = None,
        text_encoder_hidden_layers: Sequence[int] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Embeddings (B, length, layers * hidden) and positions (B, length, 4), as Flux2's pipelines return them."""
        if prompt_embeds is None:
            prompt_embeds = self.embed_prompts(
                prompt or "",
                dtype=dtype,
                max_sequence_length=max_sequence_length,
                text_encoder_hidden_layers=text_encoder_hidden_layers,
            )
        embeds = prompt_embeds.repeat_interleave(num_images_per_prompt, dim=0).to(device or self.transformer.device)
        positions = text_positions(embeds.shape[1]).to(embeds.device)
        return embeds, positions.expand(len(embeds), -1, -1)

    def embed_prompts(
        self,
        prompt: str | Sequence[str],
        *,
        max_sequence_length: int | None = None,
        text_encoder_hidden_layers: Sequence[int] | None = None,
        dtype: torch.dtype | None = None,
    ) -> Tensor:
        """(prompts, length, layers * hidden), in the transformer's dtype unless another is named; remembered."""
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        encoder = PromptEncoder(
            self.text_encoder,
            self.tokenizer,
            layers=text_encoder_hidden_layers or self.config.text_encoder_hidden_layers,
            length=max_sequence_length or self.config.max_sequence_length,
            cache=self.embed_cache,
        )
        return encoder.embed(prompts, dtype=dtype or self.transformer.dtype)

    def schedule(self, steps: int) -> Schedule:
        """The noise levels of ``steps`` steps for this checkpoint."""
        return two_stream_schedule(
            self.scheduler, steps, alpha=self.config.timestep_shift_alpha, delta_t=self.config.delta_t
        )

    def settled(self, steps: int | None, guidance: float | None, height: int, width: int) -> tuple[int, float]:
        """Steps and guidance with the defaults filled in.

        Raises:
            InputRejected: what this checkpoint can not do; nothing was computed yet.
        """
        steps = int(steps or self.config.default_num_inference_steps)
        guidance = float(self.config.default_guidance_scale if guidance is None else guidance)
        check_size(width, height, self.codec.cell_px)
        check_steps(steps, guidance, is_turbo=self.config.is_turbo)
        return steps, guidance

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | Sequence[str] | None = None,
        height: int | None = None,
        width: int | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        num_images_per_prompt: int = 1,
        generator: torch.Generator | list[torch.Generator] | None = None,
        latents: Tensor | None = None,
        prompt_embeds: Tensor | None = None,
        negative_prompt_embeds: Tensor | None = None,
        output_type: str = "pil",
        return_dict: bool = True,
        attention_kwargs: dict[str, Any] | None = None,
        callback_on_step_end: StepCallback | None = None,
        callback_on_step_end_tensor_inputs: Sequence[str] = ("latents",),
        max_sequence_length: int | None = None,
        text_encoder_hidden_layers: Sequence[int] | None = None,
        before_step: BeforeStep | None = None,
    ) -> Any:
        """Generate ``num_images_per_prompt`` images a prompt, those of one prompt next to each other.

        Latents are kept in the transformer's dtype, as the authors' code does; ``sefi.engine`` keeps them in fp32.

        Args:
            prompt: one or several; or else ``prompt_embeds`` (B, L, D).
            height, width: multiples of 16; 64 cells of 16 pixels where not given.
            num_inference_steps, guidance_scale: the checkpoint's defaults where not given; guidance up to 1.0 is none.
            generator: one for the whole batch, or one an image; noise is drawn in the transformer's dtype.
            latents: the noise itself, (B, C, height / 16, width / 16).
            negative_prompt_embeds: (1 | B, any length, D), instead of the empty prompt.
            output_type: ``pil``, ``np`` (B, H, W, 3), ``pt`` (B, 3, H, W), both in 0..1, or ``latent`` (all streams).
            callback_on_step_end: as in diffusers: called with (pipeline, step, semantic noise level,
                {"latents": (B, C, h, w)}) after every step; the latents that it returns are used.
            before_step: see ``job.BeforeStep``.

        Raises:
            InputRejected: a size, number of steps or guidance that the checkpoint can not do.
            ValueError: arguments that contradict each other.
        """
        default_px = _DEFAULT_CELLS * self.codec.cell_px
        height, width = height or default_px, width or default_px
        steps, guidance = self.settled(num_inference_steps, guidance_scale, height, width)
        schedule = self.schedule(steps)
        after = self._after_step(callback_on_step_end, callback_on_step_end_tensor_inputs, schedule)
        read: dict[str, Any] = {
            "max_sequence_length": max_sequence_length,
            "text_encoder_hidden_layers": text_encoder_hidden_layers,
        }
        embeds = self._embeds(prompt, prompt_embeds, read).repeat_interleave(num_images_per_prompt, dim=0)
        job = Job(
            noise=self._noise(len(embeds), height, width, generator, latents),
            embeds=embeds,
            semantic_channels=self.config.semantic_channels,
            guidance=self._guidance(guidance, negative_prompt_embeds, num_images_per_prompt, read),
            attention_kwargs=attention_kwargs,
            dtype=self.transformer.dtype,
        )
        result = sample(SeFiVelocity(self.transformer), schedule, job, before_step=before_step, after_step=after)
        images = result if output_type == "latent" else self._images(result, output_type)
        return ImagePipelineOutput(images=images) if return_dict else (images,)

    def decode(self, latents: Tensor) -> Tensor:
        """Latents of all streams (B, C, h, w) -> fp32 images (B, 3, H, W) in 0..1. Semantics are not decoded."""
        return to_unit_range(self.codec.decode(latents[:, self.config.semantic_channels :]))

    def _after_step(self, callback: StepCallback | None, inputs: Sequence[str], schedule: Schedule) -> AfterStep | None:
        unknown = set(inputs) - set(self._callback_tensor_inputs)
        if unknown:
            raise ValueError(f"a callback can be given {self._callback_tensor_inputs}, not {sorted(unknown)}")
        if callback is None:
            return None

        def after(step: int, now: Tensor) -> Tensor:
            given = {"latents": now} if "latents" in inputs else {}
            return callback(self, step, schedule.levels[step, SEMANTIC], given).get("latents", now)

        return after

    def _embeds(self, prompt: str | Sequence[str] | None, embeds: Tensor | None, read: dict[str, Any]) -> Tensor:
        if prompt is not None and embeds is None:
            return self.embed_prompts(prompt, **read)
        if prompt is None and embeds is not None:
            return embeds
        raise ValueError("give either prompts or their embeddings")

    def _guidance(self, scale: float, negative: Tensor | None, each: int, read: dict[str, Any]) -> Guidance | None:
        """None where ``scale`` guides nothing; ``negative`` embeddings, one a prompt, are repeated as prompts are."""
        if scale <= 1.0:
            return None
        if negative is None:
            return Guidance(scale, self.embed_prompts("", **read))
        return Guidance(scale, negative if len(negative) == 1 else negative.repeat_interleave(each, dim=0))

    def _noise(
        self,
        batch: int,
        height: int,
        width: int,
        generator: torch.Generator | list[torch.Generator] | None,
        latents: Tensor | None,
    ) -> Tensor:
        cell = self.codec.cell_px
        shape = (batch, self.transformer.config.in_channels, height // cell, width // cell)
        if latents is None:
            model = self.transformer
            return randn_tensor(shape, generator=generator, device=model.device, dtype=model.dtype)
        if tuple(latents.shape) != shape:
            raise ValueError(f"latents {tuple(latents.shape)} do not fit; {shape} were expected")
        return latents

    def _images(self, latents: Tensor, output_type: str) -> Any:
        images = self.decode(latents)
        if output_type == "pt":
            return images
        arrays = images.permute(0, 2, 3, 1).cpu().numpy()
        if output_type == "np":
            return arrays
        if output_type != "pil":
            raise ValueError(f"there is no output type {output_type!r}; there are pil, np, pt and latent")
        from PIL import Image

        return [Image.fromarray(picture) for picture in np.rint(arrays * 255.0).astype(np.uint8)]
