"""A small SeFi of our own: pictures that we draw ourselves, its codec, its semantics, its transformer, and a report.

It has the architecture, the objective and the folders of SeFi-Image at a few million parameters, draws simple still
lifes, and exists so that conditioning, palette, layout and best-of-N are measured on a model that really draws. See
``docs/small-sefi.md``. Nothing is downloaded; the weights are ours to give away.
"""
