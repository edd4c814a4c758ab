"""first schema."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")


def upgrade() -> None:
    _tables()
    _numbers()
    _fulltext()
    _categories()


def _tables() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", ID, nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("plan", sa.String(length=120), nullable=True),
        sa.Column("traits", sa.Text(), nullable=False),
        sa.Column("usage", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("external_id", name=op.f("uq_accounts_external_id")),
    )
    op.create_table(
        "categories",
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_categories")),
    )
    op.create_table(
        "category_lessons",
        sa.Column("id", ID, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category_lessons")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_category_lessons_ticket_id")),
    )
    with op.batch_alter_table("category_lessons", schema=None) as batch_op:
        batch_op.create_index("ix_category_lessons_slug", ["slug"], unique=False)

    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("subject_id", ID, nullable=True),
        sa.Column("actor_id", ID, nullable=True),
        sa.Column("actor_type", sa.String(length=10), nullable=False),
        sa.Column("actor_name", sa.String(length=255), nullable=False),
        sa.Column("staff_only", sa.Boolean(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("dispatched_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
        sa.UniqueConstraint("id", name=op.f("uq_events_id")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_name_at", ["name", "at"], unique=False)
        batch_op.create_index("ix_events_subject", ["subject_id", "seq"], unique=False)
        batch_op.create_index(
            "ix_events_waiting",
            ["seq"],
            unique=False,
            sqlite_where=sa.text("dispatched_at IS NULL"),
            postgresql_where=sa.text("dispatched_at IS NULL"),
        )

    op.create_table(
        "idempotency_keys",
        sa.Column("caller", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("sealed", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotency_keys")),
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_keys_created_at"), ["created_at"], unique=False)

    op.create_table(
        "instance_keys",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_instance_keys")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("leased_by", sa.String(length=60), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_jobs_dedupe_key")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_jobs_due",
            ["run_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('queued', 'running')"),
            postgresql_where=sa.text("state IN ('queued', 'running')"),
        )
        batch_op.create_index("ix_jobs_leased_by", ["leased_by"], unique=False)
        batch_op.create_index("ix_jobs_state", ["state", "id"], unique=False)

    op.create_table(
        "kb_search_entries",
        sa.Column("article_id", ID, nullable=False),
        sa.Column("stamp", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("stems", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("places", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_kb_search_entries")),
    )
    op.create_table(
        "kb_search_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stamp", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kb_search_state")),
    )
    op.create_table(
        "limit_hits",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("bucket", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limit_hits")),
    )
    with op.batch_alter_table("limit_hits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_limit_hits_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_limit_hits_bucket_at"), ["bucket", "at"], unique=False)

    op.create_table(
        "stamps",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("stamp", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_stamps")),
    )
    op.create_table(
        "users",
        sa.Column("id", ID, nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("email_verified_at", sa.BigInteger(), nullable=True),
        sa.Column("login", sa.String(length=254), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("host_sub", sa.String(length=255), nullable=True),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("claims", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_users_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("host_sub", name=op.f("uq_users_host_sub")),
        sa.UniqueConstraint("login", name=op.f("uq_users_login")),
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index("ix_users_account_id", ["account_id"], unique=False)
        batch_op.create_index("ix_users_email", ["email"], unique=False)
        batch_op.create_index("ix_users_role", ["role", "name"], unique=False)

    op.create_table(
        "api_keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_keys_hash")),
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_index("ix_api_keys_user_id", ["user_id", "id"], unique=False)

    op.create_table(
        "articles",
        sa.Column("id", ID, nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("summary", sa.String(length=500), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("category_slug", sa.String(length=120), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("author_id", ID, nullable=True),
        sa.Column("helpful_count", sa.Integer(), nullable=False),
        sa.Column("not_helpful_count", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("folded", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_articles_author_id")),
        sa.ForeignKeyConstraint(["category_slug"], ["categories.slug"], name=op.f("fk_articles_category_slug")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("slug", name=op.f("uq_articles_slug")),
    )
    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.create_index("ix_articles_status", ["status", "category_slug", "title"], unique=False)
        batch_op.create_index("ix_articles_updated", ["updated_at", "id"], unique=False)

    op.create_table(
        "attachments",
        sa.Column("id", ID, nullable=False),
        sa.Column("uploader_id", ID, nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=120), nullable=False),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage_key", sa.String(length=80), nullable=False),
        sa.Column("thumbnail_key", sa.String(length=80), nullable=True),
        sa.Column("thumbnail_size", sa.Integer(), nullable=True),
        sa.Column("message_id", ID, nullable=True),
        sa.Column("ticket_id", ID, nullable=True),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("bound_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["uploader_id"], ["users.id"], name=op.f("fk_attachments_uploader_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.create_index("ix_attachments_message_id", ["message_id"], unique=False)
        batch_op.create_index("ix_attachments_ticket_id", ["ticket_id"], unique=False)
        batch_op.create_index(
            "ix_attachments_unbound_by",
            ["uploader_id"],
            unique=False,
            sqlite_where=sa.text("bound_at IS NULL"),
            postgresql_where=sa.text("bound_at IS NULL"),
        )
        batch_op.create_index(
            "ix_attachments_unbound_since",
            ["created_at"],
            unique=False,
            sqlite_where=sa.text("bound_at IS NULL"),
            postgresql_where=sa.text("bound_at IS NULL"),
        )

    op.create_table(
        "preferences",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("notify_on_reply", sa.Boolean(), nullable=False),
        sa.Column("notify_on_close", sa.Boolean(), nullable=False),
        sa.Column("notify_on_status_change", sa.Boolean(), nullable=False),
        sa.Column("email_digest", sa.Boolean(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_preferences_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_preferences")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("user_agent", sa.String(length=255), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index("ix_sessions_user_id", ["user_id"], unique=False)

    op.create_table(
        "single_use_links",
        sa.Column("id", ID, nullable=False),
        sa.Column("purpose", sa.String(length=30), nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_single_use_links_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_single_use_links")),
    )
    with op.batch_alter_table("single_use_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_single_use_links_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index("ix_single_use_links_user_id", ["user_id"], unique=False)

    op.create_table(
        "tickets",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("readable_id", sa.String(length=24), nullable=False),
        sa.Column("requester_id", ID, nullable=False),
        sa.Column("assignee_id", ID, nullable=True),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("category_slug", sa.String(length=120), nullable=False),
        sa.Column("category_guess", sa.Text(), nullable=True),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("first_reply_at", sa.BigInteger(), nullable=True),
        sa.Column("staff_replied_at", sa.BigInteger(), nullable=True),
        sa.Column("requester_read_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"], name=op.f("fk_tickets_assignee_id")),
        sa.ForeignKeyConstraint(["category_slug"], ["categories.slug"], name=op.f("fk_tickets_category_slug")),
        sa.ForeignKeyConstraint(["requester_id"], ["users.id"], name=op.f("fk_tickets_requester_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("number", name=op.f("uq_tickets_number")),
        sa.UniqueConstraint("readable_id", name=op.f("uq_tickets_readable_id")),
    )
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.create_index("ix_tickets_all_created", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_tickets_all_priority", ["priority", "id"], unique=False)
        batch_op.create_index("ix_tickets_all_updated", ["updated_at", "id"], unique=False)
        batch_op.create_index("ix_tickets_assignee", ["assignee_id", "status", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_tickets_autoclose",
            ["resolved_at"],
            unique=False,
            sqlite_where=sa.text("resolved_at IS NOT NULL"),
            postgresql_where=sa.text("resolved_at IS NOT NULL"),
        )
        batch_op.create_index("ix_tickets_category", ["category_slug", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_tickets_closed_at",
            ["closed_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_tickets_first_reply_at",
            ["first_reply_at"],
            unique=False,
            sqlite_where=sa.text("first_reply_at IS NOT NULL"),
            postgresql_where=sa.text("first_reply_at IS NOT NULL"),
        )
        batch_op.create_index("ix_tickets_mine_created", ["requester_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_tickets_mine_priority", ["requester_id", "priority", "id"], unique=False)
        batch_op.create_index("ix_tickets_mine_status", ["requester_id", "status", "created_at", "id"], unique=False)
        batch_op.create_index("ix_tickets_mine_updated", ["requester_id", "updated_at", "id"], unique=False)
        batch_op.create_index("ix_tickets_status_created", ["status", "created_at", "id"], unique=False)
        batch_op.create_index("ix_tickets_status_updated", ["status", "updated_at", "id"], unique=False)

    op.create_table(
        "article_attachments",
        sa.Column("article_id", ID, nullable=False),
        sa.Column("attachment_id", ID, nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_attachments_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachments.id"], name=op.f("fk_article_attachments_attachment_id")
        ),
        sa.PrimaryKeyConstraint("article_id", "attachment_id", name=op.f("pk_article_attachments")),
    )
    with op.batch_alter_table("article_attachments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_attachments_attachment_id"), ["attachment_id"], unique=False)

    op.create_table(
        "article_revisions",
        sa.Column("article_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("summary", sa.String(length=500), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author_id", ID, nullable=True),
        sa.Column("author_name", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_revisions_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "number", name=op.f("pk_article_revisions")),
    )
    op.create_table(
        "article_slugs",
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_slugs_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_article_slugs")),
    )
    with op.batch_alter_table("article_slugs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_slugs_article_id"), ["article_id"], unique=False)

    op.create_table(
        "article_votes",
        sa.Column("article_id", ID, nullable=False),
        sa.Column("voter", sa.String(length=80), nullable=False),
        sa.Column("helpful", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_votes_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "voter", name=op.f("pk_article_votes")),
    )
    op.create_table(
        "digest_items",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("mail_id", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_digest_items_ticket_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_digest_items_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest_items")),
    )
    with op.batch_alter_table("digest_items", schema=None) as batch_op:
        batch_op.create_index("ix_digest_items_waiting", ["mail_id", "user_id"], unique=False)
        batch_op.create_index("uq_digest_items_event", ["user_id", "event_id"], unique=True)

    op.create_table(
        "enrichments",
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("usage", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("recent", sa.Text(), nullable=False),
        sa.Column("usage_state", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_enrichments_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_enrichments")),
    )
    op.create_table(
        "mails",
        sa.Column("id", ID, nullable=False),
        sa.Column("dedupe_key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("ticket_id", ID, nullable=True),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_mails_ticket_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mails_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_mails_dedupe_key")),
    )
    with op.batch_alter_table("mails", schema=None) as batch_op:
        batch_op.create_index("ix_mails_recipient", ["recipient", "created_at"], unique=False)
        batch_op.create_index("ix_mails_state", ["state", "id"], unique=False)
        batch_op.create_index("ix_mails_ticket_id", ["ticket_id"], unique=False)

    op.create_table(
        "messages",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("author_id", ID, nullable=True),
        sa.Column("author_type", sa.String(length=10), nullable=False),
        sa.Column("author_name", sa.String(length=255), nullable=False),
        sa.Column("identity", sa.String(length=20), nullable=False),
        sa.Column("via", sa.String(length=10), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_messages_author_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_messages_ticket_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_messages")),
        sa.UniqueConstraint("id", name=op.f("uq_messages_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index("ix_messages_author_id", ["author_id"], unique=False)
        batch_op.create_index("ix_messages_ticket", ["ticket_id", "seq"], unique=False)

    op.create_table(
        "mutes",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_mutes_ticket_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mutes_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "ticket_id", name=op.f("pk_mutes")),
    )
    op.create_table(
        "ratings",
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("rating", sa.SmallInteger(), nullable=False),
        sa.Column("comment", sa.String(length=2000), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ratings_ticket_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ratings_user_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ratings")),
    )
    with op.batch_alter_table("ratings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ratings_created_at"), ["created_at"], unique=False)

    op.create_table(
        "spam",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("released_ticket_id", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["released_ticket_id"], ["tickets.id"], name=op.f("fk_spam_released_ticket_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spam")),
        sa.UniqueConstraint("number", name=op.f("uq_spam_number")),
    )
    with op.batch_alter_table("spam", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spam_created_at"), ["created_at"], unique=False)

    op.create_table(
        "ticket_tags",
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_tags_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_id", "tag", name=op.f("pk_ticket_tags")),
    )
    with op.batch_alter_table("ticket_tags", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_tags_tag", ["tag", "ticket_id"], unique=False)


def _numbers() -> None:
    """PostgreSQL takes a ticket's readable number from a sequence, so that writers do not wait for each other."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE ticket_numbers")


