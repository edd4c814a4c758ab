"""AVIF and HEIC: boxes in boxes, with offsets all over the file. Nothing can be cut out, so it is blanked in place.

ISO/IEC 14496-12 (boxes, `iinf`, `iloc`) and 23008-12 (images).
"""

from collections.abc import Iterator
from mmap import mmap
from typing import NamedTuple

Data = bytes | mmap

_METADATA_ITEMS = {b"Exif", b"mime", b"uri "}
_METADATA_BOXES = {b"uuid", b"udta", b"meta"}
_UNKNOWN = b"skip"  # readers ignore items and boxes of types that they don't know
_MAX_BOXES = 10_000


class _Box(NamedTuple):
    kind: bytes
    start: int  # of the header
    body: int
    end: int


class _Reader:
    """Big-endian numbers, one after the other."""

    def __init__(self, data: Data, position: int, end: int) -> None:
        self.data, self.position, self.end = data, position, end

    def number(self, size: int) -> int:
        self.position += size
        if self.position > self.end:
            raise ValueError("box ends too early")
        return int.from_bytes(self.data[self.position - size : self.position])


def blanked(data: Data) -> Iterator[slice | bytes]:
    """The file with zeros in place of Exif and XMP. Raises ValueError where its structure is not understood."""
    patches: list[tuple[int, bytes]] = []
    for box in _boxes(data, 0, len(data)):
        if box.kind == b"meta":
            patches += _item_patches(data, box)
        elif box.kind == b"moov":
            patches += _film_patches(data, box)
        elif box.kind in {b"uuid", b"udta"}:
            patches += _away(box)
    position = 0
    for start, patch in sorted(patches):
        if start < position:
            raise ValueError("overlapping items")
        yield slice(position, start)
        yield patch
        position = start + len(patch)
    yield slice(position, len(data))


def _item_patches(data: Data, meta: _Box) -> Iterator[tuple[int, bytes]]:
    boxes = list(_boxes(data, meta.body + 4, meta.end))
    parts = {box.kind: box for box in boxes}
    hidden: set[int] = set()
    for item, kind, position in _items(data, parts.get(b"iinf")):
        if kind in _METADATA_ITEMS:
            hidden.add(item)
            yield position, _UNKNOWN
    if hidden:
        for item, start, length in _extents(data, parts.get(b"iloc"), parts.get(b"idat")):
            if item in hidden:
                yield start, bytes(length)
    for box in boxes:
        if box.kind in {b"uuid", b"udta"}:
            yield from _away(box)


def _items(data: Data, iinf: _Box | None) -> Iterator[tuple[int, bytes, int]]:
    """Each item's id, its type, and where the type stands."""
    if iinf is None:
        return
    wide = data[iinf.body] > 0
    for box in _boxes(data, iinf.body + (8 if wide else 6), iinf.end):
        version = data[box.body]
        if box.kind != b"infe" or version not in {2, 3}:
            raise ValueError("unknown kind of item")
        size = 4 if version == 3 else 2
        item = int.from_bytes(data[box.body + 4 : box.body + 4 + size])
        position = box.body + 4 + size + 2
        yield item, data[position : position + 4], position


def _extents(data: Data, iloc: _Box | None, idat: _Box | None) -> Iterator[tuple[int, int, int]]:
    """Each item's id, and where in the file which number of bytes belong to it."""
    if iloc is None:
        raise ValueError("items without places")
    read = _Reader(data, iloc.body, iloc.end)
    version = read.number(4) >> 24
    sizes = read.number(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    for _ in range(read.number(4 if version == 2 else 2)):
        item = read.number(4 if version == 2 else 2)
        origin = _origin(read.number(2) & 15 if version else 0, idat)
        read.number(2)
        base = origin + read.number(base_size)
        for _ in range(read.number(2)):
            read.number(index_size)
            start, length = base + read.number(offset_size), read.number(length_size)
            if not length or start + length > len(data):
                raise ValueError("item outside of the file")
            yield item, start, length


def _origin(method: int, idat: _Box | None) -> int:
    if method == 1 and idat:
        return idat.body
    if method == 0:
        return 0
    raise ValueError("items made of items")


def _film_patches(data: Data, film: _Box) -> Iterator[tuple[int, bytes]]:
    """For `udta` and its like in the film and in its tracks."""
    for box in _boxes(data, film.body, film.end):
        inner = _boxes(data, box.body, box.end) if box.kind == b"trak" else iter((box,))
        for part in inner:
            if part.kind in _METADATA_BOXES:
                yield from _away(part)


def _away(box: _Box) -> Iterator[tuple[int, bytes]]:
    yield box.start + 4, _UNKNOWN
    yield box.body, bytes(box.end - box.body)


def _boxes(data: Data, position: int, end: int) -> Iterator[_Box]:
    for _ in range(_MAX_BOXES):
        if position == end:
            return
        header, size = 8, int.from_bytes(data[position : position + 4])
        if size == 1:
            header, size = 16, int.from_bytes(data[position + 8 : position + 16])
        elif size == 0:
            size = end - position
        if size < header or position + size > end:
            raise ValueError("box outside of its box")
        yield _Box(data[position + 4 : position + 8], position, position + header, position + size)
        position += size
    raise ValueError("too many boxes")
