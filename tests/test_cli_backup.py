"""`deskhand backup` and `deskhand restore`: all of a desk, from either database into either."""

import io
import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from PIL import Image
from sqlalchemy import select, text

from deskhand import migrations
from deskhand.doors.cli import rows
from deskhand.kit.db import open_store
from deskhand.kit.schema import metadata
from deskhand.tickets import access, held, presence
from deskhand.tickets.model import NewStaffReply
from tests.support.app import Desk, running
from tests.support.cli import Cli
from tests.support.databases import Databases
from tests.support.words import entries

ENGINES = ("sqlite", "postgresql")
FILLED = ("ratings", "mutes", "api_keys", "spam", "ticket_tags", "article_votes", "mails", "brand", "held_acts")
FILLED += ("held_tickets", "presences", "search_misses", "user_words", "saved_views", "macros")


def fill(desk: Desk) -> None:
    """Something in as many tables as the API reaches."""
    alice, sam, ada = desk.as_("alice"), desk.as_("sam"), desk.as_("ada")
    picture = io.BytesIO()
    Image.effect_noise((300, 200), 50).save(picture, "PNG")
    shot = alice.post("/attachments", files={"file": ("shot.png", picture.getvalue())}, expect=201).json()
    alice.post("/attachments", files={"file": ("unused.txt", b"never sent")}, expect=201)
    first = desk.new_ticket(body=f"Look: {shot['markdown']}", metadata={"job": "né\u0000"[:2], "n": 1.5, "yes": True})
    second = desk.new_ticket("bob", subject="Refund for the quarterly invoice", body="We paid twice.")
    sam.post(f"/staff/tickets/{first['id']}/replies", {"body": "Which **header** did you send?"}, expect=201)
    sam.post(f"/staff/tickets/{first['id']}/notes", {"body": "Smells like the zebra proxy."}, expect=201)
    change = {"tags": ["proxy", "vip"], "assignee_id": desk.user_id("sam"), "category_slug": "billing"}
    sam.patch(f"/staff/tickets/{second['id']}", change, expect=200)
    alice.post(f"/tickets/{first['id']}/close", expect=200)
    alice.post(f"/tickets/{first['id']}/satisfaction", {"rating": 4, "comment": "Schön."}, expect=201)
    alice.patch(f"/tickets/{first['id']}/mute", {"muted": True}, expect=200)
    alice.patch("/preferences", {"email_digest": True}, expect=200)
    alice.post("/api/v1/api-keys", {"name": "ci"}, headers={"Idempotency-Key": "k1"}, expect=201)
    form = {"name": "V", "email": "v@v.example", "subject": "Hi", "body": "Buy!"}
    desk.anyone().post("/tickets/public", form | {"honeypot": "x"}, expect=201)
    desk.anyone().post("/tickets/public", form, expect=201)
    article = {"title": "Rotating proxies", "body": "## How\n\nUse `rotate=true`.", "status": "published"}
    made = sam.post("/staff/kb/articles", article, expect=201).json()
    sam.patch(f"/staff/kb/articles/{made['id']}", {"slug": "rotate", "body": "Use it with care."}, expect=200)
    sam.post("/staff/kb/articles", {"title": "A draft", "body": "Not yet."}, expect=201)
    alice.post("/kb/rotate/helpful", {"helpful": True, "comment": "Très bien."}, expect=200)
    macro = {"name": "Thanks", "body": "Hi {{customer.name}}", "actions": {"status": "resolved", "add_tags": ["x"]}}
    ada.post("/staff/macros", macro, expect=201)
    ada.post("/staff/views", {"name": "VIPs", "query": "tag:vip", "sort": "created_at", "shared": True}, expect=201)
    ada.put("/staff/accounts/acme", {"name": "Acme", "plan": "pro"})
    desk.anyone().get("/kb/search", params={"q": "Flügelhorn", "settled": True}, expect=200)
    ada.patch("/staff/brand", {"name": "Acmé"}, expect=200)
    ada.put("/staff/brand/logo", files={"file": ("logo.png", picture.getvalue())}, expect=200)
    desk.work()
    desk.new_ticket("bob", subject="Not yet dispatched")
    actor = desk.actor("sam")
    desk.write(presence.touch, actor, first["id"], writing=True)
    reply = NewStaffReply(body="On its way, naïvely.")
    desk.write(lambda tx: held.hold_reply(tx, actor, access.get(tx, actor, first["id"]), reply))


def contents(url: str) -> dict[str, list[Any]]:
    """Every row of every table but those that are made anew, and the words that searches find."""
    store = open_store(url, pool=1)
    with store.reading() as tx:
        found = {table.name: sorted(map(repr, tx.execute(select(table)))) for table in rows.TABLES}
        found["fulltext"] = [{**row, "vector": None} for row in entries(tx)]
    store.close()
    return found


