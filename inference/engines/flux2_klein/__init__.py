"""FLUX.2 klein (Black Forest Labs, Apache-2.0 for the 4B model): four steps, reference pictures as tokens."""
