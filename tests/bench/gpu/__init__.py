"""`make bench-gpu`: generators with random weights at the published sizes, the plain loop beside ours."""
