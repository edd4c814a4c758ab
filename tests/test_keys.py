"""API keys: what they look like, what is kept of them, and what is no key without asking the database."""

import string
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskhand.accounts.actor import Scope
from deskhand.accounts.keys import KEY_START, new_key, parse

KNOWN = "dh_live_00000000000000000000000000000000"
ALPHABET = string.ascii_letters + string.digits


def test_a_key_is_random_recognisable_and_kept_as_a_hash() -> None:
    made = [new_key() for _ in range(500)]
    assert len({key.plain for key in made}) == len({key.hash for key in made}) == 500
    for key in made:
        assert key.plain.startswith(KEY_START)
        assert len(key.plain) == 46
        assert key.prefix == key.plain[:14]
        assert key.hash == parse(key.plain) == sha256(key.plain.encode()).hexdigest()
        assert key.plain[14:] not in key.hash


def test_every_character_comes_up() -> None:
    """62 characters in 32 places are 190 bits; fewer characters would be fewer bits."""
    assert set("".join(new_key().plain[8:40] for _ in range(200))) == set(ALPHABET)


def test_the_checksum_stays_what_it_is() -> None:
    """Keys that customers hold must go on working, so this value may never change."""
    assert parse(f"{KNOWN}1YwUMk") == sha256(f"{KNOWN}1YwUMk".encode()).hexdigest()


def test_no_character_can_be_mistyped() -> None:
    key = new_key().plain
    for place, there in enumerate(key):
        assert parse(key[:place] + key[place + 1 :]) is None
        for other in {*"0OolI1", there.swapcase()} - {there}:
            assert parse(key[:place] + other + key[place + 1 :]) is None
    for place in range(8, len(key) - 1):
        swapped = key[:place] + key[place + 1] + key[place] + key[place + 2 :]
        assert swapped == key or parse(swapped) is None


@pytest.mark.parametrize(
    "around", ["{} ", " {}", "{}\n", "\n{}", "{}\x00", "Bearer {}", "{0}{0}", "{}A", "\ufeff{}", "{}é"]
)
def test_nothing_may_stand_around_a_key(around: str) -> None:
    assert parse(around.format(new_key().plain)) is None


@given(st.text(max_size=60) | st.from_regex(r"dh_live_[0-9A-Za-z]{38}", fullmatch=True))
def test_other_text_is_no_key(text: str) -> None:
    assert parse(text) is None


def test_the_scopes() -> None:
    assert set(Scope) == {"tickets:read", "tickets:write", "preferences", "staff:read", "staff:write"}
