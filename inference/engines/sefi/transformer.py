"""The denoising transformer of SeFi-Image: a Flux2 multimodal DiT that is told two noise levels.

Semantic and texture latents travel as one token sequence, but each stream has its own noise level; the two levels are
embedded separately, each into half of the width, and concatenated (SeFi-Image, arXiv 2606.22568). Everything else is
stock Flux2, so the released ``-diffusers`` checkpoints load with a strict state dict.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.loaders import PeftAdapterMixin
from diffusers.models.attention import AttentionMixin
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from diffusers.models.modeling_outputs import Transformer2DModelOutput
from diffusers.models.modeling_utils import ModelMixin
from diffusers.models.normalization import AdaLayerNormContinuous
from diffusers.models.transformers.transformer_flux2 import (
    Flux2Modulation,
    Flux2PosEmbed,
    Flux2SingleTransformerBlock,
    Flux2TransformerBlock,
)
from diffusers.utils import apply_lora_scale
from torch import Tensor, nn

from inference.engines.diffusion.loading import refuse_misfits

_TIME_SCALE = 1000


class DualTimeEmbedding(nn.Module):
    """Embeds the noise levels of the semantic and of the texture stream, each into half of ``width``."""

    def __init__(self, frequencies: int, width: int) -> None:
        super().__init__()
        if width % 2:
            raise ValueError(f"two noise levels share the width of the transformer; it must be even, not {width}")
        self.time_proj = Timesteps(num_channels=frequencies, flip_sin_to_cos=True, downscale_freq_shift=0)
        self.semantic_embedder = TimestepEmbedding(frequencies, width // 2, sample_proj_bias=False)
        self.texture_embedder = TimestepEmbedding(frequencies, width // 2, sample_proj_bias=False)

    def forward(self, semantic: Tensor, texture: Tensor) -> Tensor:
        """(B,) and (B,) in 0..1000 -> (B, width). The sinusoids are taken in fp32 and rounded to the inputs' dtype."""
        streams = ((self.semantic_embedder, semantic), (self.texture_embedder, texture))
        return torch.cat([embed(self.time_proj(level).to(level.dtype)) for embed, level in streams], dim=-1)


