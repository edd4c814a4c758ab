"""Images: what may be shown, without metadata, upright, with a thumbnail.

Everything here is slow and belongs on a thread: `in_pool` has few, so that many uploads at once neither starve the rest
of the process nor decode a dozen large pictures into memory together.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from io import BytesIO
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple, ParamSpec, TypeVar

from PIL import Image, ImageOps

from deskhand.attachments.strip import Data, Malformed, Piece, stripped

P = ParamSpec("P")
T = TypeVar("T")

MAX_PIXELS = 50_000_000
THUMBNAIL = 480  # pixels along the longer side
THUMBNAIL_TYPE = "image/webp"

_PILLOW = {"jpeg": ("JPEG", "MPO"), "png": ("PNG",), "gif": ("GIF",), "webp": ("WEBP",), "avif": ("AVIF",)}
_SAVE: dict[str, dict[str, Any]] = {"jpeg": {"quality": 92}, "png": {}, "webp": {"quality": 92}}
_ORIENTATION, _TURNED = 0x0112, range(2, 9)
_COPY = 1024 * 1024

# Pillow looks at this before it allocates: it warns above, refuses above the double, also for what is embedded.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
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
    upright = _with_image(source, image_format, _upright) if image_format in _SAVE else None
    with upright or nullcontext(source) as found, mapped(found) as data:
        try:
            pieces = stripped(image_format, data)
        except Malformed:
            return Cleaned(source, None)
        result = _written(data, pieces)
    return Cleaned(result, _with_image(result, image_format, _thumbnail))


def as_png(source: IO[bytes], image_format: str, box: tuple[int, int]) -> tuple[bytes, int, int] | None:
    """(a PNG without metadata, its width and height): the image upright, scaled down where it exceeds `box`. None for
    what is broken, too large to decode, or of a format that browsers don't show."""
    return _with_image(source, image_format, lambda image: _png(image, box))


@contextmanager
def mapped(file: IO[bytes]) -> Iterator[mmap]:
    """The file's bytes without reading them all into memory. It must not be empty."""
    file.flush()
    with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        yield data


def _with_image(file: IO[bytes], image_format: str, use: Callable[[Image.Image], T]) -> T | None:
    """What `use` makes of the image; None where it has too many pixels or cannot be decoded."""
    if image_format not in _PILLOW:
        return None
    try:
        file.seek(0)
        with Image.open(file, formats=_PILLOW[image_format]) as image:
            return use(image) if image.width * image.height <= MAX_PIXELS else None
    except Exception:
        # On broken input Pillow raises nearly everything there is, by format and version; all of it means the same.
        return None


def _upright(image: Image.Image) -> IO[bytes] | None:
    """The image encoded anew where Exif alone says which side is up; None where it may stay as it is."""
    animated = getattr(image, "n_frames", 1) > 1 and image.format != "MPO"  # an MPO is a JPEG with others behind it
    if animated or image.getexif().get(_ORIENTATION) not in _TURNED:
        return None
    kind = "JPEG" if image.format == "MPO" else str(image.format)
    with _temporary() as target:
        ImageOps.exif_transpose(image).save(target, kind, icc_profile=_profile(image), **_SAVE[kind.lower()])
    return target


def _thumbnail(image: Image.Image) -> bytes:
    """Decodes the image (the first frame), which is also the proof that it is one."""
    profile = _profile(image)
    small = _scalable(image)
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    # AVIF is turned by a property of its own, which Pillow reports as if it were Exif.
    small = ImageOps.exif_transpose(small)
    target = BytesIO()
    small.save(target, "WEBP", quality=80, icc_profile=profile if profile and profile[16:20] == b"RGB " else None)
    return target.getvalue()


def _png(image: Image.Image, box: tuple[int, int]) -> tuple[bytes, int, int]:
    small = ImageOps.exif_transpose(_scalable(image))
    small = small.convert("RGB") if small.mode == "CMYK" else small
    small.thumbnail(box, Image.Resampling.LANCZOS)
    target = BytesIO()
    small.save(target, "PNG", optimize=True)
    return target.getvalue(), small.width, small.height


def _scalable(image: Image.Image) -> Image.Image:
    """`image` in a mode that can be scaled smoothly. JPEGs stay as they are: they are decoded at a smaller size."""
    if image.mode in {"RGB", "RGBA", "L", "CMYK"}:
        return image
    if image.mode.startswith("I"):  # 16 bits of grey, which conversion would cut off instead of scaling
        return image.point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("L" if image.mode == "1" else "RGBA")


def _profile(image: Image.Image) -> bytes | None:
    return image.info.get("icc_profile")


def _written(data: Data, pieces: list[Piece]) -> IO[bytes]:
    with _temporary() as target:
        for piece in pieces:
            if isinstance(piece, bytes):
                target.write(piece)
            else:
                for start in range(piece.start, piece.stop, _COPY):
                    target.write(data[start : min(start + _COPY, piece.stop)])
    return target


@contextmanager
def _temporary() -> Iterator[IO[bytes]]:
    """A file that outlives the block, unless the block fails."""
    target = TemporaryFile()  # noqa: SIM115
    try:
        yield target
    except BaseException:
        target.close()
        raise
