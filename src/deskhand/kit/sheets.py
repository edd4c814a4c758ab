"""Tables for spreadsheets: CSV (RFC 4180) in which no cell can act as a formula."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """One line for each row under a line of headings; what is nested gets headings such as `first_reply_count`.

    Text that a spreadsheet would take for a formula gets an apostrophe in front; None is an empty cell.
    """
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    flat = [dict(_flat(row)) for row in rows]
    writer.writerows([list(flat[0]), *(row.values() for row in flat)] if flat else [])
    return sheet.getvalue()


def _flat(row: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{start}{name}_")
        else:
            yield start + name, _cell(value)


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
