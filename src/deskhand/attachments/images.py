"""Images: what may be shown, without metadata, upright, with a thumbnail.

What is done with pixels is in pictures.py, loaded with the first image: Pillow takes a while and two megabytes.

Everything here is slow and belongs on a thread: `in_pool` has few, so that many uploads at once neither starve the rest
of the process nor decode a dozen large pictures into memory together.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from typing import IO, NamedTuple, ParamSpec, TypeVar

from deskhand.attachments.strip import Data, Malformed, Piece, stripped

P = ParamSpec("P")
T = TypeVar("T")

THUMBNAIL_TYPE = "image/webp"

_COPY = 1024 * 1024
_pool = ThreadPoolExecutor(2, thread_name_prefix="images")


class Cleaned(NamedTuple):
    """`file` holds the image as it will be served; `thumbnail` is None where it is not to be shown as an image."""

    file: IO[bytes]
    thumbnail: bytes | None


async def in_pool(fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `fn` in one of the few threads for heavy work."""
    return await asyncio.get_running_loop().run_in_executor(_pool, lambda: fn(*args, **kwargs))


def clean(source: IO[bytes], image_format: str) -> Cleaned:
    """Strip and check the image in `source`, whose first bytes say `image_format` (jpeg, png, gif, webp, avif, heif).

    What is broken, too large to decode, or of a format that browsers don't show comes back without a thumbnail;
    its metadata is gone all the same where the container could be read. Never raises for what is in the file.
    """
    from deskhand.attachments import pictures

    upright = pictures.upright(source, image_format)
    with upright or nullcontext(source) as found, mapped(found) as data:
        try:
            pieces = stripped(image_format, data)
        except Malformed:
            return Cleaned(source, None)
        result = _written(data, pieces)
    return Cleaned(result, pictures.thumbnail(result, image_format))


def as_png(source: IO[bytes], image_format: str, box: tuple[int, int]) -> tuple[bytes, int, int] | None:
    """(a PNG without metadata, its width and height): the image upright, scaled down where it exceeds `box`. None for
    what is broken, too large to decode, or of a format that browsers don't show."""
    from deskhand.attachments import pictures

    return pictures.png(source, image_format, box)


@contextmanager
def mapped(file: IO[bytes]) -> Iterator[mmap]:
    """The file's bytes without reading them all into memory. It must not be empty."""
    file.flush()
    with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        yield data


def _written(data: Data, pieces: list[Piece]) -> IO[bytes]:
    with temporary() as target:
        for piece in pieces:
            if isinstance(piece, bytes):
                target.write(piece)
            else:
                for start in range(piece.start, piece.stop, _COPY):
                    target.write(data[start : min(start + _COPY, piece.stop)])
    return target


@contextmanager
def temporary() -> Iterator[IO[bytes]]:
    """A file that outlives the block, unless the block fails."""
    target = TemporaryFile()  # noqa: SIM115
    try:
        yield target
    except BaseException:
        target.close()
        raise
