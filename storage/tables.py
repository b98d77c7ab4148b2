"""Every table, once. Read beside `migrations/`: a test proves that both say the same.

Instants are whole microseconds UTC (`moments.py`). Bodies are bytes of versioned JSON; columns beside a body
exist only to be filtered or sorted by. Text sorts by its bytes on both databases, so that anything read in
order is read in the same order.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

REVISION = "0001"
"""The migration that these tables stand for; a test compares it with Alembic's head."""

metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})

Word = Text().with_variant(Text(collation="C"), "postgresql")
Count = BigInteger().with_variant(Integer(), "sqlite")  # SQLite's own row number is any 64-bit INTEGER
Moment = BigInteger()
Bytes = LargeBinary()


def _word(name: str, *, key: bool = False, null: bool = False, default: str | None = None) -> Column[str]:
    given = None if default is None else text(f"'{default}'")
    return Column(name, Word, primary_key=key, nullable=null, server_default=given)


def _moment(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, Moment, nullable=null)


# -- the embedded log -------------------------------------------------------------------------------------

log_ends = Table(
    "log_ends",
    metadata,
    Column("log_no", Integer, primary_key=True),  # short number of a (topic, partition)
    _word("topic"),
    Column("partition", Integer, nullable=False),
    Column("next_offset", BigInteger, nullable=False),
    Column("first_offset", BigInteger, nullable=False, server_default=text("0")),  # older ones were swept
    Index(None, "topic", "partition", unique=True),
)

log_records = Table(
    "log_records",
    metadata,
    # log_no * 2^40 + offset: one B-tree in log order, without the topic's name in each row
    Column("position", Count, primary_key=True, autoincrement=False),
    _word("key"),
    Column("value", Bytes, nullable=False),
    _moment("appended_at"),
)

