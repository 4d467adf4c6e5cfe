"""CLIP with tiny random weights, in the files that openai/clip-vit-base-patch32 is published in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import pre_tokenizers
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

START, END = "<|startoftext|>", "<|endoftext|>"
LENGTH = 77
# Whole words of the tests; every other word is read letter by letter.
WORDS = ("mug", "slate")
# What the published configuration says: before there was a better one, the end of a text was its highest token.
_OLD_ENDS = {"bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1}


def write_tiny_clip(folder: Path, *, is_pickled: bool = False, has_fast_tokenizer: bool = True) -> Path:
    """``is_pickled``: weights as ``pytorch_model.bin``; the tokenizer in its old files, and in one file as well."""
    torch.manual_seed(0)
    vocabulary, merges = _vocabulary()
    text = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    vision = {**text, "image_size": 32, "patch_size": 8}
    read = {**text, **_OLD_ENDS, "vocab_size": len(vocabulary), "max_position_embeddings": LENGTH}
    model = CLIPModel(CLIPConfig(text_config=read, vision_config=vision, projection_dim=8))
    model.save_pretrained(folder)
    if is_pickled:
        (folder / "model.safetensors").unlink()
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
    if has_fast_tokenizer:
        CLIPTokenizer(vocab=vocabulary, merges=[tuple(merge) for merge in merges]).save_pretrained(folder)
    _write_old_tokenizer(folder, vocabulary, merges)
    (folder / "preprocessor_config.json").write_text(json.dumps({"crop_size": 32, "do_center_crop": True, "size": 32}))
    return folder


def _vocabulary() -> tuple[dict[str, int], list[list[str]]]:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges: dict[tuple[str, str], None] = {}
    for word in WORDS:
        parts = [*word[:-1], word[-1] + "</w>"]
        while len(parts) > 1:
            merges[parts[0], parts[1]] = None
            parts = [parts[0] + parts[1], *parts[2:]]
    joined = ["".join(merge) for merge in merges]
    tokens = [*letters, *(letter + "</w>" for letter in letters), *joined, START, END]
    return {token: place for place, token in enumerate(tokens)}, [list(merge) for merge in merges]


def _write_old_tokenizer(folder: Path, vocabulary: dict[str, int], merges: list[list[str]]) -> None:
    special = {"bos_token": START, "eos_token": END, "pad_token": END, "unk_token": END}
    config: dict[str, Any] = {
        **special,
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": LENGTH,
        "do_lower_case": True,
        "add_prefix_space": False,
        "errors": "replace",
        "name_or_path": "openai/clip-vit-base-patch32",
    }
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *(" ".join(merge) for merge in merges)]) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "special_tokens_map.json").write_text(json.dumps(special))
