"""Leaf helpers, each with a subject in its name. Imports nothing else of ours."""
