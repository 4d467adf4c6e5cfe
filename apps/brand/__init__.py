"""Brand kits and proof that an asset follows them. An empty room so far."""
