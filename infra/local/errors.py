"""The one error of the local tools. Standard library only: it is raised before anything is installed."""

from __future__ import annotations


class SetupError(Exception):
    """Something on this machine stands in the way.

    The message is one sentence for a person: what is wrong, and what to do next. Commands print it and exit with 2.
    """
