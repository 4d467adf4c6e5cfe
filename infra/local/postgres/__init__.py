"""The embedded PostgreSQL: binaries from a wheel, our own launcher, one private socket, no network port."""

from infra.local.postgres.launcher import Server, destroy, start

__all__ = ["Server", "destroy", "start"]
