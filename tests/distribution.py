"""How pytest-xdist shares the tests out: in how many processes, what stays together, and what begins.

The tests of one file run in one process, one after the other, so that what they set up together is set up once.
Folders whose files share something that takes long to start stay together as well. What takes longest begins, so that
at the end no process still has a long file before it while the others have nothing left.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

from apps.core.env import usable_cores
from infra.local.programs import ONE_THREAD_EACH

TOGETHER = ("tests/browser", "tests/unit/inference/sefi")
"""Folders whose files share a site and a browser, or networks."""
LONGEST = (
    "tests/browser",
    "tests/integration/test_up.py",
    "tests/integration/studio/test_scene_worker.py",
    "tests/integration/studio/test_adapter_worker.py",
)
"""What begins, in this order."""
FEW_GROUPS = 4
"""So many groups, or fewer, are done sooner by one process than others have started."""
MOST_PROCESSES = 8
"""Each takes up to 1.5 GB of memory."""


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, Any, Any]:
    """Share out by group wherever several processes were asked for and nothing else was said."""
    if config.getoption("numprocesses", 0) and config.getoption("dist") == "no":
        config.option.dist = "loadscope"
    return (yield)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """What ``-n auto`` means here, and so `make test`: 0 where this process does better alone."""
    option = config.option
    picked = option.keyword or option.lf or option.failedfirst or option.newfirst or getattr(option, "stepwise", False)
    if picked or option.capture == "no" or option.collectonly:
        return 0
    return processes((config.invocation_params.dir / path for path in config.args), config.rootpath, usable_cores())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Libraries that start a thread for every core would only be in each other's way."""
    for name in ONE_THREAD_EACH:
        os.environ.setdefault(name, "1")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Share out by group; None, hence what xdist has for it, where somebody asked for another way."""
    return ByGroup(config, log) if config.getoption("dist") == "loadscope" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes longest first. Every process does the same, as xdist compares their lists."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: rank(group(item.nodeid)))


def processes(chosen: Iterable[Path], root: Path, cores: int) -> int:
    """In how many processes the tests below the ``chosen`` paths run; 0: in the one that asks."""
    groups = {group(file.relative_to(root).as_posix()) for path in chosen for file in _test_files(path)}
    return min(cores, len(groups), MOST_PROCESSES) if cores > 1 and len(groups) > FEW_GROUPS else 0


def _test_files(path: Path) -> Iterator[Path]:
    """The files of a folder; no more than one of a file, or of a test in it, whose name has "::" after the file's."""
    file = Path(str(path).partition("::")[0])
    return file.rglob("test_*.py") if file.is_dir() else iter([file])


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
