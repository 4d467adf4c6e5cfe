"""A language model that reads free words, where an operator put one beside the generators' weights and named it.

Any causal language model in the layout of transformers. Greedy, so that the same words give the same scene; what it
answers is checked by ``scene.planner``. torch and transformers are imported when it is first asked.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from inference.errors import EngineUnavailable

_LOADING_ERRORS = (OSError, ValueError, RuntimeError, KeyError)


class LocalLanguageModel:
    """See ``scene.planner.LanguageModel``.

    Args:
        folder: its weights and tokenizer.
        device: a torch device; ``auto`` = the CPU, because the GPU is busy drawing.
    """

    def __init__(self, folder: Path, device: str = "auto") -> None:
        self.name, self._folder = folder.name, folder
        self._device = "cpu" if device == "auto" else device
        self._loaded: tuple[Any, Any] | None = None
        self._turn = threading.Lock()

    def complete(self, instruction: str, *, most_tokens: int) -> str:
        """See ``scene.planner.LanguageModel``.

        Raises:
            EngineUnavailable: the folder holds no model that can be loaded.
        """
        import torch

        with self._turn, torch.no_grad():  # jobs of a worker are threads: one asks after the other
            model, tokenizer = self._networks()
            tokens = tokenizer(self._chat(tokenizer, instruction), return_tensors="pt").to(model.device)
            answer = model.generate(**tokens, max_new_tokens=most_tokens, do_sample=False, pad_token_id=0)
        return str(tokenizer.decode(answer[0, tokens["input_ids"].shape[1] :], skip_special_tokens=True))

    def _chat(self, tokenizer: Any, instruction: str) -> str:
        if not tokenizer.chat_template:
            return instruction
        message = {"role": "user", "content": instruction}
        return str(
            tokenizer.apply_chat_template([message], tokenize=False, add_generation_prompt=True, enable_thinking=False)
        )

    def _networks(self) -> tuple[Any, Any]:
        if self._loaded is None:
            from transformers import AutoModelForCausalLM, AutoTokenizer

            try:
                model = AutoModelForCausalLM.from_pretrained(self._folder, local_files_only=True)
                tokenizer = AutoTokenizer.from_pretrained(self._folder, local_files_only=True)
            except _LOADING_ERRORS as error:
                raise EngineUnavailable(
                    "generate.checkpoint_incompatible", f"{self._folder} can not be loaded as a language model: {error}"
                ) from error
            self._loaded = model.to(self._device).eval().requires_grad_(False), tokenizer
        return self._loaded
