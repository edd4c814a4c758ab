"""Entity tags, by which a reader learns that nothing has changed."""

from hashlib import blake2b


def tag_of(content: bytes) -> str:
    return f'"{blake2b(content, digest_size=12).hexdigest()}"'


def matches(header: str, tag: str) -> bool:
    """`If-None-Match` compares weakly (RFC 9110, 13.1.2)."""
    tags = {part.strip().removeprefix("W/") for part in header.split(",")}
    return "*" in tags or tag.removeprefix("W/") in tags
