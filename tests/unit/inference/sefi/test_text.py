from __future__ import annotations

import threading
from typing import Any

import pytest
import torch

from inference.engines.diffusion.embed_cache import EmbedCache
from inference.engines.diffusion.text import PromptEncoder, keep_only_text_layers
from inference.engines.sefi.pipeline import SeFiPipeline
from tests.checkpoints.sefi import byte_tokenizer, tiny_text_encoder

ONE_PROMPT_BYTES = 48 * 96 * 4


def encoder(cache: EmbedCache | None = None, **changes: Any) -> PromptEncoder:
    options: dict[str, Any] = {"layers": (1, 2, 3), "length": 48, "identity": "tiny", **changes}
    return PromptEncoder(tiny_text_encoder(), byte_tokenizer(), cache=cache, **options)


def test_embeddings_are_the_chosen_layers_side_by_side() -> None:
    embedding = encoder().embed(["a mug"], dtype=torch.float32)
    assert embedding.shape == (1, 48, 96)
    assert torch.equal(embedding[..., 32:64], encoder(layers=(2,)).embed(["a mug"], dtype=torch.float32))


def test_a_prompt_is_embedded_once() -> None:
    cache = EmbedCache(1 << 20)
    prompts = encoder(cache)
    first = prompts.embed(["a mug", "soap", "a mug"], dtype=torch.float32)
    assert len(cache) == 2
    prompts._encode = pytest.fail  # type: ignore[method-assign, assignment]
    assert torch.equal(prompts.embed(["soap", "a mug"], dtype=torch.float32), first[1:])


def test_another_length_dtype_or_encoder_is_another_embedding() -> None:
    cache = EmbedCache(1 << 20)
    encoder(cache).embed(["a mug"], dtype=torch.float32)
    encoder(cache).embed(["a mug"], dtype=torch.bfloat16)
    encoder(cache, length=40).embed(["a mug"], dtype=torch.float32)
    encoder(cache, layers=(1, 2, 4)).embed(["a mug"], dtype=torch.float32)
    encoder(cache, identity="other").embed(["a mug"], dtype=torch.float32)
    assert len(cache) == 5


def test_the_cache_never_holds_more_bytes_than_allowed() -> None:
    cache = EmbedCache(2 * ONE_PROMPT_BYTES + 100)
    prompts = encoder(cache)
    for number in range(5):
        prompts.embed([f"prompt {number}"], dtype=torch.float32)
        assert cache.bytes <= cache.max_bytes
    assert len(cache) == 2
    assert cache.bytes == 2 * ONE_PROMPT_BYTES


def test_the_least_recently_used_leaves_first() -> None:
    cache = EmbedCache(8)
    cache.put("old", torch.zeros(1))
    cache.put("older but used", torch.zeros(1))
    assert cache.get("old") is not None
    cache.put("new", torch.zeros(1))
    assert cache.get("older but used") is None
    assert cache.get("old") is not None


def test_what_is_too_large_is_not_kept() -> None:
    cache = EmbedCache(4)
    cache.put("small", torch.zeros(1))
    cache.put("large", torch.zeros(2))
    assert (len(cache), cache.bytes) == (1, 4)


def test_putting_again_replaces_and_clearing_forgets() -> None:
    cache = EmbedCache(100)
    cache.put("key", torch.zeros(5))
    cache.put("key", torch.zeros(2))
    assert cache.bytes == 8
    cache.clear()
    assert (len(cache), cache.bytes) == (0, 0)


def test_threads_may_share_the_cache() -> None:
    cache = EmbedCache(40)

    def busy(thread: int) -> None:
        for number in range(300):
            cache.put((thread, number % 7), torch.zeros(1 + number % 3))
            cache.get((thread, number % 5))

    threads = [threading.Thread(target=busy, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < cache.bytes <= 40


def test_padding_is_part_of_the_embedding() -> None:
    short, long = (encoder(length=length).embed(["a mug"], dtype=torch.float32) for length in (40, 48))
    assert short.shape[1] == 40
    assert torch.allclose(short, long[:, :40], atol=1e-6)


def test_what_prompts_never_use_can_be_dropped() -> None:
    whole, trimmed = tiny_text_encoder(), tiny_text_encoder()
    keep_only_text_layers(trimmed, 3)
    assert len(trimmed.model.language_model.layers) == 3
    assert sum(p.numel() for p in trimmed.parameters()) < 0.75 * sum(p.numel() for p in whole.parameters())
    options: dict[str, Any] = {"layers": (1, 2, 3), "length": 48}
    embeddings = [
        PromptEncoder(model, byte_tokenizer(), **options).embed(["a mug"], dtype=torch.float32)
        for model in (whole, trimmed)
    ]
    assert torch.equal(*embeddings)


def test_a_hidden_state_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match=r"hidden states 0\.\.4"):
        encoder(layers=(1, 5))


def test_the_pipeline_remembers_its_prompts(turbo: SeFiPipeline) -> None:
    turbo.embed_cache.clear()
    turbo.embed_prompts(["one", "two"])
    assert len(turbo.embed_cache) == 2
