"""The whole story of one result in a few statements each."""
