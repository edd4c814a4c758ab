"""Statements that go past SQLAlchemy say and mean what they would have by way of it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, bindparam, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from deskhand.accounts.actor import Role
from deskhand.accounts.tables import users
from deskhand.kit.db import open_store, outage
from deskhand.kit.ids import new_id
from deskhand.kit.jobs import jobs
from deskhand.kit.statements import Statement

_u = users.c
NEW = Statement(users.insert())
BY_ID = Statement(select(users).where(_u.id == bindparam("user"), _u.role == "customer"))
BY_IDS = Statement(select(_u.id).where(_u.id.in_(bindparam("ids", expanding=True))).order_by(_u.name))
NAMED = Statement(update(users).where(_u.id == bindparam("user")).values(name=bindparam("new_name")).returning(_u.name))
PID, CUT = text("SELECT pg_backend_pid()"), text("SELECT pg_terminate_backend(:pid, 5000)")
PERSON = {"role": Role.CUSTOMER, "claims": {"usage": {"pages": 3}}, "created_at": 1, "updated_at": 1}


@pytest.fixture
def tx(database_url: str) -> Iterator[Connection]:
    store = open_store(database_url)
    with store.begin() as tx:
        yield tx
    store.close()


def test_values_come_back_as_core_gives_them(tx: Connection) -> None:
    alice = _person(tx, "Alice")
    found = BY_ID.mapping(tx, {"user": alice})
    assert dict(found or {}) == dict(tx.execute(BY_ID.core, {"user": alice}).mappings().one())
    assert found
    assert found["claims"] == {"usage": {"pages": 3}}
    assert BY_ID.first(tx, {"user": new_id()}) is BY_ID.mapping(tx, {"user": new_id()}) is None


def test_lists_may_be_of_any_length(tx: Connection) -> None:
    ids = [_person(tx, name) for name in ("Alice", "Bob", "Mallory")]
    assert [BY_IDS.rows(tx, {"ids": ids[:length]}) for length in (0, 1, 3, 1)] == [
        [],
        [(ids[0],)],
        [(one,) for one in ids],
        [(ids[0],)],
    ]


def test_changes_are_counted_and_may_return(tx: Connection) -> None:
    alice = _person(tx, "Alice")
    assert NAMED.value(tx, {"user": alice, "new_name": "Alice B."}) == "Alice B."
    assert NAMED.value(tx, {"user": new_id(), "new_name": "Nobody"}) is None
    assert Statement(jobs.delete()).run(tx, {}) == 0


def test_what_the_driver_raises_is_what_core_would_raise(tx: Connection) -> None:
    with pytest.raises(IntegrityError):
        NEW.run(tx, PERSON | {"id": new_id(), "name": None})


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_connection_that_broke_is_an_outage_and_the_next_one_works(database_url: str) -> None:
    store = open_store(database_url)
    with store.reading() as tx:
        pid = tx.execute(PID).scalar_one()
        with store.begin() as other:
            other.execute(CUT, {"pid": pid})
        with pytest.raises(DBAPIError) as raised:
            BY_ID.first(tx, {"user": new_id()})
    assert outage(raised.value)
    with store.reading() as tx:
        assert BY_ID.first(tx, {"user": new_id()}) is None
    store.close()


def _person(tx: Connection, name: str) -> str:
    row = PERSON | {"id": new_id(), "name": name}
    assert NEW.run(tx, row) == 1
    return str(row["id"])