class SeFiTransformer2DModel(ModelMixin, ConfigMixin, PeftAdapterMixin, AttentionMixin):
    """Predicts the velocities of both streams. Configuration keys are those of the released checkpoints.

    Args:
        patch_size: latent cells per token and side; the released models use 1 (the codec patchifies).
        in_channels: semantic + texture channels of a latent cell.
        out_channels: None = ``in_channels``.
        num_layers, num_single_layers: double-stream and single-stream blocks.
        attention_head_dim, num_attention_heads: their product is the width, which must be even.
        joint_attention_dim: width of the prompt embeddings (hidden layers concatenated).
        timestep_guidance_channels: sinusoids per noise level.
        mlp_ratio: hidden width of the feed-forward parts.
        axes_dims_rope: rotary dimensions for the axes T, H, W, L; they sum up to ``attention_head_dim``.
        rope_theta, eps: base of the rotary frequencies; epsilon of the norms.
    """

    _supports_gradient_checkpointing = True
    _no_split_modules = ["Flux2TransformerBlock", "Flux2SingleTransformerBlock"]
    _repeated_blocks = ["Flux2TransformerBlock", "Flux2SingleTransformerBlock"]
    _skip_layerwise_casting_patterns = ["pos_embed", "norm"]

    @register_to_config
    def __init__(
        self,
        patch_size: int = 1,
        in_channels: int = 144,
        out_channels: int | None = None,
        num_layers: int = 4,
        num_single_layers: int = 12,
        attention_head_dim: int = 128,
        num_attention_heads: int = 16,
        joint_attention_dim: int = 6144,
        timestep_guidance_channels: int = 256,
        mlp_ratio: float = 3.0,
        axes_dims_rope: tuple[int, ...] = (32, 32, 32, 32),
        rope_theta: int = 2000,
        eps: float = 1e-6,
    ) -> None:
        super().__init__()
        width = num_attention_heads * attention_head_dim
        if sum(axes_dims_rope) != attention_head_dim:
            raise ValueError(
                f"axes_dims_rope {tuple(axes_dims_rope)} must sum up to the head size {attention_head_dim}"
            )
        self.out_channels = out_channels or in_channels
        self.inner_dim = width
        self.pos_embed = Flux2PosEmbed(theta=rope_theta, axes_dim=list(axes_dims_rope))
        self.dual_time_embed = DualTimeEmbedding(timestep_guidance_channels, width)
        self.double_stream_modulation_img = Flux2Modulation(width, mod_param_sets=2, bias=False)
        self.double_stream_modulation_txt = Flux2Modulation(width, mod_param_sets=2, bias=False)
        self.single_stream_modulation = Flux2Modulation(width, mod_param_sets=1, bias=False)
        self.x_embedder = nn.Linear(in_channels, width, bias=False)
        self.context_embedder = nn.Linear(joint_attention_dim, width, bias=False)
        block = {
            "dim": width,
            "num_attention_heads": num_attention_heads,
            "attention_head_dim": attention_head_dim,
            "mlp_ratio": mlp_ratio,
            "eps": eps,
            "bias": False,
        }
        self.transformer_blocks = nn.ModuleList(Flux2TransformerBlock(**block) for _ in range(num_layers))
        self.single_transformer_blocks = nn.ModuleList(
            Flux2SingleTransformerBlock(**block) for _ in range(num_single_layers)
        )
        self.norm_out = AdaLayerNormContinuous(width, width, elementwise_affine=False, eps=eps, bias=False)
        self.proj_out = nn.Linear(width, patch_size * patch_size * self.out_channels, bias=False)
        self.gradient_checkpointing = False

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, **kwargs: Any) -> Any:
        """As in diffusers, but strict.

        Raises:
            EngineUnavailable: weights are missing, too many, or of another shape.
        """
        with_report = kwargs.pop("output_loading_info", False)
        model, report = super().from_pretrained(pretrained_model_name_or_path, output_loading_info=True, **kwargs)
        refuse_misfits(report, pretrained_model_name_or_path, cls.__name__)
        return (model, report) if with_report else model

    @apply_lora_scale("joint_attention_kwargs")
    def forward(
        self,
        hidden_states: Tensor,
        timestep_sem: Tensor,
        timestep_tex: Tensor,
        encoder_hidden_states: Tensor,
        txt_ids: Tensor,
        img_ids: Tensor,
        joint_attention_kwargs: dict[str, Any] | None = None,
        return_dict: bool = True,
    ) -> Transformer2DModelOutput | tuple[Tensor]:
        """Velocities of all latent channels.

        Args:
            hidden_states: (B, N, in_channels) latent cells, row by row.
            timestep_sem, timestep_tex: (B,) noise levels in 0..1, one pair an item.
            encoder_hidden_states: (B, L, joint_attention_dim).
            txt_ids, img_ids: (L, 4) and (N, 4) positions T, H, W, L; a leading batch axis is dropped.
            joint_attention_kwargs: ``attention_mask`` (1 | B, 1, L+N, L+N), bool or additive, reaches the attention;
                ``scale`` scales loaded adapters.

        Returns:
            (B, N, out_channels), in the dtype of the model.
        """
        dtype = self.x_embedder.weight.dtype
        # The released models were run with levels rounded to the model's dtype before they are scaled: in bfloat16
        # that moves the sinusoids visibly, so the order is part of the model.
        level = self.dual_time_embed(timestep_sem.to(dtype) * _TIME_SCALE, timestep_tex.to(dtype) * _TIME_SCALE)
        image = self.x_embedder(hidden_states.to(dtype))
        text = self.context_embedder(encoder_hidden_states.to(dtype))
        rotary = self._rotary(txt_ids, img_ids)
        image = self._blocks(image, text, level, rotary, joint_attention_kwargs)
        sample = self.proj_out(self.norm_out(image, level))
        return Transformer2DModelOutput(sample=sample) if return_dict else (sample,)

    def _blocks(
        self,
        image: Tensor,
        text: Tensor,
        level: Tensor,
        rotary: tuple[Tensor, Tensor],
        attention_kwargs: dict[str, Any] | None,
    ) -> Tensor:
        on_image, on_text = self.double_stream_modulation_img(level), self.double_stream_modulation_txt(level)
        for block in self.transformer_blocks:
            text, image = self._run(block, image, text, on_image, on_text, rotary, attention_kwargs)
        length = text.shape[1]
        joint = torch.cat([text, image], dim=1)
        on_joint = self.single_stream_modulation(level)
        for block in self.single_transformer_blocks:
            joint = self._run(block, joint, None, on_joint, rotary, attention_kwargs)
        return joint[:, length:]

    def _run(self, block: nn.Module, *arguments: Any) -> Any:
        if torch.is_grad_enabled() and self.gradient_checkpointing:
            return self._gradient_checkpointing_func(block, *arguments)
        return block(*arguments)

    def _rotary(self, txt_ids: Tensor, img_ids: Tensor) -> tuple[Tensor, Tensor]:
        text, image = (self.pos_embed(ids[0] if ids.ndim == 3 else ids) for ids in (txt_ids, img_ids))
        return torch.cat([text[0], image[0]]), torch.cat([text[1], image[1]])