def blobs(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def answers(desk: Desk) -> list[Any]:
    alice, sam = desk.as_("alice"), desk.as_("sam")
    found = sam.get("/staff/tickets?q=zebra").json()
    assert found["total"] == 1
    thread = alice.get(f"/tickets/{found['tickets'][0]['id']}").json()
    (shot,) = thread["messages"][0]["attachments"]
    search = desk.anyone().get("/kb/search?q=rotatoin").json()
    assert search["total"] == 1
    return [found, thread, search, desk.client.get("/api/v1/me").status_code, alice.get(shot["url"]).content]


@pytest.fixture(params=ENGINES)
def other(request: pytest.FixtureRequest) -> Databases:
    """The source of databases for what is restored: with the first, each pair of engines."""
    return request.getfixturevalue(f"{request.param}_databases")


@pytest.fixture
def small(sqlite_databases: Databases, tmp_path: Path) -> Iterator[tuple[Cli, Path]]:
    """A desk with one ticket, and a backup of it."""
    with sqlite_databases.migrated() as url:
        with running(url, tmp_path / "desk") as desk:
            desk.new_ticket()
        file = tmp_path / "desk.backup"
        cli = Cli(url, tmp_path / "desk")
        cli.ok("backup", str(file))
        yield cli, file


@pytest.fixture
def elsewhere(sqlite_databases: Databases, tmp_path: Path) -> Iterator[Cli]:
    with sqlite_databases.empty() as url:
        yield Cli(url, tmp_path / "elsewhere")


def test_a_desk_moves_whole_and_goes_on_counting(database_url: str, other: Databases, tmp_path: Path) -> None:
    file = tmp_path / "desk.backup"
    with running(database_url, tmp_path / "before") as desk:
        fill(desk)
        said = Cli(database_url, tmp_path / "before")("backup", str(file))
        assert (said.code, said.out) == (0, "")
        assert "4 tickets" in said.err
        was, files, told = contents(database_url), blobs(tmp_path / "before" / "attachments"), answers(desk)
    assert len(files) == 3
    assert all(was[name] for name in FILLED)
    with other.empty() as url:
        restored = Cli(url, tmp_path / "after")("restore", str(file))
        assert (restored.code, restored.out) == (0, "")
        is_now = contents(url)
        assert {name: found for name, found in is_now.items() if found != was[name]} == {}
        assert blobs(tmp_path / "after" / "attachments") == files
        with running(url, tmp_path / "after") as desk:
            assert answers(desk) == told
            following = desk.new_ticket("bob", subject="The next one")
            assert int(following["readable_id"].removeprefix("ALT-")) > highest(was)
            desk.as_("bob").post(f"/tickets/{following['id']}/replies", {"body": "And a reply."}, expect=201)
            assert desk.work() > 0


def highest(found: dict[str, list[str]]) -> int:
    return max(int(row.split("'ALT-")[1].split("'")[0]) for row in found["tickets"])


def test_nothing_is_left_out() -> None:
    derived = {table.name for table in rows.DERIVED}
    assert derived == {"kb_search_entries", "kb_search_state"}
    assert {table.name for table in metadata.sorted_tables} == derived | {table.name for table in rows.TABLES}


def test_it_is_of_one_moment_while_others_write(database_url: str, tmp_path: Path) -> None:
    with running(database_url, tmp_path) as desk:
        desk.new_ticket()
        with rows.snapshot(desk.store) as tx:
            table = metadata.tables["messages"]
            before = list(rows.rows(tx, table))
            desk.write(lambda other: other.execute(text("UPDATE messages SET body = 'changed'")))
            assert list(rows.rows(tx, table)) == before
        assert desk.read(lambda tx: tx.execute(select(table.c.body)).scalars().all()) == ["changed"]


def test_only_its_owner_can_read_it_and_none_is_overwritten(small: tuple[Cli, Path]) -> None:
    cli, file = small
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = cli("backup", str(file))
    assert again.code == 1
    assert "exists already" in again.err


def test_a_place_that_cannot_be_written_is_told_plainly(small: tuple[Cli, Path]) -> None:
    cli, file = small
    said = cli("backup", str(file.parent / "no" / "such" / "folder"))
    assert (said.code, said.out) == (1, "")
    assert "cannot be written: No such file or directory." in said.err
    assert [path.name for path in file.parent.iterdir() if path.is_file()] == [file.name]


def test_a_desk_in_use_is_replaced_only_by_force(small: tuple[Cli, Path], tmp_path: Path) -> None:
    cli, file = small
    was = contents(cli.url)
    with running(cli.url, tmp_path / "desk") as desk:
        desk.new_ticket("bob")
    refused = cli("restore", str(file))
    assert refused.code == 1
    assert "--force" in refused.err
    cli.ok("restore", str(file), "--force")
    assert contents(cli.url) == was


def test_a_first_start_does_not_make_a_desk_used(small: tuple[Cli, Path], elsewhere: Cli) -> None:
    elsewhere.ok("migrate")
    elsewhere.ok("user", "list")
    assert elsewhere("restore", str(small[1])).code == 0


def test_a_lost_file_is_told_and_the_rest_is_kept(sqlite_databases: Databases, tmp_path: Path, elsewhere: Cli) -> None:
    with sqlite_databases.migrated() as url:
        with running(url, tmp_path / "desk") as desk:
            desk.as_("alice").post("/attachments", files={"file": ("a.txt", b"text")}, expect=201)
        (lost,) = [path for path in (tmp_path / "desk" / "attachments").rglob("*") if path.is_file()]
        lost.unlink()
        said = Cli(url, tmp_path / "desk")("backup", str(tmp_path / "file"))
    assert said.code == 0
    assert lost.name in said.err
    elsewhere.ok("restore", str(tmp_path / "file"))


def repacked(file: Path, change: Callable[[str, bytes], list[tuple[str, bytes]]]) -> Path:
    """The archive with each member replaced by what `change` makes of it."""
    made = file.with_name("repacked")
    with tarfile.open(file) as source, tarfile.open(made, "w") as target:
        for member in source:
            content = source.extractfile(member)
            assert content is not None
            for name, data in change(member.name, content.read()):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                target.addfile(info, io.BytesIO(data))
    return made


def test_a_damaged_or_strange_file_is_refused_and_changes_nothing(small: tuple[Cli, Path], elsewhere: Cli) -> None:
    _, file = small
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[whole.index(b"tables/users") + 600] ^= 1

    def traversal(name: str, data: bytes) -> list[tuple[str, bytes]]:
        return [("files/../../evil", b"x"), (name, data)] if name == "manifest.json" else [(name, data)]

    def newer(name: str, data: bytes) -> list[tuple[str, bytes]]:
        if name != "manifest.json":
            return [(name, data)]
        return [(name, orjson.dumps(orjson.loads(data) | {"revision": "9999"}))]

    bad = {
        "no tar": b"not a tar at all",
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "flipped": bytes(flipped),
        "strange": repacked(file, traversal).read_bytes(),
        "without rows": repacked(file, lambda name, data: [] if "users" in name else [(name, data)]).read_bytes(),
        "without end": repacked(
            file, lambda name, data: [] if name == "manifest.json" else [(name, data)]
        ).read_bytes(),
        "twice": repacked(file, lambda name, data: [(name, data)] * (2 if "users" in name else 1)).read_bytes(),
        "newer": repacked(file, newer).read_bytes(),
    }
    for what, content in bad.items():
        file.write_bytes(content)
        said = elsewhere("restore", str(file))
        assert said.code == 1, what
        assert said.err.startswith("Error: "), what
        assert "Traceback" not in said.err, what
    assert not (file.parent / "evil").exists()
    assert elsewhere.ok("user", "list") == ""


def test_a_link_is_no_member(small: tuple[Cli, Path], elsewhere: Cli) -> None:
    _, file = small
    with tarfile.open(file, "a") as tar:
        link = tarfile.TarInfo("files/ab/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    assert elsewhere("restore", str(file)).code == 1


def test_a_backup_of_an_older_schema_is_migrated(
    small: tuple[Cli, Path], elsewhere: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if a later release had a revision more: rows go in before it, and the search is made after it."""
    upgrade, wanted = migrations.upgrade, []

    def noted(url: str, revision: str = "head") -> None:
        wanted.append(revision)
        upgrade(url, revision)

    monkeypatch.setattr(migrations, "head", lambda: "9999")
    monkeypatch.setattr(migrations, "upgrade", noted)
    cli, file = small
    elsewhere.ok("restore", str(file))
    assert wanted == [orjson.loads(member(file, "manifest.json"))["revision"], "head"]
    assert contents(elsewhere.url) == contents(cli.url)


def member(file: Path, name: str) -> bytes:
    with tarfile.open(file) as tar:
        content = tar.extractfile(name)
        assert content is not None
        return content.read()


def test_large_tables_go_in_parts(small: tuple[Cli, Path], elsewhere: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli, file = small
    monkeypatch.setattr("deskhand.doors.cli.archive._CHUNK", 200)
    parts = file.with_name("parts")
    cli.ok("backup", str(parts))
    with tarfile.open(parts) as tar:
        assert sum(name.startswith("tables/categories/") for name in tar.getnames()) > 1
    elsewhere.ok("restore", str(parts))
    assert contents(elsewhere.environment["DESKHAND_DATABASE_URL"]) == contents(
        cli.environment["DESKHAND_DATABASE_URL"]
    )
