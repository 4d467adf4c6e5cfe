"""Generated shots: a product in a scene that a model draws, a product drawn anew, or a picture changed in one place."""
