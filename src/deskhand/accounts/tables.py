"""People, the companies they belong to, and their credentials."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text

from deskhand.kit.schema import Id, Json, Time, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("external_id", String(255), nullable=False, unique=True),  # the host product's id
    Column("name", String(255)),
    Column("plan", String(120)),
    Column("traits", Json, nullable=False),
    Column("usage", Json, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
)

# One row a person and way in: an own account (`login`), a host's user (`host_sub`), or a correspondent with neither,
# known by e-mail alone. `email` is compared in its normal form; only a verified one finds its person.
users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True),
    Column("role", String(10), nullable=False),  # customer, agent, admin
    Column("name", String(255), nullable=False),
    Column("email", String(254)),
    Column("email_verified_at", Time),
    Column("login", String(254), unique=True),
    Column("password_hash", Text),
    Column("host_sub", String(255), unique=True),
    Column("account_id", Id, ForeignKey("accounts.id")),
    Column("claims", Json, nullable=False),  # the host token's last `account` and `usage`
    Column("disabled_at", Time),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index("ix_users_email", "email"),
    Index("ix_users_role", "role", "name"),
    Index("ix_users_account_id", "account_id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False, index=True),
    Column("ended_at", Time),
    Column("user_agent", String(255), nullable=False),
    Column("ip", String(64), nullable=False),
    Index("ix_sessions_user_id", "user_id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(80), nullable=False),
    Column("prefix", String(20), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("scopes", Json, nullable=False),
    Column("expires_at", Time),
    Column("last_used_at", Time),
    Column("revoked_at", Time),
    Column("created_at", Time, nullable=False),
    Index("ix_api_keys_user_id", "user_id", "id"),
)

# Signed links name a row here, so that each works once.
single_use_links = Table(
    "single_use_links",
    metadata,
    Column("id", Id, primary_key=True),
    Column("purpose", String(30), nullable=False),  # reset, verify, invite, first-admin, handoff
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE")),
    Column("expires_at", Time, nullable=False, index=True),
    Column("used", Boolean, nullable=False),
    Column("created_at", Time, nullable=False),
    Index("ix_single_use_links_user_id", "user_id"),
)

# Host tokens that were used as a link, until they would have expired: each is good for one sign-on by the page.
spent_tokens = Table(
    "spent_tokens",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of what is signed
    Column("expires_at", Time, nullable=False, index=True),
)

# By what a person is found: see names.py. Compared byte by byte, so that what begins alike lies side by side.
_Word = String(64, collation="C").with_variant(String(64), "sqlite")
user_words = Table(
    "user_words",
    metadata,
    Column("word", _Word, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_user_words_user_id", "user_id"),
)
