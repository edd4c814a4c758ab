"""What every door works with: settings, store, storage, keys. Built once by wiring and handed to whoever asks."""

from dataclasses import dataclass, field

from deskhand.accounts.jwt import HostVerifier, OwnTokens
from deskhand.accounts.passwords import Passwords
from deskhand.kit import instance
from deskhand.kit.db import Store, open_store
from deskhand.kit.mailer import Mailer, mailer_for
from deskhand.kit.settings import BadSettings, Settings
from deskhand.kit.signing import Signer
from deskhand.kit.storage import Storage
from deskhand.kit.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    store: Store
    storage: Storage
    signer: Signer
    own_tokens: OwnTokens
    host_tokens: HostVerifier
    passwords: Passwords
    mailer: Mailer | None
    traffic: Traffic = field(default_factory=Traffic)

    def close(self) -> None:
        self.passwords.close()
        self.store.close()


def open_services(settings: Settings, passwords: Passwords) -> Services:
    """Open a migrated database and everything beside it. Raises BadSettings where a setting cannot work."""
    try:
        host_tokens = HostVerifier(
            secret=settings.jwt_secret or None,
            public_key_pem=settings.jwt_public_key or None,
            jwks_url=settings.jwt_jwks_url or None,
            issuer=settings.jwt_issuer or None,
            audience=settings.jwt_audience or None,
        )
    except ValueError as problem:
        raise BadSettings(str(problem)) from problem
    storage = open_storage(settings)
    try:
        mailer = mailer_for(settings.smtp_url)
    except ValueError as problem:
        raise BadSettings(f"DESKHAND_SMTP_URL: {problem}") from problem
    store = open_store(settings.database_url, pool=settings.database_pool)
    with store.begin() as tx:
        key = instance.key(tx)
    return Services(settings, store, storage, Signer(key), OwnTokens(key), host_tokens, passwords, mailer)


def open_storage(settings: Settings) -> Storage:
    """Raises BadSettings where there can be no such storage."""
    try:
        return Storage.open(settings.storage_url)
    except ValueError as problem:
        raise BadSettings(f"DESKHAND_STORAGE_URL: {problem}") from problem
    except OSError as problem:
        raise BadSettings(f"DESKHAND_STORAGE_URL: {problem.filename}: {problem.strerror}") from problem
