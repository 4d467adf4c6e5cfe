"""Ad templates, campaigns and variants. An empty room so far."""
