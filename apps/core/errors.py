"""What the application raises on purpose; raised anywhere, shown in one place (``core.middleware``).

    AppError
    ├── InvalidInput   the request makes no sense (400)
    ├── NotAllowed     the role may not do this (403)
    ├── NotFound       no such thing in this workspace (404); also what strangers get
    ├── Conflict       the thing is in another state than the request assumes (409)
    └── Unavailable    a part of the service is missing or overloaded; try again (503)

``code`` is stable and has one human sentence in ``core.sentences``.
"""

from __future__ import annotations


class AppError(Exception):
    status = 400
    retryable = False

    def __init__(self, code: str, **params: str | int | float) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class InvalidInput(AppError):
    status = 400


class NotAllowed(AppError):
    status = 403


class NotFound(AppError):
    status = 404


class Conflict(AppError):
    status = 409


class Unavailable(AppError):
    status = 503
    retryable = True
