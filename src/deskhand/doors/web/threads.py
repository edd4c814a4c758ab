"""Threads that were rendered a moment ago. A ticket's version rises with everything in it that anybody can see, so
what was made of one version holds for as long as its relative times do: a minute.
"""

from collections import OrderedDict
from threading import Lock

from markupsafe import Markup

from deskhand.kit.clock import MINUTE, now

_MOST = 256  # some 20 kB each

Key = tuple[str, str, int, str, str, int]

_lock = Lock()
_kept: OrderedDict[Key, Markup] = OrderedDict()


def key(audience: str, ticket_id: str, version: int, language: str, zone: str) -> Key:
    """`audience` is whose sight of the ticket it is: the team's, called "desk", or one customer's, called by id."""
    return (audience, ticket_id, version, language, zone, now() // MINUTE)


def find(wanted: Key) -> Markup | None:
    with _lock:
        found = _kept.get(wanted)
        if found is not None:
            _kept.move_to_end(wanted)
        return found


def keep(made: Key, thread: Markup) -> None:
    with _lock:
        _kept[made] = thread
        while len(_kept) > _MOST:
            _kept.popitem(last=False)
