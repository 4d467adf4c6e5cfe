"""Programs that look at files of strangers and may die of them."""
