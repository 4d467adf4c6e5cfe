"""The cutout network: random rendered scenes, training, export. Needs Mitsuba for the data and torch for the rest.

See ``docs/cutout-benchmark.md`` for the commands in order. Nothing is downloaded; the weights are ours to give away.
"""
