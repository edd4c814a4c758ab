"""Images lose what they say about their owners, and nothing else; what is broken never is an image."""

import random
import struct
import time
from io import BytesIO
from tempfile import TemporaryFile
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageSequence

from deskhand.attachments import pictures
from deskhand.attachments.images import clean
from deskhand.attachments.pictures import THUMBNAIL
from deskhand.attachments.strip import Malformed, stripped

FORMATS = ["jpeg", "png", "gif", "webp", "avif"]
SECRETS = (b"ACME", b"secret", b"xmpmeta")
XMP = b"<x:xmpmeta>secret</x:xmpmeta>"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif(orientation: int = 1) -> Image.Exif:
    made = Image.Exif()
    made[0x0112], made[0x010F] = orientation, "ACME"
    position = made.get_ifd(0x8825)
    position[1], position[2] = "N", (51.0, 30.0, 0.0)
    return made


def drawn(size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A picture whose corners differ."""
    picture = Image.linear_gradient("L").resize(size)
    return Image.merge("RGB", (picture, picture.rotate(90).resize(size), picture.rotate(180)))


def encoded(image_format: str, picture: Image.Image | None = None, **options: Any) -> bytes:
    target = BytesIO()
    (picture or drawn()).save(target, image_format.upper(), **options)
    return target.getvalue()


def with_metadata(image_format: str, orientation: int = 1) -> bytes:
    if image_format == "gif":
        return encoded("gif", comment=b"secret")
    extra = {"comment": b"secret"} if image_format == "jpeg" else {}
    return encoded(image_format, exif=exif(orientation), xmp=XMP, icc_profile=SRGB, **extra)


def cleaned(data: bytes, image_format: str) -> tuple[bytes, Image.Image | None]:
    """The bytes that will be served, and the thumbnail."""
    with TemporaryFile() as source:
        source.write(data)
        result = clean(source, image_format)
        with result.file:
            result.file.seek(0)
            served = result.file.read()
    return served, Image.open(BytesIO(result.thumbnail)) if result.thumbnail else None


def opened(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


@pytest.mark.parametrize("image_format", FORMATS)
def test_metadata_goes_and_pixels_stay(image_format: str) -> None:
    original = with_metadata(image_format)
    assert any(secret in original for secret in SECRETS)
    served, thumbnail = cleaned(original, image_format)
    assert not any(secret in served for secret in SECRETS)
    picture = opened(served)
    assert not picture.getexif()
    assert not picture.info.keys() & {"exif", "xmp", "comment", "XML:com.adobe.xmp"}
    assert picture.convert("RGB").tobytes() == opened(original).convert("RGB").tobytes()
    assert thumbnail is not None
    assert thumbnail.size == picture.size


@pytest.mark.parametrize("image_format", ["jpeg", "png", "webp", "avif"])
def test_colours_keep_their_profile(image_format: str) -> None:
    for orientation in (1, 6):
        served, _ = cleaned(with_metadata(image_format, orientation), image_format)
        assert opened(served).info["icc_profile"] == SRGB


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("image_format", ["jpeg", "png", "webp"])
def test_a_picture_taken_sideways_is_turned(image_format: str, orientation: int) -> None:
    original = with_metadata(image_format, orientation)
    served, thumbnail = cleaned(original, image_format)
    picture, before = opened(served).convert("RGB"), opened(original)
    assert not any(secret in served for secret in SECRETS)
    assert not picture.getexif()
    turned = orientation >= 5
    assert picture.size == ((48, 64) if turned else (64, 48))
    assert thumbnail is not None
    assert thumbnail.size == picture.size
    expected = Image.new("RGB", picture.size)
    method = [None, None, 0, 3, 1, 5, 4, 6, 2][orientation]
    expected = before.convert("RGB").transpose(Image.Transpose(method))
    difference = max(
        abs(a - b)
        for x in (1, picture.width - 2)
        for y in (1, picture.height - 2)
        for a, b in zip(picture.getpixel((x, y)), expected.getpixel((x, y)), strict=True)
    )
    assert difference < 25


def test_an_avif_turns_by_itself() -> None:
    served, thumbnail = cleaned(with_metadata("avif", 6), "avif")
    assert b"ACME" not in served
    assert thumbnail is not None
    assert thumbnail.size == (48, 64)


@pytest.mark.parametrize("image_format", ["gif", "webp", "png", "avif"])
def test_an_animation_stays_one(image_format: str) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "lime", "blue")]
    options = {} if image_format in {"gif", "avif"} else {"exif": exif()}
    original = encoded(image_format, frames[0], save_all=True, append_images=frames[1:], duration=80, loop=0, **options)
    served, thumbnail = cleaned(original, image_format)
    after, before = Image.open(BytesIO(served)), Image.open(BytesIO(original))
    assert [frame.convert("RGB").tobytes() for frame in ImageSequence.Iterator(after)] == [
        frame.convert("RGB").tobytes() for frame in ImageSequence.Iterator(before)
    ]
    assert after.info.get("loop") == before.info.get("loop")
    assert thumbnail is not None
    assert b"ACME" not in served


@pytest.mark.parametrize("image_format", ["jpeg", "png", "gif", "webp"])
def test_nothing_follows_the_end(image_format: str) -> None:
    served, thumbnail = cleaned(encoded(image_format) + b"<script>secret film of the flat</script>", image_format)
    assert b"secret" not in served
    assert thumbnail is not None


def test_the_second_picture_in_a_phones_jpeg_goes() -> None:
    original = encoded("mpo", drawn(), save_all=True, append_images=[drawn((32, 32))], exif=exif(6))
    assert opened(original).format == "MPO"
    served, thumbnail = cleaned(original, "jpeg")
    assert opened(served).format == "JPEG"
    assert served.count(b"\xff\xd8\xff") == 1
    assert thumbnail is not None
    assert thumbnail.size == (48, 64)


def test_an_embedded_jpeg_thumbnail_goes() -> None:
    original = encoded("jpeg")
    assert original[2:4] == b"\xff\xe0"
    hidden = b"\xff\xe0" + struct.pack(">H", 16 + 12) + original[6:18] + b"\x02\x02" + b"secretpixels"
    served, thumbnail = cleaned(original[:2] + hidden + original[20:], "jpeg")
    assert b"secret" not in served
    assert opened(served).size == (64, 48)
    assert thumbnail is not None


@pytest.mark.parametrize(
    ("mode", "image_format"),
    [*((mode, "png") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")), ("CMYK", "jpeg"), ("L", "jpeg")],
)
def test_every_mode_has_a_thumbnail(mode: str, image_format: str) -> None:
    grey = drawn((900, 300)).convert("L")
    picture = grey.convert("I").point(lambda value: value * 257).convert(mode) if mode == "I;16" else grey.convert(mode)
    _, thumbnail = cleaned(encoded(image_format, picture), image_format)
    assert thumbnail is not None
    assert thumbnail.size == (THUMBNAIL, THUMBNAIL // 3)
    colours = thumbnail.convert("L").getextrema()
    assert colours[0] < 40
    assert colours[1] > 215


@pytest.mark.parametrize("size", [(12_000, 9_000), (60_000, 900), (7_100, 7_100)])
def test_a_bomb_is_not_opened(size: tuple[int, int]) -> None:
    began = time.perf_counter()
    _, thumbnail = cleaned(encoded("png", Image.new("1", size)), "png")
    assert thumbnail is None
    assert time.perf_counter() - began < 2


def test_a_large_photo_loses_its_position_though_it_is_no_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 1000)
    served, thumbnail = cleaned(with_metadata("jpeg", 6), "jpeg")
    assert thumbnail is None
    assert b"ACME" not in served
    assert opened(served).size == (64, 48)


def test_a_picture_from_an_iphone_loses_its_position() -> None:
    """No browser but Safari shows HEIC; it is a download, and built as AVIF is."""
    heic = with_metadata("avif").replace(b"ftypavif", b"ftypheic", 1)
    served, thumbnail = cleaned(heic, "heif")
    assert thumbnail is None
    assert len(served) == len(heic)
    assert not any(secret in served for secret in SECRETS)


@pytest.mark.parametrize("image_format", [*FORMATS, "heif"])
def test_broken_files_are_survived(image_format: str) -> None:
    """Cut off anywhere, and with flipped bits: never an exception, and no thumbnail of what cannot be decoded."""
    original = with_metadata("avif" if image_format == "heif" else image_format)
    chance = random.Random(image_format)
    broken = [original[: chance.randrange(1, len(original))] for _ in range(60)]
    for _ in range(150):
        flipped = bytearray(original)
        for _ in range(chance.choice((1, 2, 8, 40))):
            flipped[chance.randrange(len(flipped) if chance.random() < 0.5 else 120)] ^= 1 << chance.randrange(8)
        broken.append(bytes(flipped))
    for data in [*broken, original[:1], b"\0" * 64, original * 2]:
        served, thumbnail = cleaned(data, image_format)
        assert served
        if thumbnail:
            assert max(thumbnail.size) <= THUMBNAIL


@pytest.mark.parametrize(
    ("image_format", "hostile"),
    [
        ("jpeg", b"\xff\xd8" + b"\xff\xe5\x00\x02" * 2_000_000),
        ("jpeg", b"\xff\xd8" + b"\xff" * 8_000_000),
        ("png", b"\x89PNG\r\n\x1a\n\0\0\0\0IHDR" + b"\0\0\0\0" * 2_000_000),
        ("gif", b"GIF89a" + bytes(7) + b"!\xfe\x00" * 2_000_000),
        ("webp", b"RIFF" + struct.pack("<I", 8_000_004) + b"WEBP" + b"VP8 \0\0\0\0" * 1_000_000),
        ("avif", b"\0\0\0\x0cftypavif" + b"\0\0\0\x08free" * 1_000_000),
        ("avif", b"\0\0\0\x0cftypavif" + b"\0\x7f\xff\xf0moov" + b"\0\x7f\xff\x00trak" * 1_000_000),
    ],
)
def test_hostile_files_are_given_up_on_soon(image_format: str, hostile: bytes) -> None:
    began = time.perf_counter()
    with pytest.raises(Malformed):
        stripped(image_format, hostile)
    assert time.perf_counter() - began < 2
