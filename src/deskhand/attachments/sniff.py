"""What a file is, from its bytes. The name can only lower the trust in it, and the sender's claim counts for nothing.

Whatever a browser could run, and whatever is not recognised, becomes `application/octet-stream`, a download.
"""

import codecs
import re
from typing import NamedTuple

from deskhand.attachments.pdf import is_passive
from deskhand.attachments.strip import Data

HEAD = 8192
DOWNLOAD = "application/octet-stream"


class Kind(NamedTuple):
    """`content_type` as it is served; `inline`: may be shown in place. `image_format` is only what the first bytes
    promise: nothing is an image before it was decoded."""

    content_type: str
    inline: bool = False
    image_format: str | None = None


UNKNOWN = Kind(DOWNLOAD)
TEXT = Kind("text/plain; charset=utf-8", inline=True)
PDF = Kind("application/pdf", inline=True)

_IMAGES = (
    (re.compile(rb"\xff\xd8\xff"), Kind("image/jpeg", True, "jpeg")),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), Kind("image/png", True, "png")),
    (re.compile(rb"GIF8[79]a"), Kind("image/gif", True, "gif")),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), Kind("image/webp", True, "webp")),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), Kind("image/avif", True, "avif")),
    (re.compile(rb"....ftyp(?:hei[cxms]|hev[cx]|mif1|msf1)", re.DOTALL), Kind("image/heic", False, "heif")),
)
# An image whose beginning is also a page or a script was made to be taken for one. `GIF89a/*` and `GIF89a=` with a
# printable second byte are assignments and comments in JavaScript, and widths that no honest picture has.
_TWO_FACED = re.compile(
    rb"<(?:script|html|svg|!doctype|iframe|body|embed|object|\?php)|\AGIF8[79]a(?:/\*|/\x2f|=[\x09-\x0d\x20-\x7e])",
    re.IGNORECASE,
)
# Markup at the beginning, after what browsers skip there. `<14>` begins a line of syslog, not a page.
_MARKUP = re.compile(rb"\A(?:\xef\xbb\xbf)?[\s\0]*<[a-z!?/%]", re.IGNORECASE)
_MHTML = re.compile(rb"^content-type:\s*multipart/related", re.IGNORECASE | re.MULTILINE)
# As in https://mimesniff.spec.whatwg.org/#binary-data-byte; ESC is allowed there, logs with colours need it.
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_RUNS_BY_NAME = re.compile(
    r"\.(?:html?|xht(?:ml)?|shtml|svgz?|xml|xslt?|xul|rdf|m?html?|mht|[cm]?js|jsx|wasm|swf|jar|hta|htc|vbs?|wsf|php|aspx?)"
    r"[.\s]*\Z",
    re.IGNORECASE,
)
# Types that no browser runs, and that are worth their name when they are downloaded.
_HARMLESS = re.compile(
    r"(?:audio|video|font)/[\w.+-]+"
    r"|image/(?:bmp|x-ms-bmp|tiff|heic|heif|x-icon|vnd\.microsoft\.icon|vnd\.adobe\.photoshop|jp2|jxl)"
    r"|application/(?:zip|gzip|x-gzip|x-7z-compressed|x-tar|x-bzip2?|x-xz|zstd|x-rar-compressed|vnd\.rar|msword|rtf"
    r"|vnd\.ms-(?:excel|powerpoint|outlook)|vnd\.openxmlformats-officedocument\.[\w.]+|vnd\.oasis\.opendocument\.\w+"
    r"|epub\+zip|x-sqlite3|vnd\.sqlite3|vnd\.tcpdump\.pcap)"
)


def sniff(data: Data, filename: str) -> Kind:
    """What to serve `data` as. Looks at all of it where it seems to be text or PDF."""
    head = data[:HEAD]
    for signature, kind in _IMAGES:
        if signature.match(head):
            return UNKNOWN if _TWO_FACED.search(head[:1024]) else kind
    if _RUNS_BY_NAME.search(filename) or _MARKUP.match(head):
        return UNKNOWN
    if head.startswith(b"%PDF-"):
        return PDF if is_passive(data) else UNKNOWN
    if is_text(data):
        return UNKNOWN if _MHTML.search(head) else TEXT
    return _known(head, filename)


def is_text(data: Data) -> bool:
    """Whether all of it is UTF-8 without the control characters that text does not have."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), HEAD * 8):
            piece = data[start : start + HEAD * 8]
            if _BINARY.search(piece):
                return False
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _known(head: bytes, filename: str) -> Kind:
    import puremagic  # 1 MB of tables: not before somebody uploads something

    try:
        matches = puremagic.magic_string(head, filename)
    except (puremagic.PureError, ValueError):
        return UNKNOWN
    best = next((match for match in matches if len(match.byte_match) >= 3 and match.mime_type), None)
    if best is None or not _HARMLESS.fullmatch(best.mime_type):
        return UNKNOWN
    return Kind(best.mime_type)