def _fulltext() -> None:
    for statement in _FULLTEXT[op.get_bind().dialect.name]:
        op.execute(statement)


def _categories() -> None:
    moment = int(time.time() * 1_000_000)
    categories = sa.table("categories", *(sa.column(name) for name in _COLUMNS))
    rows = [
        dict(zip(_COLUMNS, (*category, position, moment, moment), strict=True))
        for position, category in enumerate(_SHIPPED)
    ]
    op.bulk_insert(categories, rows)


_FULLTEXT = {
    "sqlite": [
        """
        CREATE VIRTUAL TABLE fulltext
        USING fts5(key UNINDEXED, labels, title, body, tokenize='ascii', columnsize=0, prefix='3 4')
        """,
    ],
    "postgresql": [
        """
        CREATE TABLE fulltext (
            number BIGINT CONSTRAINT pk_fulltext PRIMARY KEY, key VARCHAR(36) NOT NULL,
            labels TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, vector TSVECTOR NOT NULL
        )
        """,
        """
        CREATE INDEX ix_fulltext_vector ON fulltext USING gin (vector) WITH (gin_pending_list_limit = 512)
        """,
    ],
}

_COLUMNS = ("slug", "name", "description", "position", "created_at", "updated_at")
_SHIPPED = (
    ("technical-issue", "Technical Issue", "Bugs, errors, unexpected behavior"),
    ("billing", "Billing", "Charges, invoices, plan changes"),
    ("feature-request", "Feature Request", "Suggestions and new capabilities"),
    ("account", "Account", "Login, API keys, team management"),
    ("general", "General", "Other questions"),
)
