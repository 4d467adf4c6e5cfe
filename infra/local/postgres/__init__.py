"""The embedded PostgreSQL: binaries from a wheel, our own launcher, one private socket, no network port."""

from infra.local.postgres.launcher import FAST_SHUTDOWN, Server, destroy, start

__all__ = ["FAST_SHUTDOWN", "Server", "destroy", "start"]
