"""Scripts that run in a process of their own, limited and knowing nothing of the site."""
