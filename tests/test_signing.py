"""Signed links and reply addresses: they say what they were made for, and nothing else passes for one."""

import string
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from deskhand.kit import clock
from deskhand.kit.errors import Refusal
from deskhand.kit.ids import new_id
from deskhand.kit.signing import BadSignature, LinkExpired, Signer, derive

SIGNER = Signer(b"k" * 32)
NOW = 1_800_000_000
URL_SAFE = set(string.ascii_letters + string.digits + "-_")

ids = st.uuids().map(str)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts | ids | ids.map(lambda name: f'"{name}"'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts | ids, inner, max_size=4),
    max_leaves=10,
)


@given(st.lists(values, max_size=4) | st.dictionaries(texts | ids, values, max_size=4))
def test_what_was_signed_is_read(payload: Any) -> None:
    token = SIGNER.sign("reset", payload, clock.HOUR)
    assert SIGNER.read(token, "reset") == payload
    assert set(token) <= URL_SAFE


def test_links_are_short() -> None:
    assert len(SIGNER.sign("ticket", [new_id(), new_id()], clock.DAY)) == 79
    assert len(SIGNER.sign("reset", [new_id()], None)) == 55


def test_a_link_is_for_one_purpose() -> None:
    token = SIGNER.sign("unsubscribe", ["alice"], None)
    for purpose in ("reset", "", "Unsubscribe", "unsubscribe ", "link:unsubscribe"):
        with pytest.raises(BadSignature):
            SIGNER.read(token, purpose)


def test_a_link_is_for_one_instance() -> None:
    with pytest.raises(BadSignature):
        Signer(b"l" * 32).read(SIGNER.sign("reset", ["alice"], None), "reset")


def test_a_link_ends() -> None:
    with time_machine.travel(NOW, tick=False) as when:
        token = SIGNER.sign("reset", ["alice"], 90 * clock.SECOND)
        forever = SIGNER.sign("reset", ["alice"], None)
        when.shift(89)
        assert SIGNER.read(token, "reset") == ["alice"]
        when.shift(1)
        with pytest.raises(LinkExpired) as caught:
            SIGNER.read(token, "reset")
        assert (caught.value.status, caught.value.code) == (404, "link_expired")
        with pytest.raises(BadSignature) as wrong:
            SIGNER.read(token, "unsubscribe")
        assert wrong.value.code == "link_invalid", "only who holds a real link learns that it has ended"
        when.shift(10**9)
        assert SIGNER.read(forever, "reset") == ["alice"]


def test_a_lifetime_of_less_than_a_second_is_a_lifetime() -> None:
    with time_machine.travel(NOW + 0.5, tick=False):
        assert SIGNER.read(SIGNER.sign("reset", [], 1), "reset") == []


@pytest.mark.parametrize("filling", ["", "x", "xx"])
def test_no_character_of_a_link_can_be_changed(filling: str) -> None:
    """Nor can one of the bits that the last character has to spare, of which there are none, two or four."""
    token = SIGNER.sign("reset", {"user": new_id(), "n": filling}, clock.HOUR)
    for place, there in enumerate(token):
        for other in URL_SAFE - {there}:
            _refuses(token[:place] + other + token[place + 1 :])
        _refuses(token[:place])
        _refuses(token[:place] + token[place + 1 :])


@pytest.mark.parametrize(
    "around", ["{}=", "{}==", " {}", "{}\n", "{}A", "{}AA", "A{}", "{0}{0}", "{}\x00", "{}.", "{}é"]
)
def test_a_link_has_one_spelling(around: str) -> None:
    for payload in ([1], [12], [123]):
        _refuses(around.format(SIGNER.sign("reset", payload, None)))


@given(st.text(max_size=100) | st.text(st.sampled_from(sorted(URL_SAFE)), min_size=30, max_size=120))
def test_any_text_is_refused(text: str) -> None:
    _refuses(text)
    with pytest.raises(BadSignature):
        SIGNER.read_reply_token(text)


def test_a_long_text_is_refused() -> None:
    _refuses("A" * 1_000_000)


def _refuses(token: str) -> None:
    with pytest.raises(BadSignature):
        SIGNER.read(token, "reset")


def test_a_reply_address_says_which_ticket_and_who() -> None:
    user = new_id()
    token = SIGNER.reply_token(1042, user)
    for spelling in (token, token.upper(), token.title()):
        assert SIGNER.read_reply_token(spelling) == (1042, user)
    assert SIGNER.read_reply_token(SIGNER.reply_token(2**40 - 1, user)) == (2**40 - 1, user)


def test_a_reply_address_fits_and_survives_mail_servers() -> None:
    token = SIGNER.reply_token(1042, new_id())
    assert len(f"reply+{token}") <= 64
    assert set(token) <= set(string.ascii_lowercase + "234567")


def test_a_reply_address_cannot_be_made_up() -> None:
    token = SIGNER.reply_token(1042, new_id())
    alphabet = string.ascii_lowercase + "234567"
    forged = {token[:place] + other + token[place + 1 :] for place in range(len(token)) for other in alphabet} - {token}
    forged |= {token[:-1], f"{token}a", f"{token}=", f" {token}", f"{token}\n", "", token[:20] + token[33:]}
    forged |= {token.replace(letter, twin) for letter, twin in (("k", "\u212a"), ("s", "ſ"))} - {token}
    forged |= {Signer(b"l" * 32).reply_token(1042, new_id()), SIGNER.sign("reply-address", [1], None)}
    for address in forged:
        with pytest.raises(BadSignature):
            SIGNER.read_reply_token(address)


def test_keys_differ_by_purpose_and_must_be_long() -> None:
    assert len({derive(b"k" * 32, purpose) for purpose in ("a", "b", "session-jwt", "")}) == 4
    assert derive(b"k" * 32, "a") == derive(b"k" * 32, "a") != b"k" * 32
    for key in (b"", b"k" * 31):
        with pytest.raises(ValueError, match="32 bytes"):
            Signer(key)


def test_a_refusal_is_one_that_doors_can_answer() -> None:
    with pytest.raises(Refusal) as caught:
        SIGNER.read("x", "reset")
    assert caught.value.status == 404
