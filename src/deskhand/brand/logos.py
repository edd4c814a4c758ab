"""From an uploaded picture to a logo: small, upright, without metadata, and nothing that a browser could run."""

from collections.abc import AsyncIterable
from io import BytesIO
from typing import NamedTuple

from deskhand.attachments import images
from deskhand.attachments.sniff import sniff
from deskhand.kit.errors import Invalid, TooLarge
from deskhand.kit.phrases import Phrase

MAX_BYTES = 256 * 1024
BOX = (400, 96)  # pixels
CONTENT_TYPE = "image/png"

_FORMATS = {"png", "jpeg", "webp"}


class Logo(NamedTuple):
    data: bytes
    width: int
    height: int


async def take(chunks: AsyncIterable[bytes]) -> Logo:
    """What arrives as a logo. Raises TooLarge, and Invalid for anything but a PNG, JPEG or WebP that can be decoded."""
    received = bytearray()
    async for chunk in chunks:
        received += chunk
        if len(received) > MAX_BYTES:
            raise TooLarge(Phrase("A logo may be at most {most} kB.", most=MAX_BYTES // 1024))
    return await images.in_pool(make, bytes(received))


def make(source: bytes) -> Logo:
    """As `take`, at once. Slow: for a thread."""
    kind = sniff(source, "").image_format if source else None
    made = images.as_png(BytesIO(source), kind, BOX) if kind in _FORMATS else None
    if made is None:
        raise Invalid.field("file", "not_an_image", "A logo is a PNG, JPEG or WebP image.")
    return Logo(*made)
