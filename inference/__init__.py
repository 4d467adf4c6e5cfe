"""VisualForge's imaging library: arrays and recipes in, arrays and measurements out.

It knows no web framework, no database and no tenant. Read in this order: ``types``, ``ports``, ``pipelines``.
"""

__version__ = "0.1.0"
