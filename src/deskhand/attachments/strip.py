"""Metadata out of images without touching a pixel: where it was taken, with what, by whom.

Each function walks one container format and returns the pieces that stay: spans of the original, and new bytes
between them. What is not known to be needed for showing the image goes, and so does whatever follows its end (phones
hide a second picture or a film there, with its own position). `Malformed` means: not what it claims to be.
"""

import re
from collections.abc import Callable, Iterator
from mmap import mmap

from deskhand.attachments.isobmff import blanked

Data = bytes | mmap
Piece = slice | bytes

# No honest image has more; without a bound, 25 MiB of empty segments would take seconds.
MAX_SEGMENTS = 100_000

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_NEEDED = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"),
    *(b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI", b"sBIT"),  # colour
    *(b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT"),  # background, pixel shape, animation
}
_WEBP_NEEDED = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_WEBP_EXIF_AND_XMP = 0x08 | 0x04
# 0x00 and RST0-7 belong to the compressed data, 0xFF is padding before a marker.
_JPEG_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_GIF_LOOP = {b"NETSCAPE2.0", b"ANIMEXTS1.0"}


class Malformed(Exception):
    """The bytes are not a whole image of the format that their beginning promises."""


def stripped(image_format: str, data: Data) -> list[Piece]:
    """The pieces of the image without metadata. `image_format`: a key of FORMATS. Raises Malformed."""
    try:
        return _merged(FORMATS[image_format](data))
    except (IndexError, ValueError) as problem:
        raise Malformed from problem


def _jpeg(data: Data) -> Iterator[Piece]:
    yield slice(0, 2)
    position = 2
    for _ in range(MAX_SEGMENTS):
        if data[position] != 0xFF:
            raise Malformed
        while data[position] == 0xFF:
            position += 1
        marker = data[position]
        if marker == 0xD9:  # EOI
            yield b"\xff\xd9"
            return
        position += 1
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            raise Malformed
        end = _end(data, position, int.from_bytes(data[position : position + 2]), least=2)
        yield from _jpeg_segment(data, marker, position, end)
        position = end
        if marker == 0xDA:  # SOS: compressed data follows
            found = _JPEG_AFTER_SCAN.search(data, position)
            position = found.start() if found else len(data)
            yield slice(end, position)
    raise Malformed


def _jpeg_segment(data: Data, marker: int, start: int, end: int) -> Iterator[Piece]:
    named = data[start + 2 : min(end, start + 14)]
    if marker == 0xE0 and named.startswith(b"JFIF\0") and end - start >= 16:
        # Version, units and density; a thumbnail may follow, which could show what was cropped away.
        yield b"\xff\xe0\x00\x10" + data[start + 2 : start + 14] + b"\0\0"
    elif marker < 0xE0 or marker == 0xEE or (marker == 0xE2 and named == b"ICC_PROFILE\0"):
        # APP14 says how colours are coded. All other APPn and comments go; so do JPGn and COM (0xF0 and up).
        yield slice(start - 2, end)


def _png(data: Data) -> Iterator[Piece]:
    if data[:8] != _PNG_SIGNATURE or data[12:16] != b"IHDR":
        raise Malformed
    yield slice(0, 8)
    position = 8
    for _ in range(MAX_SEGMENTS):
        kind = data[position + 4 : position + 8]
        end = _end(data, position, int.from_bytes(data[position : position + 4]) + 12)
        if kind in _PNG_NEEDED:
            yield slice(position, end)
        position = end
        if kind == b"IEND":
            return
    raise Malformed


def _webp(data: Data) -> Iterator[Piece]:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise Malformed
    kept: list[Piece] = []
    position, total = 12, 4
    file_end = _end(data, 0, int.from_bytes(data[4:8], "little") + 8, least=20)
    while position < file_end:
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        end = _end(data, position, 8 + size + size % 2)
        kind = data[position : position + 4]
        if kind == b"VP8X":
            flags = data[position + 8] & ~_WEBP_EXIF_AND_XMP
            kept += [slice(position, position + 8), bytes([flags]), slice(position + 9, end)]
        elif kind in _WEBP_NEEDED:
            kept.append(slice(position, end))
        if kind in _WEBP_NEEDED:
            total += end - position
        position = end
        if len(kept) > MAX_SEGMENTS:
            raise Malformed
    yield b"RIFF" + total.to_bytes(4, "little") + b"WEBP"
    yield from kept


def _gif(data: Data) -> Iterator[Piece]:
    if data[:6] not in {b"GIF87a", b"GIF89a"}:
        raise Malformed
    position = 13 + _gif_colours(data[10])
    yield slice(0, position)
    for _ in range(MAX_SEGMENTS):
        start, kind = position, data[position]
        if kind == 0x3B:  # trailer
            yield b";"
            return
        if kind == 0x2C:  # image
            position = _gif_blocks(data, position + 11 + _gif_colours(data[position + 9]))
            yield slice(start, position)
        elif kind == 0x21:  # extension
            position = _gif_blocks(data, position + 2)
            label = data[start + 1]
            if label == 0xF9 or (label == 0xFF and data[start + 3 : start + 14] in _GIF_LOOP):
                yield slice(start, position)
        else:
            raise Malformed
    raise Malformed


def _gif_colours(packed: int) -> int:
    """Bytes of the colour table that the packed field announces."""
    return 3 << ((packed & 7) + 1) if packed & 0x80 else 0


def _gif_blocks(data: Data, position: int) -> int:
    """The position after a chain of sub-blocks."""
    while size := data[position]:
        position += size + 1
    return position + 1


def _end(data: Data, start: int, length: int, least: int = 0) -> int:
    if length < least or start + length > len(data):
        raise Malformed
    return start + length


def _merged(pieces: Iterator[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, slice) and isinstance(last, slice) and last.stop == piece.start:
            merged[-1] = slice(last.start, piece.stop)
        else:
            merged.append(piece)
    return merged


FORMATS: dict[str, Callable[[Data], Iterator[Piece]]] = {
    "jpeg": _jpeg,
    "png": _png,
    "gif": _gif,
    "webp": _webp,
    "avif": blanked,
    "heif": blanked,
}
