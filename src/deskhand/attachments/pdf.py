"""Whether a PDF only shows something. When in doubt it does not, and is a download.

Names may be written with escapes (`/J#53`), and objects may hide in compressed streams; both are looked into. Strings
and pictures are searched like everything else: a chance hit costs a preview, a miss would cost more.
"""

import re
import zlib
from collections.abc import Iterator

from deskhand.attachments.strip import Data

# Scripts, what starts them or other things by itself, what carries or fetches other files, forms with a life of their
# own; encrypted files cannot be looked into.
_ACTIVE = (
    *("JS", "JavaScript", "OpenAction", "AA", "Launch", "Rendition", "RichMedia", "RichMediaContent", "Flash"),
    *("EmbeddedFile", "EmbeddedFiles", "EF", "GoToE", "GoToR", "ImportData", "SubmitForm", "XFA", "Movie", "Sound"),
    *("Encrypt", "Crypt"),
)
_NAME_END = rb"(?![^\0\s()<>\[\]{}/%])"
_MAX_OBJECT_STREAMS = 2000
_MAX_INFLATED = 64 * 1024 * 1024
_MAX_HEADER = 2048
_PIECE = 64 * 1024
_WINDOW, _OVERLAP = 512 * 1024, 128
# Some readers need no /Type to take a stream for objects: a number as /First gives it away (outlines have references).
_INTEGER_FIRST = re.compile(rb"/First\s++\d++(?!\s++\d++\s++R)")
_STREAM = re.compile(rb"stream(?:\r\n|\n)")
_PLAIN_DEFLATE = re.compile(rb"/Filter\s*(?:/FlateDecode|\[\s*/FlateDecode\s*\])(?=[\s/>])")


def is_passive(data: Data) -> bool:
    """Whether nothing in the file acts, embeds or hides, as far as one can be sure."""
    if _acts(data):
        return False
    try:
        return not any(_acts(objects) for objects in _object_streams(data))
    except (_Unsure, zlib.error):
        return False


class _Unsure(Exception):
    pass


def _acts(data: Data) -> bool:
    # Piece by piece, because a search lets no other thread run until it is through.
    windows = range(0, len(data), _WINDOW)
    return any(_ACTS.search(data[start : start + _WINDOW + _OVERLAP]) for start in windows)


def _object_streams(data: Data) -> Iterator[bytes]:
    """The contents of all object streams. Raises _Unsure at one that is not written as every real program does it."""
    budget = _MAX_INFLATED
    marks = {found.start() for pattern in (_OBJECT_STREAM, _INTEGER_FIRST) for found in pattern.finditer(data)}
    if len(marks) > _MAX_OBJECT_STREAMS:
        raise _Unsure
    for begin in sorted({_stream_begin(data, mark) for mark in marks}):
        objects = _inflated(data, begin, budget)
        budget -= len(objects)
        yield objects


def _inflated(data: Data, position: int, budget: int) -> bytes:
    inflate, objects = zlib.decompressobj(), bytearray()
    while not inflate.eof:
        piece = inflate.unconsumed_tail or data[position : position + _PIECE]
        position += 0 if inflate.unconsumed_tail else _PIECE
        objects += inflate.decompress(piece, budget - len(objects) + 1)
        if len(objects) > budget or not piece:
            raise _Unsure
    return bytes(objects)


def _stream_begin(data: Data, mark: int) -> int:
    """Where the compressed bytes begin of the stream in whose dictionary `mark` lies."""
    around = data[max(0, mark - _MAX_HEADER) : mark + _MAX_HEADER]
    before = around[: min(mark, _MAX_HEADER)]
    opened = before.rfind(b"obj")
    stream = _STREAM.search(around, len(before))
    if opened < 0 or stream is None:
        raise _Unsure
    header = around[opened : stream.start()]
    # Comments, strings, inner dictionaries and escapes are where a reader and this search could part ways.
    odd = header.count(b"<<") != 1 or header.count(b">>") != 1 or any(sign in header for sign in b"%(#")
    if odd or b"endobj" in header or not _PLAIN_DEFLATE.search(header) or b"/DecodeParms" in header:
        raise _Unsure
    return max(0, mark - _MAX_HEADER) + stream.end()


def _spelled(name: str) -> bytes:
    """A pattern for `name` with any of its letters escaped."""
    return b"".join(b"(?:%c|#%s)" % (ord(letter), _either_case(f"{ord(letter):02x}")) for letter in name)


def _either_case(digits: str) -> bytes:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits).encode()


_ACTS = re.compile(b"/(?=[#A-Z])(?:" + b"|".join(map(_spelled, _ACTIVE)) + b")" + _NAME_END)
_OBJECT_STREAM = re.compile(b"/" + _spelled("ObjStm") + _NAME_END)
