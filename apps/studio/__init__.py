"""Product photography: products, cutouts, shoots and shots."""
