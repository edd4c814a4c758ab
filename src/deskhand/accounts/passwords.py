"""Passwords: which are accepted, and Argon2id (RFC 9106) in a few threads of its own.

A verification takes the same work whether or not there is anybody of that name, so that time tells nothing.
"""

import asyncio
import base64
import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from deskhand.kit.errors import Invalid, Unavailable
from deskhand.kit.phrases import Phrase

MIN_LENGTH = 10
MAX_LENGTH = 128

# OWASP's second choice, with one pass more: two at once stay under 40 MB.
_TIME_COST = 3
_MEMORY_COST = 19 * 1024  # KiB
_AT_ONCE = 2
_WAITING = 64  # beyond that an answer would come too late to be of use

_HASH_BYTES = 32
_SALT_BYTES = 16

# The most common ones that are long enough to pass the rule of length.
_COMMON_WORDS = """
0123456789 01234567890 0987654321 1020304050 1029384756 1111122222 1122334455 11223344556 1212121212 123123123123
1231231234 1234512345 123454321012 1234554321 12345678900 12345678901 1234567890 1234567890a 1234567890q 12345678910
123456789a 123456789abc 123456789m 123456789q 123456789qwe 123456789z 1234567891 1234567899 12345qwert 123456qwerty
1234qwerasdf 123abc123abc 123qwe123qwe 147258369a 1472583690 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 1qazxsw23edc
2020202020 3141592653 31415926535 5555566666 654321654321 741852963a 789456123a 9876543210 987654321a a123456789
a1b2c3d4e5 aa12345678 aaaaabbbbb abc123456789 abc1234567 abcd123456 abcd12345678 abcdefg123 abcdefghij abcdefghijk
admin12345 admin123456 administrator adminadmin asdf123456 asdfasdf1234 asdfasdfasdf asdfghjkl1 asdfghjkl123
asdfghjkl; baseball123 basketball butterfly1 changeme123 changemenow chocolate1 computer123 dragon1234 football123
iloveyou12 iloveyou123 iloveyou1234 iloveyou22 internet123 letmein123 letmein1234 letmeinnow liverpool1 michael123
minecraft1 mypassword mypassword1 p@ssw0rd123 pa55word123 passpass123 passw0rd123 passw0rd12 password00 password01
password10 password11 password12 password123 password1234 password12345 password123456 password1! password!1
password2020 password2021 password2022 password2023 password2024 password2025 password2026 passwordpassword
pokemon123 princess12 princess123 q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedc1 qazwsxedcrfv qwer1234qwer qwerasdfzxcv
qwerty1234 qwerty12345 qwerty123456 qwerty123456789 qwerty123! qwertyqwerty qwertyuiop qwertyuiop1 qwertyuiop123
qwertyuiop[] samsung123 secret1234 simplepass spiderman1 starwars123 sunshine12 sunshine123 superman12 superman123
test123456 test1234567 testtest123 testtesttest trustno123 welcome123 welcome1234 welcome2024 welcome2025
welcome2026 whatever123 zaq12wsxcde3 zxcvbnm123 zxcvbnm1234 zxcvbnm12345
"""
_COMMON = frozenset(_COMMON_WORDS.split())

T = TypeVar("T")


def check_password(password: str, email: str | None = None, *, field: str = "password") -> None:
    """Raises Invalid where the password may not be chosen. The length is what counts (NIST SP 800-63B)."""
    if len(password) > MAX_LENGTH:
        raise Invalid.field(field, "too_long", Phrase("At most {most} characters", most=MAX_LENGTH))
    if any(c == "\0" or unicodedata.category(c) == "Cs" for c in password):
        raise Invalid.field(field, "invalid_characters", "This holds characters that cannot be typed")
    normal = unicodedata.normalize("NFKC", password)
    if len(normal) < MIN_LENGTH:
        raise Invalid.field(field, "too_short", Phrase("At least {least} characters", least=MIN_LENGTH))
    folded = normal.casefold()
    if email is not None and folded == unicodedata.normalize("NFKC", email).casefold():
        raise Invalid.field(field, "same_as_email", "The password may not be the e-mail address")
    if folded in _COMMON or len(set(folded)) < 4:
        raise Invalid.field(field, "too_common", "This is one of the first that anybody would try")


class Passwords:
    """Hashes and verifies; the parameters are for tests, which have no time.

    The asynchronous calls run in a pool of two threads and raise Unavailable where too many wait for it.
    """

    def __init__(self, time_cost: int = _TIME_COST, memory_cost: int = _MEMORY_COST) -> None:
        self._hasher = PasswordHasher(time_cost, memory_cost, parallelism=1, hash_len=_HASH_BYTES, salt_len=_SALT_BYTES)
        # Of no password at all, but as much work to verify as a real one.
        self._dummy = f"$argon2id$v=19$m={memory_cost},t={time_cost},p=1${_random(_SALT_BYTES)}${_random(_HASH_BYTES)}"
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="argon2")
        self._waiting = 0

    def hash(self, password: str) -> str:
        """What is stored. Checks no rule: see check_password."""
        return self._hasher.hash(_bytes(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether it is the password; `stored` is None where there is nobody who could have one."""
        possible = stored is not None and len(password) <= MAX_LENGTH
        try:
            self._hasher.verify(stored if stored and possible else self._dummy, _bytes(password[:MAX_LENGTH]))
        except (VerificationError, InvalidHashError):
            return False
        return possible

    def needs_rehash(self, stored: str) -> bool:
        """Whether `stored` was made with other parameters than today's; ask after a verification that succeeded."""
        return self._hasher.check_needs_rehash(stored)

    async def hash_async(self, password: str) -> str:
        return await self._in_pool(self.hash, password)

    async def verify_async(self, stored: str | None, password: str) -> bool:
        return await self._in_pool(self.verify, stored, password)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _in_pool(self, work: Callable[..., T], *arguments: object) -> T:
        if self._waiting >= _WAITING:
            raise Unavailable("Too many people are signing in", headers={"Retry-After": "1"})
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        finally:
            self._waiting -= 1


def _bytes(password: str) -> bytes:
    """The same for the same text, however a keyboard composed it. Never fails: what is no text matches nothing."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _random(size: int) -> str:
    return base64.b64encode(os.urandom(size)).rstrip(b"=").decode()
