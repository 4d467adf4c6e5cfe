"""What the editors' checkpoints share: a tiny Qwen2.5-VL that reads instructions and sees pictures, over bytes."""

from __future__ import annotations

from pathlib import Path

from tokenizers import pre_tokenizers
from transformers import (
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen2VLImageProcessorPil,
)

SPECIAL = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>"),
    *("<|image_pad|>", "<|video_pad|>"),
)
WIDTH = 32


def tokenizer() -> Qwen2Tokenizer:
    """One token a byte, and those that stand for pictures."""
    letters = {letter: place for place, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    vocabulary = {**letters, **_places()}
    return Qwen2Tokenizer(vocab=vocabulary, merges=[], extra_special_tokens=list(SPECIAL[1:]))


def write_processor(folder: Path) -> None:
    """The files that the published ones have; the class is named in the index of the pipeline alone."""
    tokenizer().save_pretrained(folder)
    Qwen2VLImageProcessorPil().save_pretrained(folder)


def text_encoder() -> Qwen2_5_VLForConditionalGeneration:
    """One layer of ``WIDTH``."""
    places = _places()
    ends = {"bos_token_id": 256, "eos_token_id": places["<|im_end|>"], "pad_token_id": 256}
    config = Qwen2_5_VLConfig(
        text_config={
            "hidden_size": WIDTH,
            "intermediate_size": 64,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 2, 4]},
            "vocab_size": 256 + len(SPECIAL),
            **ends,
        },
        vision_config={
            "depth": 1,
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_heads": 2,
            "out_hidden_size": WIDTH,
            "fullatt_block_indexes": [0],
        },
        image_token_id=places["<|image_pad|>"],
        video_token_id=places["<|video_pad|>"],
        vision_start_token_id=places["<|vision_start|>"],
        vision_end_token_id=places["<|vision_end|>"],
        **ends,
    )
    return Qwen2_5_VLForConditionalGeneration(config)


def _places() -> dict[str, int]:
    return {token: 256 + place for place, token in enumerate(SPECIAL)}
