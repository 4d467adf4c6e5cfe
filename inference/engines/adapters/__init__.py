"""LoRA adapters by PEFT: trained beside a generator's weights, added and taken off while it runs."""
