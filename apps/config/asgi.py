"""The web process."""

import os

from django.core.asgi import get_asgi_application

from apps.config.serving import require_secret_key
from apps.core.body_limit import BodyLimit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "apps.config.settings.embedded")
ROOM_FOR_FORM_FIELDS = 64 * 1024
TAKE_FILES = ("/uploads/", "/studio/verify/file")


def _body_limit(path: str) -> int:
    """Only few addresses take files."""
    from django.conf import settings

    if path.endswith(TAKE_FILES):
        return int(settings.UPLOAD_MAX_BYTES) + ROOM_FOR_FORM_FIELDS
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


require_secret_key()
application = BodyLimit(get_asgi_application(), _body_limit)
