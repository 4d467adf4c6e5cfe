"""Bytes and what they mean: blobs, assets with recipe and lineage, renditions, uploads, storage."""