offsets = Table(
    "offsets",
    metadata,
    _word("consumer", key=True),
    _word("topic", key=True),
    Column("partition", Integer, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("next_offset", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Count, primary_key=True, autoincrement=True),
    _word("topic"),
    _word("key"),
    Column("value", Bytes, nullable=False),
    sqlite_autoincrement=True,
)

# -- what the engine knows --------------------------------------------------------------------------------

states = Table(
    "states",
    metadata,
    _word("space", key=True),  # person | ward
    _word("key", key=True),
    Column("version", BigInteger, nullable=False),
    Column("body", Bytes, nullable=False),
)

state_parts = Table(
    "state_parts",
    metadata,
    _word("space", key=True),
    _word("key", key=True),
    _word("part", key=True),
    Column("body", Bytes, nullable=False),
    sqlite_with_rowid=False,
)

timers = Table(
    "timers",
    metadata,
    _word("space", key=True),
    _word("key", key=True),
    _moment("due"),
    Index(None, "due", "key", "space"),
    sqlite_with_rowid=False,
)

# -- what it found ----------------------------------------------------------------------------------------

alerts = Table(
    "alerts",
    metadata,
    _word("alert_id", key=True),
    _word("detector"),
    _word("institution"),
    _word("ward"),
    _word("person"),
    _word("stay"),
    _word("mdtrt_id"),
    Column("severity", SmallInteger, nullable=False),
    _word("status"),
    _moment("raised_at"),
    _moment("updated_at"),
    Column("body", Bytes, nullable=False),
    Index(None, "raised_at", "alert_id"),
    Index(None, "updated_at", "alert_id"),
    Index(None, "institution", "raised_at", "alert_id"),
    Index(None, "mdtrt_id"),
    Index(None, "stay"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("seq", Count, primary_key=True, autoincrement=True),
    _word("decision_id"),
    _word("institution"),
    _word("stay"),
    _word("mdtrt_id"),
    _word("outcome"),
    _moment("decided_at"),
    Column("body", Bytes, nullable=False),
    Index(None, "decision_id", unique=True),
    Index(None, "stay", "seq"),
    Index(None, "mdtrt_id", "seq"),
    sqlite_autoincrement=True,
)

holds = Table(
    "holds",
    metadata,
    _word("hold_id", key=True),
    _word("institution"),
    _word("stay"),
    _word("mdtrt_id"),
    _word("status"),
    _word("payment_due"),  # ISO date
    _moment("opened_at"),
    _moment("updated_at"),
    _moment("expires_at"),
    Column("body", Bytes, nullable=False),
    Index(None, "opened_at", "hold_id"),
    Index(None, "institution", "payment_due", "hold_id"),
    Index(None, "status", "expires_at"),
    Index(None, "stay"),
)

stops = Table(
    "stops",
    metadata,
    Column("id", Count, primary_key=True, autoincrement=True),
    _word("kind"),  # rule | institution
    _word("value"),
    _word("by"),
    _word("reason"),
    _moment("at"),
    _word("lifted_by", null=True),
    _moment("lifted_at", null=True),
    sqlite_autoincrement=True,
)

feed = Table(
    "feed",
    metadata,
    Column("id", Count, primary_key=True, autoincrement=False),  # dense, given under a lock: see feed.py
    _word("kind"),
    _word("institution"),
    _moment("at"),
    Column("body", Bytes, nullable=False),
)

# -- what was received ------------------------------------------------------------------------------------

requests = Table(
    "requests",
    metadata,
    Column("seq", Count, primary_key=True, autoincrement=True),
    _word("request_id"),
    _moment("arrived_at"),
    _word("path"),
    _word("institution"),
    _word("msgid"),
    _word("body_hash"),
    _word("idem_key"),
    _word("caller"),
    _word("dedupe", null=True),  # 128 bits of a hash of the dedupe key, base64
    Column("codec", SmallInteger, nullable=False, server_default=text("0")),  # how `body` and `reply` are packed
    Column("body", Bytes, nullable=False),
    Column("reply", Bytes, nullable=True),
    _word("meta"),  # JSON
    Index(None, "request_id", unique=True),
    Index(None, "dedupe", unique=True),
    Index(
        None,
        "institution",
        "msgid",
        sqlite_where=text("msgid <> ''"),
        postgresql_where=text("msgid <> ''"),
    ),
    Index(
        None,
        "caller",
        "idem_key",
        sqlite_where=text("idem_key <> ''"),
        postgresql_where=text("idem_key <> ''"),
    ),
    Index("ix_requests_unpacked", "seq", sqlite_where=text("codec = 0"), postgresql_where=text("codec = 0")),
    sqlite_autoincrement=True,
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", Count, primary_key=True, autoincrement=True),
    _word("source"),  # topic or path
    Column("partition", Integer, nullable=True),
    Column("offset", BigInteger, nullable=True),
    _moment("arrived_at"),
    _word("code"),
    _word("reason"),
    Column("body", Bytes, nullable=False),
    _word("meta"),  # JSON
    Index(None, "arrived_at"),
    # a redelivery of the same poison is the same dead letter; rows from HTTP have no offset and never clash
    Index(None, "source", "partition", "offset", unique=True),
    sqlite_autoincrement=True,
)

unjoined = Table(
    "unjoined",
    metadata,
    Column("seq", Count, primary_key=True, autoincrement=True),
    _word("waits_for"),
    _word("topic"),
    Column("event", Bytes, nullable=False),
    _moment("arrived_at"),
    _word("request_id"),
    Index(None, "waits_for", "seq"),
    Index(None, "arrived_at"),
    sqlite_autoincrement=True,
)

# -- the identity directory -------------------------------------------------------------------------------

aliases = Table(
    "aliases",
    metadata,
    _word("kind", key=True),  # mdtrt | ipt
    _word("value", key=True),
    _word("institution", key=True),
    _word("person"),
    _word("stay"),
    sqlite_with_rowid=False,
)

members = Table(
    "members",
    metadata,
    _word("institution", key=True),
    _word("psn_no", key=True),
    _word("insuplc", key=True),
    sqlite_with_rowid=False,
)

stays = Table(
    "stays",
    metadata,
    _word("stay", key=True),
    _word("institution"),
    _word("person"),
    _word("mdtrt_id"),
    _word("ipt_no"),
    _word("ward"),
    _word("bed"),
    Column("is_open", SmallInteger, nullable=False),  # 0 | 1
    _moment("updated_at"),
    Index(None, "person"),
    Index(
        "ix_stays_open_ward",
        "institution",
        "ward",
        sqlite_where=text("is_open = 1"),
        postgresql_where=text("is_open = 1"),
    ),
)

institutions = Table(
    "institutions",
    metadata,
    _word("code", key=True),
    _word("region"),
    _moment("first_heard_at"),
    _moment("last_heard_at"),
    _moment("last_heard_hour"),
    sqlite_with_rowid=False,
)

# -- projections that the outside reads -------------------------------------------------------------------

captures = Table(
    "captures",
    metadata,
    _word("capture_id", key=True),
    _word("person"),
    _word("institution"),
    _word("ward"),
    _word("state"),
    _word("band"),
    _word("reasons"),  # JSON
    _moment("updated_at"),
    Index(None, "updated_at"),
)

checks = Table(
    "checks",
    metadata,
    _word("check_id", key=True),
    _word("institution"),
    _word("ward"),
    _word("kind"),
    _moment("opens_at"),
    _moment("due_by"),
    _word("nonce"),
    Column("body", Bytes, nullable=False),
    Index(None, "institution", "due_by"),
    Index(None, "due_by"),
)
