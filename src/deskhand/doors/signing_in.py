"""Signing in and up, as API and pages do it: what is costly happens before the transaction, what is kept within it."""

from typing import NamedTuple

from sqlalchemy import Connection, RowMapping

from deskhand.accounts import handoff, people, sessions
from deskhand.accounts.actor import Client
from deskhand.accounts.claims import Claims
from deskhand.accounts.model import Login, NewHandoff, ResetRequest, SignUp
from deskhand.accounts.passwords import check_password
from deskhand.doors.services import Services
from deskhand.kit import limits
from deskhand.kit.clock import HOUR
from deskhand.kit.errors import Forbidden, Unauthenticated
from deskhand.kit.text import normal_email


class Recognised(NamedTuple):
    """Who gave the right password; `rehashed` is it under today's parameters, where it was hashed under older ones."""

    user: RowMapping
    rehashed: str | None


async def recognise(desk: Services, given: Login, client: Client) -> Recognised:
    """Look at a password, counted per account and per client. Raises Unauthenticated, TooMany, Forbidden."""
    await desk.store.write(sessions.spend_attempt, desk.settings, given.email, client.network)
    user = await desk.store.read(people.find_by_login, given.email)
    stored = user["password_hash"] if user else None
    right = await desk.passwords.verify_async(stored, given.password)
    if not right or user is None or user["disabled_at"] is not None:
        raise Unauthenticated
    if user["email_verified_at"] is None:
        raise Forbidden("Please open the link that we sent to this e-mail address first.", code="email_unverified")
    outdated = desk.passwords.needs_rehash(stored or "")
    return Recognised(user, await desk.passwords.hash_async(given.password) if outdated else None)


def welcome(tx: Connection, desk: Services, found: Recognised, given: Login, client: Client) -> str:
    """Open a session for whoever was recognised; returns its JWT."""
    if found.rehashed:
        people.set_password(tx, found.user["id"], found.rehashed)
    sessions.succeed(tx, given.email, client.network)
    return open_session(tx, desk, found.user["id"], client)


def open_session(tx: Connection, desk: Services, user_id: str, client: Client) -> str:
    """A session's JWT, good for `DESKHAND_SESSION_HOURS`."""
    session_id = sessions.start(tx, user_id, client, desk.settings)
    return desk.own_tokens.issue(user_id, session_id, desk.settings.session_hours * HOUR)


class Arrived(NamedTuple):
    """A session's JWT, and the path that the browser is to go to."""

    jwt: str
    return_to: str


async def arrive(desk: Services, token: str, client: Client) -> Arrived:
    """Follow a sign-on link, or take a token of the host product's for one. Raises BadLink, Unauthenticated."""
    if token.count(".") != 2:
        return await desk.store.write(_arrive_by_link, desk, token, client)
    claims = await desk.host_tokens.verify_async(token)
    return await desk.store.write(_arrive_by_token, desk, token, claims, client)


def _arrive_by_link(tx: Connection, desk: Services, token: str, client: Client) -> Arrived:
    handed = handoff.redeem(tx, desk.signer, token)
    return Arrived(open_session(tx, desk, handed.user_id, client), handed.return_to)


def _arrive_by_token(tx: Connection, desk: Services, token: str, claims: Claims, client: Client) -> Arrived:
    user = handoff.enter(tx, token, claims, desk.settings.jwt_staff_claim)
    return Arrived(open_session(tx, desk, user["id"], client), NewHandoff().return_to)


async def hash_for_signup(desk: Services, new: SignUp, client: Client) -> str:
    """The hash of a password that may be chosen. Raises Forbidden where sign-up is closed, Invalid, TooMany."""
    if not desk.settings.signup:
        raise Forbidden("Accounts are made by the support team here.", code="signup_closed")
    check_password(new.password, new.email)
    if await desk.store.read(_mail_spent, desk, new.email, client.network):
        await desk.store.write(_spend_mail, desk, new.email, client.network)  # refuses, before the costly hash
    return await desk.passwords.hash_async(new.password)


def sign_up(tx: Connection, desk: Services, new: SignUp, hashed: str, client: Client) -> None:
    """Make an account, or mail whoever has this address already: nobody can tell which."""
    _spend_mail(tx, desk, new.email, client.network)
    known = people.find_by_login(tx, new.email)
    if known is None:
        user = people.create_own(tx, email=new.email, name=new.name, password_hash=hashed, verified=False)
        people.record(tx, "user.signed_up", user)
    elif known["email_verified_at"] is None:
        people.set_password(tx, known["id"], hashed)
        people.record(tx, "user.signed_up", known)
    else:
        people.record(tx, "user.reset_asked", known)


def ask_reset(tx: Connection, desk: Services, given: ResetRequest, client: Client) -> None:
    """Let a link be mailed by which to choose a new password, if there is such an account."""
    _spend_mail(tx, desk, given.email, client.network)
    user = people.find_by_login(tx, given.email)
    if user is not None and user["disabled_at"] is None:
        people.record(tx, "user.reset_asked", user)


def _mail_spent(tx: Connection, desk: Services, email: str, network: str) -> bool:
    by_ip = limits.exhausted(tx, "account-mail-ip", network, desk.settings.limit_account_mails_ip)
    return by_ip or limits.exhausted(tx, "account-mail", normal_email(email), desk.settings.limit_account_mails)


def _spend_mail(tx: Connection, desk: Services, email: str, network: str) -> None:
    limits.spend(tx, "account-mail-ip", network, desk.settings.limit_account_mails_ip)
    limits.spend(tx, "account-mail", normal_email(email), desk.settings.limit_account_mails)
