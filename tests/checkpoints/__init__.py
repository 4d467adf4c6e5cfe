"""Checkpoints with random weights, built offline in a second: what tests and benchmarks run instead of real ones."""
