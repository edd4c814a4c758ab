"""What Pillow does with images: turns them upright, scales them down, and tells which are broken."""

from collections.abc import Callable
from io import BytesIO
from typing import IO, Any, TypeVar

from PIL import Image, ImageOps

from deskhand.attachments.images import temporary

T = TypeVar("T")

MAX_PIXELS = 50_000_000
THUMBNAIL = 480  # pixels along the longer side

_PILLOW = {"jpeg": ("JPEG", "MPO"), "png": ("PNG",), "gif": ("GIF",), "webp": ("WEBP",), "avif": ("AVIF",)}
_SAVE: dict[str, dict[str, Any]] = {"jpeg": {"quality": 92}, "png": {}, "webp": {"quality": 92}}
_ORIENTATION, _TURNED = 0x0112, range(2, 9)

# Pillow looks at this before it allocates: it warns above, refuses above the double, also for what is embedded.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def upright(file: IO[bytes], image_format: str) -> IO[bytes] | None:
    """The image encoded anew where Exif alone says which side is up; None where it may stay as it is."""
    return _with_image(file, image_format, _turned) if image_format in _SAVE else None


def thumbnail(file: IO[bytes], image_format: str) -> bytes | None:
    """The image in small; None where it is not to be shown as one."""
    return _with_image(file, image_format, _small)


def png(file: IO[bytes], image_format: str, box: tuple[int, int]) -> tuple[bytes, int, int] | None:
    """A PNG that fits into `box`, its width and height; None where there is none."""
    return _with_image(file, image_format, lambda image: _png(image, box))


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


def _turned(image: Image.Image) -> IO[bytes] | None:
    """The image encoded anew where Exif alone says which side is up; None where it may stay as it is."""
    animated = getattr(image, "n_frames", 1) > 1 and image.format != "MPO"  # an MPO is a JPEG with others behind it
    if animated or image.getexif().get(_ORIENTATION) not in _TURNED:
        return None
    kind = "JPEG" if image.format == "MPO" else str(image.format)
    with temporary() as target:
        ImageOps.exif_transpose(image).save(target, kind, icc_profile=_profile(image), **_SAVE[kind.lower()])
    return target


def _small(image: Image.Image) -> bytes:
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
