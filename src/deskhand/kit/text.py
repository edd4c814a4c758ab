"""What people may type: string types that every input shares, and small helpers for titles and previews.

Lengths are counted in characters (code points). A refusal is a pydantic error whose `type` is our stable code:
`blank`, `characters`, `too_long`, `email`, `slug`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

from annotated_types import GroupedMetadata
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from deskhand.kit.phrases import finding

EMAIL_MAX = 254  # RFC 5321, section 4.5.3.1.3 as corrected by erratum 1690
SLUG_MAX = 120

# NUL fits in no PostgreSQL text; a lone surrogate in no UTF-8.
_NEVER = re.compile("[\x00\ud800-\udfff]")
# C0, DEL, C1 and the two Unicode line ends: none of them belongs in a field of one line.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# Letters that Unicode does not take apart into a base and an accent, and the German habit for umlauts.
_LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe"}
    | {"ø": "o", "ð": "d", "þ": "th", "ł": "l", "đ": "d", "ı": "i"}
)
# White space, control and format characters: text of nothing else shows as nothing.
_INVISIBLE = {"Cc", "Cf", "Zl", "Zp", "Zs"}


@dataclass(frozen=True, slots=True)
class _Text(GroupedMetadata):
    """What `Annotated[str, …]` is to hold to, and the JSON schema that says so."""

    read: Callable[[str], str]
    maximum: int
    blank: bool

    def __iter__(self) -> Iterator[object]:
        lengths = {"type": "string", "maxLength": self.maximum}
        yield AfterValidator(lambda text: _sized(_filled(self.read(text), self.blank), self.maximum))
        yield WithJsonSchema(lengths if self.blank else lengths | {"minLength": 1, "pattern": r"\S"})


def Line(maximum: int, *, blank: bool = False) -> _Text:  # noqa: N802 - it reads as a type
    """For `Annotated[str, …]`: one line of 1 to `maximum` characters, trimmed; `blank=True` allows the empty line."""
    return _Text(one_line, maximum, blank)


def Block(maximum: int, *, blank: bool = False) -> _Text:  # noqa: N802 - it reads as a type
    """For `Annotated[str, …]`: text of several lines, kept as written but for line ends, which become LF."""
    return _Text(block, maximum, blank)


def one_line(text: str) -> str:
    """`text` without white space around it; refuses control characters and line ends within."""
    # str.strip() would swallow control characters at the ends, which are as wrong there as in the middle.
    if _CONTROL.search(text.strip(" \t\r\n")):
        raise PydanticCustomError("characters", "This must be one line without control characters.")
    return text.strip()


def block(text: str) -> str:
    """`text` with LF line ends; refuses what cannot be stored."""
    return storable(text).replace("\r\n", "\n").replace("\r", "\n")


def storable(text: str) -> str:
    """`text` as it is; refuses NUL and lone surrogates."""
    if not is_storable(text):
        raise PydanticCustomError("characters", "This contains characters that cannot be stored.")
    return text


def is_storable(text: str) -> bool:
    """Whether it holds neither NUL nor a lone surrogate."""
    return _NEVER.search(text) is None


def email(text: str) -> str:
    """The address as written, with its domain in lower case; no look-up in the DNS."""
    line = one_line(text)
    if len(line) > EMAIL_MAX:
        raise _too_long(EMAIL_MAX)
    try:
        # test_environment admits the reserved `.test`; nothing else of deliverability is ours to judge.
        found = validate_email(line, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise PydanticCustomError("email", "This is not an e-mail address we can write to.") from None
    return _sized(found.normalized, EMAIL_MAX)


def normal_email(text: str) -> str:
    """The form in which two addresses are compared: trimmed, NFC, case folded as a whole."""
    return unicodedata.normalize("NFC", text.strip().casefold())


def slug(text: str) -> str:
    line = _sized(_filled(one_line(text), blank=False), SLUG_MAX)
    if not _SLUG.fullmatch(line):
        raise PydanticCustomError("slug", "Use only the letters a–z, digits and single hyphens between them.")
    return line


Email = Annotated[
    str, AfterValidator(email), WithJsonSchema({"type": "string", "format": "email", "maxLength": EMAIL_MAX})
]
Slug = Annotated[
    str,
    AfterValidator(slug),
    WithJsonSchema({"type": "string", "pattern": f"^{_SLUG.pattern}$", "minLength": 1, "maxLength": SLUG_MAX}),
]


def slugify(text: str) -> str:
    """`text` as a slug of at most 120 characters, accents folded; `article` where nothing is left of it."""
    lowered = unicodedata.normalize("NFC", text[: 8 * SLUG_MAX]).lower().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", lowered).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_MAX].strip("-") or "article"


def excerpt(text: str, maximum: int) -> str:
    """The beginning of `text` on one line, at most `maximum` characters, cut between words, with an ellipsis."""
    line = " ".join(text[: 8 * maximum].split())
    if len(line) <= maximum:
        return line
    head = line[: maximum - 1]
    cut = head.rfind(" ")
    # A word longer than half of the room is cut through: else nearly nothing would be shown.
    return (head[:cut] if cut > maximum // 2 else head).rstrip(" ,;:.–—-") + "…"


def plain_line(text: str, maximum: int) -> str:
    """`text` as one line without control characters, cut to `maximum`: of what nobody can be asked to type again."""
    kept = "".join(char for char in text if unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"})
    return kept.strip()[:maximum].strip()


def _filled(text: str, blank: bool) -> str:
    if not blank and all(unicodedata.category(char) in _INVISIBLE for char in text):
        raise PydanticCustomError("blank", "This may not be blank.")
    return text


def _sized(text: str, maximum: int) -> str:
    if len(text) > maximum:
        raise _too_long(maximum)
    return text


def _too_long(maximum: int) -> PydanticCustomError:
    return finding("too_long", "This may be at most {maximum} characters long.", maximum=maximum)
