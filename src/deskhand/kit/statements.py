"""Statements that nearly every request runs: compiled once for each database, then handed to the driver as text.

SQLAlchemy needs four times as long to pass a statement on as SQLite needs to answer it (60 µs against 15, measured on
the look-up of a session). What requests of every kind ask goes this way; everything else stays plain Core.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, RowMapping
from sqlalchemy.exc import DBAPIError

Values = Mapping[str, Any]
Row = tuple[Any, ...]

_Process = Callable[[Any], Any]

_KEPT = 64  # texts a statement, one for each length of a list, which are powers of two


class Statement:
    """A Core statement with named parameters, built at import.

    Values go in and come out as with Core: JSON, booleans and ids as their column types say. Errors are Core's, too.
    """

    def __init__(self, core: Any, *, planned: bool = False) -> None:
        """`planned`: PostgreSQL is to plan it anew each time, knowing the values; for where they decide the way."""
        self.core = core
        self._planned = planned
        self._lists: list[str] | None = None
        self._texts: dict[tuple[Any, ...], _Text] = {}

    def rows(self, tx: Connection, values: Values) -> list[Row]:
        text, cursor = self._execute(tx, values)
        found: list[Row] = cursor.fetchall()
        return [_processed(row, text.results) for row in found] if text.results else found

    def first(self, tx: Connection, values: Values) -> Row | None:
        """For statements that find one row at most, or of which one is enough."""
        found = self.rows(tx, values)
        return found[0] if found else None

    def value(self, tx: Connection, values: Values) -> Any:
        """The first column of the first row; None where there is none."""
        found = self.rows(tx, values)
        return found[0][0] if found else None

    def mapping(self, tx: Connection, values: Values) -> RowMapping | None:
        """As `first`, as one of Core's mappings; by the columns' names alone."""
        found = self.first(tx, values)
        return None if found is None else cast(RowMapping, dict(zip(self._names, found, strict=True)))

    @cached_property
    def _names(self) -> list[str]:
        return list(self.core.exported_columns.keys())

    def run(self, tx: Connection, values: Values) -> int:
        """For statements that return nothing; answers how many rows they touched."""
        return self._execute(tx, values)[1].rowcount

    def prepared(self, dialect: Any, values: Values) -> "tuple[_Text, Any]":
        """What the driver is given: a text, and its parameters by place or by name."""
        if self._lists is None:
            self._lists = [name for name, bind in self.core.compile(dialect=dialect).binds.items() if bind.expanding]
        if self._lists:
            values = {**values, **{name: _filled(values[name]) for name in self._lists}}
        text = self._text(dialect, values, self._lists)
        given: dict[str, Any] = {**text.fixed, **values}
        for name, process in text.binds:
            given[name] = process(given[name])
        for name, elements in text.lists:
            given.update(zip(elements, given.pop(name), strict=True))
        return text, given if text.places is None else [given[name] for name in text.places]

    def _execute(self, tx: Connection, values: Values) -> "tuple[_Text, Any]":
        text, parameters = self.prepared(tx.dialect, values)
        how: dict[str, Any] = {"prepare": False} if self._planned and tx.dialect.name == "postgresql" else {}
        try:
            return text, tx.connection.dbapi_connection.execute(text.sql, parameters, **how)  # type: ignore[union-attr]
        except tx.dialect.dbapi.Error as problem:  # type: ignore[union-attr]
            raise _as_core_raises(tx, text.sql, parameters, problem) from problem

    def _text(self, dialect: Any, values: Values, lists: list[str]) -> "_Text":
        # An insert's columns are those that are given, and a list has as many marks as it has elements.
        key = (dialect.name, *values, *(len(values[name]) for name in lists))
        text = self._texts.get(key)
        if text is None:
            text = _compile(self.core, dialect, values)
            if len(self._texts) < _KEPT:
                self._texts[key] = text
        return text


class _Text(NamedTuple):
    """`places` are the names of positional parameters in order, `fixed` the values that stand in the statement itself,
    `lists` the names of each list's elements; values that `binds` and `results` name are not what the driver takes."""

    sql: str
    places: list[str] | None
    fixed: dict[str, Any]
    lists: list[tuple[str, list[str]]]
    binds: list[tuple[str, _Process]]
    results: list[tuple[int, _Process]]


def _compile(core: Any, dialect: Any, values: Values) -> _Text:
    compiled = core.compile(dialect=dialect, column_keys=list(values))
    expanded = compiled.construct_expanded_state(dict(values))
    binds = [(name, bind.type.dialect_impl(dialect).bind_processor(dialect)) for name, bind in compiled.binds.items()]
    results = [
        (place, column.type.dialect_impl(dialect).result_processor(dialect, None))
        for place, column in enumerate(getattr(core, "exported_columns", ()))
    ]
    return _Text(
        expanded.statement,
        list(expanded.positiontup) if compiled.positional else None,
        {name: bind.value for name, bind in compiled.binds.items() if not bind.required and name not in values},
        list(expanded.parameter_expansion.items()),
        [(name, process) for name, process in binds if process is not None],
        [(place, process) for place, process in results if process is not None],
    )


def _filled(elements: Sequence[Any]) -> list[Any]:
    """As many as the next power of two, the last repeated: it means the same, and lists of any length share texts."""
    missing = (1 << (len(elements) - 1).bit_length()) - len(elements) if elements else 0
    return [*elements, *(missing * [elements[-1]] if missing else ())]


def _processed(row: Row, results: list[tuple[int, _Process]]) -> Row:
    changed = list(row)
    for place, process in results:
        changed[place] = process(changed[place])
    return tuple(changed)


def _as_core_raises(tx: Connection, sql: str, given: Any, problem: Exception) -> Exception:
    if tx.dialect.is_disconnect(problem, tx.connection, None):  # type: ignore[arg-type]
        # Let Core run into it, too: it raises, and has the pool forget its neighbours, which are lost as well.
        tx.exec_driver_sql("SELECT 1")
    dbapi_error = tx.dialect.dbapi.Error  # type: ignore[union-attr]
    return DBAPIError.instance(sql, given, problem, dbapi_error, hide_parameters=True, dialect=tx.dialect)
