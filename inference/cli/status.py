"""Exit statuses besides 0; ``inference.cli`` says what they mean."""

from __future__ import annotations

BAD_INPUT, FAILED_GATE, ENGINE_TROUBLE = 2, 3, 4
