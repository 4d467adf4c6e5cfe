"""Prompts to embeddings: hidden layers of a Qwen3 language model, concatenated.

Padding is part of the model: pads are attended by the image, so every prompt is padded to the checkpoint's length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from inference.engines.diffusion.embed_cache import EmbedCache


class PromptEncoder:
    """Embeds prompts, each once as long as the cache remembers it.

    Args:
        text_encoder: Qwen3VLForConditionalGeneration (``model.language_model`` is its text tower) or Qwen3ForCausalLM
            (``model`` is).
        tokenizer: its Qwen2Tokenizer with chat template.
        in_parts: whether the chat template is given the prompt as a list of parts, as for models that also see.
        layers: indices into the hidden states (0 = the token embeddings, negative ones from the last).
        length: tokens that every prompt is padded or cut to.
        identity: name of the encoder's weights, part of the cache's key.
    """

    def __init__(
        self,
        text_encoder: Any,
        tokenizer: Any,
        *,
        layers: Sequence[int],
        length: int,
        identity: str = "",
        cache: EmbedCache | None = None,
        in_parts: bool = True,
    ) -> None:
        self._encoder, self._tokenizer = text_encoder, tokenizer
        available = int(language_model(text_encoder).config.num_hidden_layers)
        self._layers, self._length = counted_layers(text_encoder, layers), int(length)
        self._identity, self._cache, self._in_parts = identity, cache, in_parts
        if not self._layers or min(self._layers) < 0 or max(self._layers) > available:
            raise ValueError(f"the text encoder has hidden states 0..{available}, not all of {self._layers}")

    def embed(self, prompts: Sequence[str], *, dtype: torch.dtype) -> Tensor:
        """(len(prompts), length, len(layers) * hidden), on the encoder's device. Callers must not write to it."""
        found = {prompt: self._remembered(prompt, dtype) for prompt in dict.fromkeys(prompts)}
        missing = [prompt for prompt, embedding in found.items() if embedding is None]
        if missing:
            for prompt, embedding in zip(missing, self._encode(missing).to(dtype), strict=True):
                found[prompt] = embedding
                if self._cache is not None:
                    self._cache.put(self._key(prompt, dtype), embedding.clone())
        return torch.stack([found[prompt] for prompt in prompts])

    @property
    def tower(self) -> Any:
        """The text tower, without vision and head."""
        return language_model(self._encoder)

    @property
    def length(self) -> int:
        """Tokens that every prompt is padded or cut to."""
        return self._length

    def tokens_of(self, prompt: str, phrase: str) -> Tensor:
        """bool (length,): the tokens of ``prompt`` that spell ``phrase``, wherever it stands (case does not matter)."""
        chat = self._chat(prompt)
        start = chat.find(prompt)
        places = self._tokenize([chat], return_offsets_mapping=True)["offset_mapping"][0]
        chosen = torch.zeros(self._length, dtype=torch.bool)
        found = prompt.lower().find(phrase.lower())
        while found >= 0 and phrase:
            first, last = start + found, start + found + len(phrase)
            chosen |= (places[:, 0] < last) & (places[:, 1] > first)
            found = prompt.lower().find(phrase.lower(), found + 1)
        return chosen

    def _remembered(self, prompt: str, dtype: torch.dtype) -> Tensor | None:
        return None if self._cache is None else self._cache.get(self._key(prompt, dtype))

    def _key(self, prompt: str, dtype: torch.dtype) -> tuple[Any, ...]:
        return prompt, self._identity, self._layers, self._length, dtype

    @torch.no_grad()
    def _encode(self, prompts: Sequence[str]) -> Tensor:
        texts = [self._chat(prompt) for prompt in prompts]
        tokens = self._tokenize(texts)
        device = self.tower.embed_tokens.weight.device
        output = self.tower(
            input_ids=tokens["input_ids"].to(device),
            attention_mask=tokens["attention_mask"].to(device),
            output_hidden_states=True,
            use_cache=False,
        )
        return torch.cat([output.hidden_states[layer] for layer in self._layers], dim=-1)

    def _tokenize(self, texts: Sequence[str], **options: Any) -> Any:
        return self._tokenizer(
            texts, padding="max_length", truncation=True, max_length=self._length, return_tensors="pt", **options
        )

    def _chat(self, prompt: str) -> str:
        message = {"role": "user", "content": [{"type": "text", "text": prompt}] if self._in_parts else prompt}
        return str(
            self._tokenizer.apply_chat_template(
                [message], tokenize=False, add_generation_prompt=True, enable_thinking=False
            )
        )


def language_model(text_encoder: Any) -> Any:
    """The text tower, without vision and head."""
    inner = getattr(text_encoder, "model", text_encoder)
    return getattr(inner, "language_model", inner)


def counted_layers(text_encoder: Any, layers: Sequence[int]) -> tuple[int, ...]:
    """Indices into the hidden states, those that count from the last one counted from the first."""
    states = int(language_model(text_encoder).config.num_hidden_layers) + 1
    return tuple(int(layer) + states if layer < 0 else int(layer) for layer in layers)


def keep_only_text_layers(text_encoder: Any, last_layer: int) -> None:
    """Drop, in place, what prompt embedding never runs: the vision tower, the head, the blocks above ``last_layer``.

    The final norm goes as well: the last hidden state is taken after it, the others before.
    """
    tower = language_model(text_encoder)
    if last_layer < len(tower.layers):
        tower.layers = tower.layers[:last_layer]
        tower.config.num_hidden_layers = last_layer
        tower.norm = nn.Identity()
    if hasattr(getattr(text_encoder, "model", None), "visual"):
        text_encoder.model.visual = None
    if hasattr(text_encoder, "lm_head"):
        text_encoder.lm_head = None
