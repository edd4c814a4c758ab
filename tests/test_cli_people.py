"""`deskhand user`, `token` and `api-key`: whoever runs commands on the machine makes people and credentials."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from deskhand import wiring
from deskhand.accounts.passwords import Passwords
from deskhand.kit.settings import Settings
from tests.support.cli import PASSWORD, Cli

ADA, SAM, ALICE = "ada@ada.example", "sam@sam.example", "alice@acme.example"


@pytest.fixture
def cli(database_url: str, tmp_path: Path) -> Cli:
    return Cli(database_url, tmp_path, base_url="https://help.example")


@pytest.fixture
def client(cli: Cli, tmp_path: Path):
    settings = Settings(data_dir=tmp_path, database_url=cli.environment["DESKHAND_DATABASE_URL"])
    services = wiring.prepare(settings, passwords=Passwords(time_cost=1, memory_cost=64))
    with TestClient(wiring.build_app(services)) as client:
        yield client


def test_a_person_made_here_signs_in_with_the_password(cli: Cli, client: TestClient) -> None:
    said = cli(
        "user", "create", ADA, "--name", "Ada Brandt", "--role", "admin", "--password-stdin", input=f"{PASSWORD}\n"
    )
    assert (said.code, said.out) == (0, "")
    assert ADA in said.err
    login = client.post("/api/v1/auth/login", json={"email": ADA, "password": PASSWORD})
    me = client.get("/api/v1/me", headers={"Authorization": f"Bearer {login.json()['access_token']}"}).json()
    assert (me["name"], me["email"], me["role"]) == ("Ada Brandt", ADA, "admin")


def test_an_address_is_taken_once(cli: Cli) -> None:
    cli.person(ADA)
    again = cli("user", "create", ADA.upper(), "--name", "Ada", "--role", "admin", "--password-stdin", input=PASSWORD)
    assert (again.code, again.out) == (1, "")
    assert again.err == "Error: There is an account with this e-mail already\n"
    assert cli.ok("user", "list") == f"{ADA}\tcustomer\tAda\n"


@pytest.mark.parametrize(
    ("args", "password", "words"),
    [
        (["no-address", "--name", "N"], PASSWORD, "email: "),
        ([SAM, "--name", " "], PASSWORD, "name: "),
        ([SAM, "--name", "Sam"], "short", "password: At least 10"),
        ([SAM, "--name", "Sam"], "", "password: At least 10"),
    ],
)
def test_what_makes_no_person_is_refused_plainly(cli: Cli, args: list[str], password: str, words: str) -> None:
    said = cli("user", "create", *args, "--password-stdin", input=password)
    assert (said.code, said.out) == (1, "")
    assert words in said.err
    assert cli.ok("user", "list") == ""


def test_a_role_that_there_is_not_is_a_wrong_call(cli: Cli) -> None:
    assert cli("user", "create", SAM, "--name", "Sam", "--role", "owner").code == 2


def test_without_a_password_an_invitation_is_printed_and_nobody_can_sign_in(cli: Cli, client: TestClient) -> None:
    link = cli.ok("user", "create", SAM, "--name", "Sam", "--role", "agent")
    assert link.startswith("https://help.example/login/reset?token=")
    assert link.count("\n") == 1
    for guess in ("", "x" * 12):
        assert client.post("/api/v1/auth/login", json={"email": SAM, "password": guess}).status_code in {401, 422}


def test_people_are_listed_as_lines_or_json(cli: Cli) -> None:
    cli.person(SAM, "agent")
    cli.person(ALICE)
    assert cli.ok("user", "list") == f"{ALICE}\tcustomer\tAlice\n{SAM}\tagent\tSam\n"
    assert cli.ok("user", "list", "--role", "agent") == f"{SAM}\tagent\tSam\n"
    assert '"role":"agent"' in cli.ok("user", "list", "--role", "agent", "--json")


def test_a_token_is_all_that_is_printed_and_opens_the_door(cli: Cli, client: TestClient) -> None:
    token = cli.person(ALICE)
    assert token.count(".") == 2
    me = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["email"] == ALICE


def test_there_is_no_token_for_somebody_unknown(cli: Cli) -> None:
    said = cli("token", "mallory@mallory.example")
    assert (said.code, said.out) == (1, "")
    assert "nobody with the e-mail mallory@mallory.example" in said.err


def test_a_key_stands_alone_on_its_line_and_reaches_as_far_as_it_says(cli: Cli, client: TestClient) -> None:
    cli.person(ALICE)
    key = cli.ok("api-key", "create", ALICE, "--name", "deploy", "--scope", "tickets:read")
    assert key.startswith("dh_live_")
    assert key.count("\n") == 1
    headers = {"X-API-Key": key.strip()}
    assert client.get("/api/v1/support/tickets", headers=headers).status_code == 200
    new = {"subject": "S", "body": "B"}
    assert client.post("/api/v1/support/tickets", json=new, headers=headers).status_code == 403


def test_a_key_ends_when_it_should(cli: Cli) -> None:
    cli.person(ALICE)
    past = cli("api-key", "create", ALICE, "--name", "old", "--expires", "2020-01-01T00:00:00Z")
    assert (past.code, past.out) == (1, "")
    assert "expires_at: " in past.err
    assert cli("api-key", "create", ALICE, "--name", "new", "--expires", "2120-01-01T00:00:00Z").code == 0


def test_a_customers_key_gets_no_staff_scope(cli: Cli) -> None:
    cli.person(ALICE)
    assert cli("api-key", "create", ALICE, "--name", "high", "--scope", "staff:write").code == 1


def test_wrong_settings_are_told_one_a_line(cli: Cli) -> None:
    cli.environment |= {"DESKHAND_PORT": "70000", "DESKHAND_COLOUR": "red"}
    said = cli("user", "list")
    assert (said.code, said.out) == (2, "")
    assert sorted(line.split(":")[0].split(" ")[0] for line in said.err.splitlines()) == [
        "DESKHAND_COLOUR",
        "DESKHAND_PORT",
    ]
    assert "Traceback" not in said.err


def test_help_names_every_command(cli: Cli) -> None:
    overview = cli.ok("--help")
    for name in ("serve", "worker", "migrate", "user", "token", "api-key"):
        assert f"  {name} " in overview
        assert "--help" in cli.ok(name, "--help")
