"""The public REST API. An empty room so far."""
