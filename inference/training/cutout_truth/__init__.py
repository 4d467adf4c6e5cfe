"""The ground truth that cutout engines are measured on: named objects, modelled by hand, in sets arranged by hand.

None of it is seen in training: the network's objects come from a grammar without named models, its grounds from other
patterns. What both share is the renderer and the builders of single surfaces (a lathe, a rod, a ring).
"""
