"""Bytes in an S3 bucket, or in anything that speaks S3 (S3_ENDPOINT_URL). Loaded only where S3_BUCKET is set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage
from urllib3.exceptions import HTTPError

from apps.core.errors import Unavailable

LINK_LIMIT_S = 300
"""No signed form or link lives longer."""


class BucketStorage(S3Storage):  # type: ignore[misc]
    presigns = True

    def __init__(self, **options: Any) -> None:
        """Short waits and few retries, because a request waits behind them. Checksums only where S3 itself demands
        them and paths instead of host names on other makes, which is what they all understand."""
        super().__init__(**options)
        self.client_config = Config(
            signature_version="s3v4",
            connect_timeout=3,
            read_timeout=20,
            retries={"mode": "standard", "total_max_attempts": 3},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if self.endpoint_url else "virtual"},
        )

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    def put(self, key: str, data: bytes, content_type: str) -> None:
        with _faults():
            self._client.put_object(Bucket=self.bucket_name, Key=key, Body=data, ContentType=content_type)

    def get(self, key: str) -> bytes:
        """All bytes; a connection that ends early is a fault, never a short result."""
        with _faults():
            return bytes(self._client.get_object(Bucket=self.bucket_name, Key=key)["Body"].read())

    def has(self, key: str) -> bool:
        return self.size_of(key) is not None

    def holds(self, key: str, data: bytes) -> bool:
        """Compares the size: object storages check their own bytes, and what breaks is a write that was cut off."""
        return self.size_of(key) == len(data)

    def size_of(self, key: str) -> int | None:
        with _faults():
            try:
                return int(self._client.head_object(Bucket=self.bucket_name, Key=key)["ContentLength"])
            except ClientError as error:
                if _status(error) == 404:
                    return None
                raise

    def remove(self, key: str) -> None:
        with _faults():
            self._client.delete_object(Bucket=self.bucket_name, Key=key)

    def link(self, key: str, *, content_type: str, disposition: str) -> str:
        params = {
            "Bucket": self.bucket_name,
            "Key": key,
            "ResponseContentType": content_type,
            "ResponseContentDisposition": disposition,
            "ResponseCacheControl": f"private, max-age={LINK_LIMIT_S}",
        }
        with _faults():
            return str(self._client.generate_presigned_url("get_object", Params=params, ExpiresIn=LINK_LIMIT_S))

    def form(self, key: str, *, content_type: str, max_bytes: int) -> dict[str, Any]:
        with _faults():
            signed: dict[str, Any] = self._client.generate_presigned_post(
                self.bucket_name,
                key,
                Fields={"Content-Type": content_type},
                Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, max_bytes]],
                ExpiresIn=LINK_LIMIT_S,
            )
        return signed


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = "assets.bytes_missing" if _status(error) == 404 else "assets.storage_down"
        raise Unavailable(code) from error
    except (BotoCoreError, HTTPError, OSError) as error:
        raise Unavailable("assets.storage_down") from error
