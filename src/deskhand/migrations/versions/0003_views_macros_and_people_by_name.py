"""views, macros, and people by name."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")


def upgrade() -> None:
    _indexes()  # first: on PostgreSQL they are there for good even where what follows fails, and may be there already
    _tables()
    _words()


def _indexes() -> None:
    """On tickets, of which there may be many: PostgreSQL lets writers go on meanwhile."""
    if op.get_bind().dialect.name == "postgresql":
        with op.get_context().autocommit_block():
            _index_tickets(concurrently=True)
    else:
        _index_tickets(concurrently=False)


def _index_tickets(*, concurrently: bool) -> None:
    how: dict[str, Any] = {"postgresql_concurrently": concurrently, "if_not_exists": True}
    op.create_index("ix_tickets_channel", "tickets", ["channel", "created_at", "id"], **how)
    op.create_index(
        "ix_tickets_unverified",
        "tickets",
        ["created_at", "id"],
        sqlite_where=sa.text("verified IS 0"),
        postgresql_where=sa.text("verified IS false"),
        **how,
    )


def _tables() -> None:
    op.create_table(
        "macros",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_macros_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_macros")),
    )
    with op.batch_alter_table("macros", schema=None) as batch_op:
        batch_op.create_index("ix_macros_owner_id", ["owner_id"], unique=False)
        batch_op.create_index("ix_macros_shared", ["shared"], unique=False)

    op.create_table(
        "saved_views",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=500), nullable=False),
        sa.Column("sort", sa.String(length=20), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_saved_views_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    with op.batch_alter_table("saved_views", schema=None) as batch_op:
        batch_op.create_index("ix_saved_views_owner_id", ["owner_id"], unique=False)
        batch_op.create_index("ix_saved_views_shared", ["shared"], unique=False)

    op.create_table(
        "user_words",
        sa.Column(
            "word", sa.String(length=64, collation="C").with_variant(sa.String(length=64), "sqlite"), nullable=False
        ),
        sa.Column("user_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_words_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("word", "user_id", name=op.f("pk_user_words")),
    )
    with op.batch_alter_table("user_words", schema=None) as batch_op:
        batch_op.create_index("ix_user_words_user_id", ["user_id"], unique=False)


def _words() -> None:
    """By what the people who are there already are found: the words of names and addresses, and whole addresses."""
    bind = op.get_bind()
    users = sa.table("users", sa.column("id", ID), sa.column("name"), sa.column("email"))
    kept = sa.table("user_words", sa.column("word"), sa.column("user_id", ID))
    people = bind.execute(sa.select(users.c.id, users.c.name, users.c.email)).all()
    rows = ({"word": word, "user_id": id_} for id_, name, email in people for word in _words_of(name, email))
    while some := list(islice(rows, 5_000)):
        bind.execute(kept.insert(), some)


def _words_of(name: str, email: str | None) -> set[str]:
    found = [_folded(word) for word in _parts(name)][:64]
    if email:
        found += [*map(_folded, _parts(email)), email[:64]]
    return {word for word in found if word}


def _parts(text: str) -> Iterator[str]:
    for found in _WORD.finditer(text):
        word, start = found[0], found.start()
        if _UNSPACED.match(word):
            yield from (text[at : min(at + 2, found.end())] for at in range(start, found.end()))
        else:
            yield word


def _folded(word: str) -> str:
    lowered = re.sub("['\u2019](?:s$)?", "", word.lower()).translate(_LETTERS)
    bare = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", lowered))
    return "".join(char for char in unicodedata.normalize("NFC", bare).lower() if char.isalnum())[:40]


# As words were cut and folded when this was written.
_CJK = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+(?:['\u2019][^\W_{_CJK}]+)*")
_UNSPACED = re.compile(rf"[{_CJK}]")
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
