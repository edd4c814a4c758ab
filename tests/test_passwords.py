"""Passwords: which may be chosen, how they are kept, and that nobody is told who has one."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from deskhand.accounts.passwords import Passwords, check_password
from deskhand.kit.errors import Invalid, Unavailable

GOOD = "correct horse battery"


@pytest.fixture(scope="module")
def passwords() -> Iterator[Passwords]:
    quick = Passwords(time_cost=1, memory_cost=64)
    yield quick
    quick.close()


def test_a_password_is_known_again(passwords: Passwords) -> None:
    stored = passwords.hash(GOOD)
    assert stored.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert passwords.hash(GOOD) != stored, "each has a salt of its own"
    assert passwords.verify(stored, GOOD)
    for wrong in ("", GOOD.upper(), GOOD + " ", GOOD[:-1], GOOD + "\0", "\ud800", "x" * 100_000):
        assert not passwords.verify(stored, wrong)


def test_a_password_is_the_same_on_every_keyboard(passwords: Passwords) -> None:
    assert passwords.verify(passwords.hash("caf\u00e9 at the ﬁre"), "cafe\u0301 at the fire")


def test_what_is_cut_off_counts(passwords: Passwords) -> None:
    """The longest password, and one character more."""
    assert passwords.verify(passwords.hash("x" * 128), "x" * 128)
    assert not passwords.verify(passwords.hash("x" * 128), "x" * 129)


@pytest.mark.parametrize(
    "stored", [None, "", "x", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=64,t=1,p=1$a$b"]
)
def test_nobody_has_no_password(passwords: Passwords, stored: str | None) -> None:
    for guess in (GOOD, "", "\ud800"):
        assert not passwords.verify(stored, guess)


def test_nobody_takes_as_long_as_somebody() -> None:
    slow = Passwords(time_cost=2, memory_cost=16 * 1024)
    stored = slow.hash(GOOD)
    somebody = min(_seconds(slow, stored, "wrong password") for _ in range(5))
    assert min(_seconds(slow, None, "wrong password") for _ in range(5)) == pytest.approx(somebody, rel=0.5)
    assert min(_seconds(slow, stored, "x" * 10_000) for _ in range(5)) == pytest.approx(somebody, rel=0.5)


def _seconds(passwords: Passwords, stored: str | None, password: str) -> float:
    began = time.perf_counter()
    passwords.verify(stored, password)
    return time.perf_counter() - began


def test_older_hashes_are_noticed(passwords: Passwords) -> None:
    old = Passwords(time_cost=2, memory_cost=32).hash(GOOD)
    assert passwords.verify(old, GOOD)
    assert passwords.needs_rehash(old)
    assert not passwords.needs_rehash(passwords.hash(GOOD))


def test_the_parameters_meet_the_advice() -> None:
    """OWASP: Argon2id with at least 19 MiB, two passes, one lane."""
    assert Passwords().hash(GOOD).startswith("$argon2id$v=19$m=19456,t=3,p=1$")


def test_two_at_once_and_not_on_the_loop(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, threads, lock = 0, 0, set(), threading.Lock()

    def hash_slowly(password: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            threads.add(threading.get_ident())
        time.sleep(0.01)
        with lock:
            running -= 1
        return password

    async def many() -> list[str]:
        return await asyncio.gather(*(passwords.hash_async(str(number)) for number in range(10)))

    monkeypatch.setattr(passwords, "hash", hash_slowly)
    assert asyncio.run(many()) == [str(number) for number in range(10)]
    assert most == 2
    assert threading.get_ident() not in threads


def test_a_flood_is_refused_and_passes(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = threading.Event()
    monkeypatch.setattr(passwords, "verify", lambda stored, password: opened.wait(10))

    async def flood() -> list[bool | BaseException]:
        asyncio.get_running_loop().call_later(0.1, opened.set)
        return await asyncio.gather(*(passwords.verify_async(None, GOOD) for _ in range(70)), return_exceptions=True)

    answers = asyncio.run(flood())
    turned_away = [answer for answer in answers if isinstance(answer, Unavailable)]
    assert len(turned_away) == 6
    assert turned_away[0].headers == {"Retry-After": "1"}
    assert answers.count(True) == 64
    assert asyncio.run(passwords.verify_async(None, GOOD)) is True


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "x7!kd92_mq",
        "пароль-кот-42",
        "密码很难猜到的一串字符",
        "four words with spaces",
        "a" * 60 + "bcd" + "e" * 65,
    ],
)
def test_good_passwords(password: str) -> None:
    check_password(password, "alice@example.com")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"),
        ("ninechars", "too_short"),
        ("cafe\u0301 noir", "too_short"),
        ("correct horse" * 10, "too_long"),
        ("x" * 1_000_000, "too_long"),
        ("correct\0horse", "invalid_characters"),
        ("correct \ud800horse", "invalid_characters"),
        ("Password123", "too_common"),
        ("QWERTYUIOP", "too_common"),
        ("1234567890", "too_common"),
        ("aaaaaaaaaaaa", "too_common"),
        ("abcabcabcabc", "too_common"),
        ("Alice@Example.com", "same_as_email"),
    ],
)
def test_bad_passwords(password: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_password(password, "alice@example.com", field="new_password")
    assert [(error.field, error.code) for error in caught.value.errors] == [("new_password", code)]
    if password:
        assert password not in str(caught.value)
