"""Brokers that a test or a chaos run starts for itself, may kill and empty, and ends: a folder, Redis, RabbitMQ.

Redis and RabbitMQ are programs of the machine, listen on loopback at a port of their own, and keep their files in the
folder that they are given. Nothing that runs already is touched.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tests.programs import free_port, killed, started

START_S = 90.0
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Debian's wrapper on PATH would become the user rabbitmq; this is the program itself."""


class Broker(Protocol):
    """``url`` is the CELERY_BROKER_URL; ``wipes`` how often a chaos run may empty it in bounded time."""

    url: str
    wipes: int

    def wipe(self) -> int:
        """Lose every message at once; returns how many there were."""
        ...

    def close(self) -> None:
        """End what was started."""
        ...


class BrokerMissing(Exception):
    """The program is not installed; the text is a sentence that says which and where it comes from."""


class FolderBroker:
    """What ``make run`` uses: one file a message below the data folder."""

    url = "filesystem://"
    wipes = 10

    def __init__(self, folder: Path) -> None:
        self._queue = folder / "broker" / "queue"

    def wipe(self) -> int:
        messages = list(self._queue.glob("*.msg"))
        for message in messages:
            message.unlink(missing_ok=True)
        return len(messages)

    def close(self) -> None:
        """Nothing runs."""


class RedisBroker:
    """A ``redis-server`` without persistence: killed, it has forgotten everything."""

    wipes = 10

    def __init__(self, folder: Path) -> None:
        self._program = _require("redis-server", "Debian's package redis-server has it")
        self._folder = folder / "redis"
        self._folder.mkdir(parents=True)
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._start()

    def _start(self) -> None:
        argv = [self._program, "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self._folder)]
        self._process = started([*argv, "--save", "", "--appendonly", "no"], os.environ, self._folder / "log")
        _wait_for_port(self._process, self.port, self._folder / "log")

    def kill(self) -> None:
        """kill -9, and nobody starts it again."""
        killed(self._process)

    def start_again(self) -> None:
        """Empty, at the same address."""
        self._start()

    def waiting(self) -> int:
        """Messages that wait, and those that a worker has taken and not acknowledged."""
        import redis

        with redis.Redis(port=self.port) as client:
            return int(client.llen("jobs")) + int(client.hlen("unacked"))  # type: ignore[arg-type]

    def wipe(self) -> int:
        lost = self.waiting()
        self.kill()
        self.start_again()
        return lost

    def close(self) -> None:
        self.kill()


class RabbitBroker:
    """A ``rabbitmq-server`` with an Erlang port mapper of its own; emptied by kill -9 and without its files."""

    wipes = 3  # it takes some seconds to start

    def __init__(self, folder: Path) -> None:
        if not RABBITMQ.exists():
            raise BrokerMissing(f"{RABBITMQ} is not there; Debian's package rabbitmq-server has it.")
        self._folder = folder / "rabbitmq"
        self._folder.mkdir(parents=True)
        self.port, mapper_port, peer_port = free_port(), free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._environment = os.environ | {
            "HOME": str(self._folder),
            "ERL_EPMD_PORT": str(mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"vf{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(peer_port),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_LOG_BASE": str(self._folder / "logs"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "no-plugins"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "no-config"),
            "RUNNING_UNDER_SYSTEMD": "1",  # one process that is the server itself, no shell around it
        }
        mapper = [_require("epmd", "it comes with Erlang"), "-port", str(mapper_port), "-address", "127.0.0.1"]
        self._mapper = started(mapper, self._environment, self._folder / "epmd.log")
        self._start()

    def _start(self) -> None:
        self._process = started([str(RABBITMQ)], self._environment, self._folder / "log")
        _wait_for_port(self._process, self.port, self._folder / "log")

    def waiting(self) -> int:
        """Messages that wait; those that a worker has taken are not told."""
        from amqp import Connection, NotFound

        with Connection(f"127.0.0.1:{self.port}") as connection:
            try:
                return int(connection.channel().queue_declare("jobs", passive=True).message_count)
            except NotFound:
                return 0

    def wipe(self) -> int:
        lost = self.waiting()
        killed(self._process)
        shutil.rmtree(self._folder / "data")
        self._start()
        return lost

    def close(self) -> None:
        killed(self._process)
        killed(self._mapper)


BROKERS: Mapping[str, type[FolderBroker] | type[RedisBroker] | type[RabbitBroker]] = {
    "folder": FolderBroker,
    "redis": RedisBroker,
    "rabbitmq": RabbitBroker,
}


def _require(program: str, hint: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise BrokerMissing(f"{program} is not installed; {hint}.")
    return path


def _wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    killed(process)
    raise RuntimeError(f"{process.args} did not start:\n{log.read_text()[-2000:]}")
