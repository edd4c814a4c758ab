"""The refusals. Every door translates these and nothing else; any other exception is a bug."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field: `field` is dotted where nested, `code` is stable."""

    field: str
    code: str
    message: str


class Refusal(Exception):
    """Base of all refusals: `status` for HTTP, `code` for machines, `detail` for people."""

    status = 400
    code = "bad_request"
    title = "Bad request"

    def __init__(self, detail: str = "", *, code: str | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.code = code or type(self).code
        self.headers = headers or {}


class Invalid(Refusal):
    """The input breaks a rule; `errors` names each field."""

    status = 422
    code = "invalid"
    title = "Some fields are not valid"

    def __init__(self, detail: str = "", errors: list[FieldError] | None = None, **kw: object) -> None:
        super().__init__(detail, **kw)  # type: ignore[arg-type]
        self.errors = errors or []

    @classmethod
    def field(cls, field: str, code: str, message: str) -> "Invalid":
        return cls(message, [FieldError(field, code, message)])


class Unauthenticated(Refusal):
    status = 401
    code = "unauthenticated"
    title = "Please sign in"


class Forbidden(Refusal):
    status = 403
    code = "forbidden"
    title = "You may not do this"


class NotFound(Refusal):
    status = 404
    code = "not_found"
    title = "There is nothing here"


class Conflict(Refusal):
    status = 409
    code = "conflict"
    title = "This does not fit the present state"


class Stale(Refusal):
    """Somebody changed the row since the caller read it (`If-Match`)."""

    status = 412
    code = "stale"
    title = "This was changed meanwhile"


class TooLarge(Refusal):
    status = 413
    code = "too_large"
    title = "This is too large"


class Unsupported(Refusal):
    status = 415
    code = "unsupported_media_type"
    title = "This content type is not accepted"


class TooMany(Refusal):
    """A limit is spent; `retry_after` is whole seconds until a retry succeeds."""

    status = 429
    code = "rate_limited"
    title = "Too many requests"

    def __init__(self, detail: str = "", *, retry_after: int = 1, **kw: object) -> None:
        super().__init__(detail, **kw)  # type: ignore[arg-type]
        self.retry_after = retry_after
        self.headers.setdefault("Retry-After", str(retry_after))


class Unavailable(Refusal):
    status = 503
    code = "unavailable"
    title = "Not available right now"
