"""Every setting: an environment variable `DESKHAND_<NAME>`, checked once at start.

The list below is the whole of it; `docs/settings.md` is held to it by a test.
"""

import base64
import re
from collections.abc import Mapping
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from deskhand.kit import colours
from deskhand.kit.limits import Rate, parse_rate
from deskhand.kit.text import email

PREFIX = "DESKHAND_"

# As a Content-Security-Policy may name it: whatever else stood there would become part of the policy.
_ORIGIN = re.compile(r"https?://(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?", re.IGNORECASE | re.ASCII)


class BadSettings(Exception):
    """Says in plain words which variables are wrong, one a line."""


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _rate(value: object) -> object:
    return parse_rate(value) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Limit = Annotated[Rate | None, BeforeValidator(_rate)]


class Settings(BaseModel):
    """What the process runs with. Built by `Settings.load(os.environ)`; never changed afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, validate_default=True)

    data_dir: Path = Field(Path("data"), description="Folder for the SQLite file and, by default, the attachments.")
    database_url: str = Field("", description="`sqlite:///path` or `postgresql://user:pass@host/name`.")
    database_pool: int = Field(8, ge=1, le=100, description="PostgreSQL connections that one process may hold.")
    storage_url: str = Field("", description="Where attachments live: a folder or `s3://bucket/prefix`.")
    base_url: str = Field("", description="The address that people reach the desk at; links in mails begin with it.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    trusted_proxies: Names = Field((), description="Addresses and networks whose `X-Forwarded-For` is believed.")
    metrics_allow: Names = Field(("127.0.0.1", "::1"), description="Addresses and networks that may read `/metrics`.")
    cors_origins: Names = Field((), description="Origins whose pages may call the API from a browser.")
    log_format: str = Field(
        "text", pattern="^(text|json)$", description="`text` or `json` log lines on standard error."
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Least level that is logged.")

    brand: str = Field("Deskhand", min_length=1, max_length=60, description="Name in mails and pages.")
    brand_accent: str = Field("#2f5bd3", description="Colour of what can be acted on, `#rrggbb`.")
    support_address: str = Field("", description="E-mail address that pages show.")
    frame_ancestors: Names = Field((), description="Origins whose pages may show the desk's in a frame.")
    ticket_prefix: str = Field("ALT", pattern="^[A-Z][A-Z0-9]{0,9}$", description="Prefix of readable ids.")
    ticket_start: int = Field(1000, ge=0, le=10**9, description="The first ticket's number is one more than this.")
    autoclose_days: int = Field(7, ge=1, le=3650, description="Days after which a resolved ticket closes by itself.")
    enrich_url: str = Field("", description="Asked (POST) for a customer's usage once a ticket is stored.")
    enrich_secret: str = Field("", description="Signs the question to `DESKHAND_ENRICH_URL`.")
    enrich_timeout: float = Field(5.0, gt=0, le=60, description="Seconds to wait for `DESKHAND_ENRICH_URL`.")

    signup: bool = Field(False, description="Whether visitors may make an account of their own.")
    session_hours: int = Field(24 * 14, ge=1, le=24 * 365, description="How long a login lasts.")
    jwt_secret: str = Field("", description="HS256 secret that the host product signs its tokens with.")
    jwt_public_key: str = Field("", description="PEM text or a file's path: RS256, ES256 or EdDSA, by the key's type.")
    jwt_jwks_url: str = Field("", description="Address of the host product's JWKS.")
    jwt_issuer: str = Field("", description="Required `iss` of host tokens.")
    jwt_audience: str = Field("", description="Required `aud` of host tokens.")
    jwt_staff_claim: str = Field("", description="Claim of a host token that holds `agent` or `admin` for staff.")

    smtp_url: str = Field("", description="`smtp://user:pass@host:port`; without it mails stay in the outbox.")
    mail_from: str = Field("Support <support@localhost>", description="Sender of mails, `Name <address>`.")
    mail_reply_domain: str = Field(
        "", description="Domain of the signed reply addresses; empty: replies go to the sender."
    )

    limit_tickets: Limit = Field("5/hour", description="`POST /tickets`, per user.")  # type: ignore[assignment]
    limit_public: Limit = Field("3/hour", description="`POST /tickets/public`, per client IP.")  # type: ignore[assignment]
    limit_replies: Limit = Field("30/hour", description="Replies, per user.")  # type: ignore[assignment]
    limit_public_recipient: Limit = Field("5/day", description="Contact-form mails, per address.")  # type: ignore[assignment]
    limit_public_global: Limit = Field("200/hour", description="Contact-form mails, in all.")  # type: ignore[assignment]
    limit_uploads: Limit = Field("120/hour", description="`POST /attachments`, per user.")  # type: ignore[assignment]
    limit_votes: Limit = Field("60/hour", description="Article votes without login, per client IP.")  # type: ignore[assignment]
    limit_logins: Limit = Field("10/15min", description="Failed logins, per account.")  # type: ignore[assignment]
    limit_logins_ip: Limit = Field("50/15min", description="Failed logins, per client IP.")  # type: ignore[assignment]
    limit_account_mails: Limit = Field("5/hour", description="Reset and verification mails, per address.")  # type: ignore[assignment]
    limit_account_mails_ip: Limit = Field("20/hour", description="Sign-ups and resets asked for, per client IP.")  # type: ignore[assignment]
    limit_handoffs: Limit = Field("120/hour", description="Sign-on links asked for, per user.")  # type: ignore[assignment]
    limit_keys: Limit = Field("30/hour", description="New API keys, per user.")  # type: ignore[assignment]

    @field_validator("trusted_proxies", "metrics_allow")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            ip_network(part, strict=False)
        return value

    @field_validator("base_url")
    @classmethod
    def _http(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
            raise ValueError("should look like https://support.example.com")
        return value.rstrip("/")

    @field_validator("frame_ancestors")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            if not _ORIGIN.fullmatch(part):
                raise ValueError("should be origins such as https://app.example.com or https://*.example.com")
        return value

    @field_validator("brand_accent")
    @classmethod
    def _colour(cls, value: str) -> str:
        colour = colours.parse(value)
        if colour is None:
            raise ValueError("should look like #2f5bd3")
        if (darker := colours.readable_on_white(colour)) != colour:
            raise ValueError(f"is too light for white to be read on it; {darker} would do")
        return colour

    @field_validator("support_address")
    @classmethod
    def _address(cls, value: str) -> str:
        return email(value) if value else ""

    @field_validator("enrich_url", "jwt_jwks_url")
    @classmethod
    def _fetched(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/?#]+[^\s#]*", value):
            raise ValueError("should look like https://app.example.com/path")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _pages(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if origin != "*" and not re.fullmatch(r"https?://[^\s/?#]+", origin):
                raise ValueError(f"{origin!r} should look like https://app.example.com, without a path")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql://", "postgres://")):
            raise ValueError("should begin with sqlite:/// or postgresql://")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str) -> str:
        if value and not re.match(r"smtps?://\S+$", value):
            raise ValueError("should look like smtp://user:pass@host:port")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        if not re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", parseaddr(value)[1]):
            raise ValueError("should look like Support <support@example.com>")
        return value

    @field_validator("mail_reply_domain")
    @classmethod
    def _domain(cls, value: str) -> str:
        if not re.fullmatch(r"[^\s@<>/:]*", value):
            raise ValueError("should look like reply.example.com")
        return value

    @field_validator("enrich_secret")
    @classmethod
    def _webhook_secret(cls, value: str) -> str:
        try:
            base64.b64decode(value.removeprefix("whsec_") if value.startswith("whsec_") else "", validate=True)
        except ValueError:
            raise ValueError("begins with whsec_, and what follows is not base64") from None
        return value

    @field_validator("jwt_public_key")
    @classmethod
    def _pem(cls, value: str) -> str:
        if not value or "-----BEGIN" in value:
            return value.replace("\\n", "\n")
        try:
            return Path(value).read_text()
        except OSError as problem:
            raise ValueError(f"is neither PEM text nor a readable file ({problem.strerror})") from None

    @model_validator(mode="before")
    @classmethod
    def _derived(cls, values: Any) -> Any:
        values = dict(values)
        data_dir = Path(values.get("data_dir", "data"))
        values.setdefault("database_url", "")
        values["database_url"] = values["database_url"] or f"sqlite:///{data_dir}/deskhand.db"
        values["storage_url"] = values.get("storage_url") or str(data_dir / "attachments")
        host = values.get("host", "127.0.0.1")
        shown = "localhost" if host in {"0.0.0.0", "127.0.0.1", "::"} else host  # noqa: S104 - compared, not bound
        values["base_url"] = values.get("base_url") or f"http://{shown}:{values.get('port', 8000)}"
        return values

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "Settings":
        """Read `DESKHAND_…` from `environ`. Raises BadSettings, which names each wrong or unknown variable."""
        given = {key[len(PREFIX) :].lower(): value for key, value in environ.items() if key.startswith(PREFIX)}
        given = {key: value for key, value in given.items() if not key.startswith("test_")}
        try:
            return cls(**{key: value for key, value in given.items() if value != ""})  # type: ignore[arg-type]
        except ValidationError as problem:
            raise BadSettings("\n".join(_explain(error) for error in problem.errors())) from None

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def proxy_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(ip_network(part, strict=False) for part in self.trusted_proxies)


def _explain(error: Any) -> str:
    name = PREFIX + str(error["loc"][0]).upper() if error["loc"] else PREFIX + "*"
    if error["type"] == "extra_forbidden":
        return f"{name} is not a setting of Deskhand"
    return f"{name}: {error['msg'].removeprefix('Value error, ')}"
