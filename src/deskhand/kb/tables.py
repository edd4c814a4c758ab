"""Articles, the addresses they once had, what they once said, what they show, whether they helped, what was missed."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from deskhand.kit.schema import Id, Time, metadata

articles = Table(
    "articles",
    metadata,
    Column("id", Id, primary_key=True),
    Column("slug", String(120), nullable=False, unique=True),
    Column("title", String(255), nullable=False),
    Column("summary", String(500), nullable=False),
    Column("body", Text, nullable=False),
    Column("body_html", Text, nullable=False),
    Column("category_slug", String(120), ForeignKey("categories.slug")),
    Column("status", String(10), nullable=False),  # draft, published
    Column("author_id", Id, ForeignKey("users.id")),
    Column("helpful_count", Integer, nullable=False),
    Column("not_helpful_count", Integer, nullable=False),
    Column("version", Integer, nullable=False),  # rises with every change by staff
    Column("published_at", Time),  # the last time that it was; stays when it no longer is
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    # The folded words of the title, a line end, those of all else: what staff's search looks for parts of words in.
    Column("folded", Text, nullable=False, server_default=""),
    # Everything that lists are ordered by: in the rows themselves it stands behind the bodies.
    Index(
        "ix_articles_shelf",
        "status",
        "category_slug",
        "title",
        "id",
        "slug",
        "helpful_count",
        "not_helpful_count",
        "published_at",
        "updated_at",
    ),
    Index("ix_articles_updated", "updated_at", "id"),
)

# A slug that an article has left still leads to it.
article_slugs = Table(
    "article_slugs",
    metadata,
    Column("slug", String(120), primary_key=True),
    Column("article_id", Id, ForeignKey("articles.id", ondelete="CASCADE"), nullable=False, index=True),
)

article_revisions = Table(
    "article_revisions",
    metadata,
    Column("article_id", Id, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("title", String(255), nullable=False),
    Column("summary", String(500), nullable=False),
    Column("body", Text, nullable=False),
    Column("author_id", Id),
    Column("author_name", String(255), nullable=False),
    Column("created_at", Time, nullable=False),
)

# Every file that an article ever showed, for its revisions do still; `shown`: the present body does.
article_attachments = Table(
    "article_attachments",
    metadata,
    Column("article_id", Id, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("attachment_id", Id, ForeignKey("attachments.id"), primary_key=True, index=True),
    Column("shown", Boolean, nullable=False),
)

article_votes = Table(
    "article_votes",
    metadata,
    Column("article_id", Id, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("voter", String(80), primary_key=True),  # user:<id> or browser:<random>
    Column("helpful", Boolean, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Column("comment", Text),  # for staff alone
)

# Searches that found nothing, by their folded words.
search_misses = Table(
    "search_misses",
    metadata,
    Column("folded", String(100), primary_key=True),
    Column("query", String(100), nullable=False),  # as it was typed last
    Column("count", Integer, nullable=False),
    Column("first_at", Time, nullable=False),
    Column("last_at", Time, nullable=False),
)
