"""Pages of Studio: each view takes the request apart, calls one verb and answers."""
