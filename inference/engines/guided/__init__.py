"""The classical engine with the opinion of the network that comes with the library: the default without downloads."""
