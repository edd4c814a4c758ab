"""File names: shown and handed back, never used as a path."""

import re
import unicodedata
from urllib.parse import quote

MAX_NAME = 200
_MAX_EXTENSION = 20
_FALLBACK = "file"

# Line ends, and what turns the direction of writing: with it `exe.txt` can be made to show as something else.
_UNWANTED = re.compile("[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
# RFC 6266: what is left is safe between quotes. `%` is not, some browsers decode it there.
_QUOTABLE = re.compile(r"[^ !#$&'()+,\-./0-9:;<=>@A-Z\[\]^_`a-z{|}~]")
_ATTR_CHARS = "!#$&+-.^_`|~"  # RFC 8187, beside letters and digits


def clean_filename(name: str) -> str:
    """The last part of `name` without control characters, at most 200 characters; `file` where nothing is left."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/")
    name = "".join(char for char in name if unicodedata.category(char) not in {"Cc", "Cs"})
    name = _UNWANTED.sub("", name).rstrip("/").rpartition("/")[2].strip()
    if not name.strip(". "):
        return _FALLBACK
    if len(name) <= MAX_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > _MAX_EXTENSION:
        return name[:MAX_NAME].rstrip()
    return stem[: MAX_NAME - len(dot + extension)].rstrip() + dot + extension


def content_disposition(name: str, *, inline: bool) -> str:
    """The header's value for a clean name, by RFC 6266 and RFC 8187."""
    kind = "inline" if inline else "attachment"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = _QUOTABLE.sub("_", plain).strip() or _FALLBACK
    if plain == name:
        return f'{kind}; filename="{name}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHARS)}"
