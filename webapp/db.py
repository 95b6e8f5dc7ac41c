"""The database: engine settings, the unit of work, and the sequence that phones pull by."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, TypeVar, dataclass_transform

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    Session,
    mapped_column,
    relationship,
)
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.types import TypeDecorator

Key = TypeVar("Key")
# Ids in one statement.
_AT_ONCE = 500
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; refuses naive values, because a phone's local time is not a time."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time was given to the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Type checkers don't see that ``kw_only`` is inherited; this tells them.
@dataclass_transform(kw_only_default=True, field_specifiers=(mapped_column, relationship))
class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """The mapped classes' base. JSON columns hold plain data; times are aware UTC."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {
        dict[str, Any]: sa.JSON,
        list[Any]: sa.JSON,
        datetime: UtcDateTime,
        date: sa.Date,
    }


class Synced(MappedAsDataclass, kw_only=True):
    """A row that phones pull: ``seq`` is the contract's sequence number of its last change.

    It is set at flush, from a number taken under a lock that is held to the commit, so that no row
    with a lower number can become visible after a higher one was pulled.
    """

    seq: Mapped[int] = mapped_column(sa.BigInteger, default=0, init=False, index=True)


db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})

_writing: ContextVar[bool] = ContextVar("writing", default=False)
_write_lock = threading.RLock()


def now_utc() -> datetime:
    """The server's clock; services get its value as ``now``."""
    return datetime.now(UTC)


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """THE write transaction of a request, job or command: committed here, and nowhere else.

    On SQLite it begins IMMEDIATE and holds one in-process lock, which keeps the waiting fair and
    short; readers neither wait nor are waited for. No picture, mail or network work belongs in it.
    """
    session = db.session()
    session.rollback()
    embedded = db.engine.dialect.name == "sqlite"
    if embedded:
        _write_lock.acquire()
    token = _writing.set(True)
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("sequence_numbers", None)
        _writing.reset(token)
        if embedded:
            _write_lock.release()


def take_sequence(session: Session, contract_id: int) -> int:
    """The number that this transaction's changes in the contract carry; one per transaction."""
    numbers: dict[int, int] = session.info.setdefault("sequence_numbers", {})
    if contract_id not in numbers:
        parameters = {"contract": contract_id}
        numbers[contract_id] = session.connection().execute(_next_number(), parameters).scalar_one()
    return numbers[contract_id]


@cache
def _next_number() -> ReturningUpdate[int]:
    # Built once: every write of a phone asks for it, and building it costs more than running it.
    table = Base.metadata.tables["contract"]
    return (
        sa.update(table)
        .where(table.c.id == sa.bindparam("contract"))
        .values(head_seq=table.c.head_seq + 1)
        .returning(table.c.head_seq)
    )


@event.listens_for(Session, "before_flush")
def _number_changes(session: Session, _context: object, _instances: object) -> None:
    for row in list(session.new) + list(session.dirty):
        # A contract that is being made has no number yet to give; its members will take the first.
        if isinstance(row, Synced) and session.is_modified(row) and row.contract_id is not None:  # type: ignore[attr-defined]
            row.seq = take_sequence(session, row.contract_id)  # type: ignore[attr-defined]


@event.listens_for(Session, "after_rollback")
def _forget_numbers(session: Session) -> None:
    session.info.pop("sequence_numbers", None)


def chunks(ids: Iterable[Key]) -> Iterator[list[Key]]:
    """The ids in portions that one statement takes."""
    every = list(ids)
    for start in range(0, len(every), _AT_ONCE):
        yield every[start : start + _AT_ONCE]


def engine_options(database_url: str) -> dict[str, Any]:
    """Engine settings for the database that is configured."""
    if database_url.startswith("sqlite"):
        # The connection that was used last comes first: what it has just written it need not read again.
        connect = {"timeout": 15, "check_same_thread": False}
        return {"connect_args": connect, "pool_use_lifo": True}
    return {"pool_pre_ping": True, "pool_size": 10, "max_overflow": 10}


def prepare_engine(engine: Engine) -> None:
    """Take SQLite's transactions over, and make an acknowledged commit survive a power cut."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=15000",
            "cache_size=-32000",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        if _writing.get():
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            # Straight to the driver, because a read's begin can't fail and every request has one.
            connection.connection.cursor().execute("BEGIN")
