"""What the generators share: latents, noise, the sampling loop, gates before any work. Needs torch where it samples."""
