"""Settings are checked at start: what cannot work is said in plain words, with the variable's name."""

from pathlib import Path

import pytest

from deskhand.kit.settings import BadSettings, Settings
from tests.support.cli import Cli

WRONG = {
    "BASE_URL": ["support.example.com", "ftp://support.example.com", "https://support.example.com?x=1"],
    "CORS_ORIGINS": ["app.example.com", "https://app.example.com/path", "https://app.example.com,*.example.com"],
    "DATABASE_URL": ["mysql://desk", "deskhand.db"],
    "ENRICH_SECRET": ["whsec_%%%", "whsec_YWJ"],
    "ENRICH_TIMEOUT": ["0", "soon"],
    "ENRICH_URL": ["app.example.com/usage", "file:///etc/passwd", "https://app.example.com/a b"],
    "JWT_JWKS_URL": ["keys.json", "ftp://app.example.com/keys.json"],
    "JWT_PUBLIC_KEY": ["/nowhere/key.pem"],
    "LIMIT_TICKETS": ["5", "5/fortnight", "0/hour", "-1/hour", "many"],
    "MAIL_FROM": ["Support", "Support <support>", "Support <@example.com>", "a b@example.com"],
    "MAIL_REPLY_DOMAIN": ["reply+x@example.com", "https://reply.example.com", "reply example"],
    "SMTP_URL": ["mail.example.com:25", "http://mail.example.com"],
    "TICKET_PREFIX": ["alt", "A-B"],
    "TRUSTED_PROXIES": ["proxy", "10.0.0.0/33"],
}
RIGHT = {
    "CORS_ORIGINS": "https://app.example.com, http://localhost:3000",
    "ENRICH_SECRET": "whsec_YWJjZA==",
    "ENRICH_URL": "https://app.example.com:8443/usage?source=desk",
    "JWT_JWKS_URL": "http://127.0.0.1:9000/.well-known/jwks.json",
    "MAIL_FROM": '"Acme, Inc." <help@acme.example>',
    "MAIL_REPLY_DOMAIN": "reply.acme.example",
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_value_that_cannot_work_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(BadSettings) as refused:
        Settings.load({f"DESKHAND_{name}": value})
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"DESKHAND_{name}: ")


def test_values_that_work_are_taken() -> None:
    made = Settings.load({f"DESKHAND_{name}": value for name, value in RIGHT.items()})
    assert made.cors_origins == ("https://app.example.com", "http://localhost:3000")
    assert made.mail_from == RIGHT["MAIL_FROM"]


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("DESKHAND_STORAGE_URL", "ftp://files", "a folder"),
        ("DESKHAND_STORAGE_URL", "s3://bucket?colour=red", "colour"),
        ("DESKHAND_STORAGE_URL", "/dev/null/files", "/dev/null/files"),
        ("DESKHAND_SMTP_URL", "smtp://mail.example.com:99999", "port"),
        ("DESKHAND_SMTP_URL", "smtp://mail.example.com?starttls=maybe", "starttls"),
    ],
)
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_only_opening_shows_is_told_by_its_name_too(
    database_url: str, tmp_path: Path, variable: str, value: str, told: str
) -> None:
    cli = Cli(database_url, tmp_path)
    cli.environment[variable] = value
    said = cli("user", "list")
    assert (said.code, said.out) == (2, "")
    (line,) = said.err.splitlines()
    assert line.startswith(f"{variable}: ")
    assert told in line


@pytest.mark.parametrize("command", [("migrate",), ("serve", "--port", "0"), ("worker",), ("token", "sam@sam.example")])
@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://desk:hush@127.0.0.1:1/desk", "database"),
        ("sqlite:////dev/null/deskhand.db", "/dev/null"),
        ("sqlite:////", "database"),  # a folder
    ],
)
def test_a_database_out_of_reach_is_told_in_one_line(
    tmp_path: Path, url: str, told: str, command: tuple[str, ...]
) -> None:
    said = Cli(url, tmp_path)(*command)
    assert (said.code, said.out) == (1, "")
    (line,) = said.err.splitlines()
    assert line.startswith("Error: ")
    assert told in line
    assert "hush" not in line
