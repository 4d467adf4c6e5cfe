"""How pytest-xdist shares the tests out: what stays together, and what begins.

The tests of one file run in one process, one after the other, so that what they set up together is set up once.
Folders whose files share something that takes long to start stay together as well. What takes longest begins, so that
at the end no process still has a long file before it while the others have nothing left.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

TOGETHER = ("tests/browser", "tests/unit/inference/sefi")
"""Folders whose files share a site and a browser, or networks."""
LONGEST = (
    "tests/browser",
    "tests/integration/test_up.py",
    "tests/integration/studio/test_scene_worker.py",
)
"""What begins, in this order."""


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, Any, Any]:
    """Share out by group wherever several processes were asked for and nothing else was said."""
    if config.getoption("numprocesses", 0) and config.getoption("dist") == "no":
        config.option.dist = "loadscope"
    return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Share out by group; None, hence what xdist has for it, where somebody asked for another way."""
    return ByGroup(config, log) if config.getoption("dist") == "loadscope" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes longest first. Every process does the same, as xdist compares their lists."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: rank(group(item.nodeid)))


def group(nodeid: str) -> str:
    """What a test stays together with: its file, or a folder."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


def rank(of: str, longest: Sequence[str] = LONGEST) -> int:
    """The place of a group; all that are not among the longest share the last."""
    return longest.index(of) if of in longest else len(longest)


class ByGroup(LoadScopeScheduling):
    """Hands out whole groups, in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # it would count tests, and a long one counts no more than a short one

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
