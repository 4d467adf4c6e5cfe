"""Pure functions on arrays. One subject a file, each with the source of its algorithm."""
