"""Files in a bucket."""

import asyncio
import os
from collections.abc import AsyncIterable
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import obstore
from obstore.store import S3Store

from deskhand.kit.storage.base import Source, Storage, StorageUnavailable, checked, translated

if TYPE_CHECKING:
    from obstore.store import S3Config

# S3 takes parts of at least 5 MiB; with two under way, one upload holds about 15 MiB at most.
PART = 5 * 1024 * 1024
PARTS_AT_ONCE = 2


class S3Storage(Storage):
    """A bucket on S3 or something that speaks like it."""

    def __init__(self, parts: SplitResult) -> None:
        given = dict(parse_qsl(parts.query))
        if unknown := given.keys() - {"endpoint", "region"}:
            raise ValueError(f"storage address has an unknown parameter: {', '.join(sorted(unknown))}")
        if not parts.hostname:
            raise ValueError("storage address names no bucket: s3://bucket/prefix")
        endpoint, plain = _endpoint(given.get("endpoint"))
        self._store = S3Store(
            parts.hostname,
            prefix=unquote(parts.path).strip("/") or None,
            config=_s3_config(parts, endpoint, given.get("region")),
            client_options={"allow_http": plain, "connect_timeout": "5s", "timeout": "60s"},
            retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=30)},
        )

    async def put_stream(self, key: str, chunks: AsyncIterable[bytes], *, limit: int | None = None) -> int:
        source = Source(chunks, limit)
        head = await source.take(PART)
        try:
            with translated(StorageUnavailable):
                if source.ended:
                    await obstore.put_async(self._store, checked(key), head, use_multipart=False)
                else:
                    await self._put_parts(checked(key), source)
        except StorageUnavailable:
            if source.problem:  # the trouble was the source's, not the bucket's
                raise source.problem from None
            raise
        return source.size

    async def _put_parts(self, key: str, source: Source) -> None:
        upload = asyncio.ensure_future(
            obstore.put_async(self._store, key, source, chunk_size=PART, max_concurrency=PARTS_AT_ONCE)
        )
        try:
            await asyncio.shield(upload)
        except asyncio.CancelledError:
            # Dropping the call would leave invisible parts that cost money; a source that fails makes obstore abort.
            source.stopped = True
            await asyncio.wait({upload})
            if not upload.exception():
                await self.delete(key)
            raise

    def put_sync(self, key: str, data: bytes) -> None:
        with translated(StorageUnavailable):
            obstore.put(self._store, checked(key), data, use_multipart=False)

    def purge_incomplete(self, before: int) -> int:
        """Nothing: S3 shows unfinished uploads only to a lifecycle rule of the bucket."""
        return 0


def _s3_config(parts: SplitResult, endpoint: str | None, region: str | None) -> "S3Config":
    config: S3Config = {}
    if parts.username:
        config["access_key_id"] = unquote(parts.username)
        config["secret_access_key"] = unquote(parts.password or "")
    if region:
        config["region"] = region
    if endpoint:
        config["aws_endpoint_url_s3"] = endpoint
    # MinIO and its like want the bucket in the path; so does TLS when the bucket's name has a dot.
    config["virtual_hosted_style_request"] = endpoint is None and "." not in (parts.hostname or "")
    return config


def _endpoint(given: str | None) -> tuple[str | None, bool]:
    """The endpoint, from the address or the AWS environment, and whether it may be spoken to without TLS: where the
    address says so itself, or on this machine."""
    endpoint = given or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return None, False
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("storage endpoint should look like https://host:port")
    plain = parts.scheme == "http"
    if plain and not given and not _is_loopback(parts.hostname):
        raise ValueError("endpoint from the environment is not https; name it in the storage address to allow it")
    return endpoint.rstrip("/"), plain


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
