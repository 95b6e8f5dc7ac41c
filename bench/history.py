"""Ten years behind a contract: one month's round, told again for each of the months before it.

The product's own services would take the better part of an hour; what they wrote of one month is
copied row by row, with ids, numbers and months of its own. Only SQLite, only for measuring.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from webapp.rounds.rules import add_months

# Tables in the order of their references, each with the columns that name rows of the others.
_REFERENCES: dict[str, dict[str, str]] = {
    "round": {},
    "round_room": {"round_id": "round"},
    "round_task": {"round_id": "round", "inspection_id": "inspection"},
    "inspection": {"round_id": "round", "task_id": "round_task"},
    "inspection_revision": {"inspection_id": "inspection"},
    "reading": {"inspection_id": "inspection"},
    "photo": {"inspection_id": "inspection"},
    "consumable_use": {"inspection_id": "inspection"},
    "open_item": {"opened_inspection_id": "inspection"},
    "open_item_answer": {"open_item_id": "open_item", "inspection_id": "inspection"},
    "device_record": {"inspection_id": "inspection", "open_item_id": "open_item"},
}
# Which rows of a table are the month's, by the round's id.
_OF_INSPECTION = "inspection_id IN (SELECT id FROM inspection WHERE round_id = :round)"
_OF_ROUND: dict[str, str] = {
    "round": "id = :round",
    "round_room": "round_id = :round",
    "round_task": "round_id = :round",
    "inspection": "round_id = :round",
    "open_item": f"opened_{_OF_INSPECTION}",
    "open_item_answer": f"answer = 'opened' AND {_OF_INSPECTION}",
}


@dataclass(frozen=True)
class _Month:
    """The month that is told again, and how far ids of each table are apart from copy to copy."""

    round_id: int
    month: str
    steps: dict[str, int]
    columns: dict[str, list[str]]


class Past:
    """The past of a contract in a database that nobody else has open."""

    def __init__(self, database: Path, code: str) -> None:
        self._database = database
        with self._open() as connection:
            round_id, month = connection.execute(
                "SELECT round.id, month FROM round JOIN contract ON contract.id = contract_id "
                "WHERE code = ? AND state = 'accepted' ORDER BY month LIMIT 1",
                (code,),
            ).fetchone()
            self._told = 0
            _calm(connection, round_id)
            self._month = _Month(
                round_id,
                month,
                # Twice as far as it takes: what solves a copied item lies between the copies.
                {table: 2 * _last_id(connection, table) for table in _REFERENCES},
                {table: _columns(connection, table) for table in _REFERENCES},
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._database)
        try:
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA cache_size=-400000")
            with connection:
                yield connection
        finally:
            connection.close()

    def grow(self, months: int) -> None:
        """Let so many months lie behind the contract, besides the one that it began with."""
        with self._open() as connection:
            while self._told < months:
                self._told += 1
                for table in _REFERENCES:
                    self._copy(connection, table)
                self._solve(connection)

    def _copy(self, connection: sqlite3.Connection, table: str) -> None:
        columns = self._month.columns[table]
        chosen = ", ".join(self._value(table, column) for column in columns)
        where = _OF_ROUND.get(table, _OF_INSPECTION)
        connection.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} WHERE {where}",
            {"round": self._month.round_id},
        )

    def _value(self, table: str, column: str) -> str:
        other = table if column == "id" else _REFERENCES[table].get(column)
        if other is not None:
            return f"{column} + {self._month.steps[other] * self._told}"
        if column == "number" and table == "open_item":
            return f"number + {self._month.steps['open_item'] * self._told}"
        if column in ("uid", "operation_id"):
            return f"printf('%08x', {self._told}) || substr({column}, 9)"
        if column in ("month", "opened_month"):
            return f"'{add_months(self._month.month, -self._told)}'"
        return {"payload": "'{}'"}.get(column, column)

    def _solve(self, connection: sqlite3.Connection) -> None:
        """What was found in the month just told was solved in the one after it, by the same device."""
        after = add_months(self._month.month, 1 - self._told)
        found = add_months(self._month.month, -self._told)
        step = self._month.steps["inspection"]
        columns = self._month.columns["open_item_answer"]
        values = {
            "id": f"id + {self._month.steps['open_item_answer'] // 2}",
            "inspection_id": f"inspection_id - {step}",
            "month": f"'{after}'",
            "answer": "'solved'",
        }
        chosen = ", ".join(values.get(name, name) for name in columns)
        connection.execute(
            f"INSERT INTO open_item_answer ({', '.join(columns)}) SELECT {chosen} "
            "FROM open_item_answer WHERE month = ? AND answer = 'opened' AND open_item_id > ?",
            (found, self._month.steps["open_item"]),
        )
        connection.execute(
            "UPDATE open_item SET state = 'solved', closed_month = ?, closed_at = opened_at "
            "WHERE opened_month = ?",
            (after, found),
        )


def _calm(connection: sqlite3.Connection, round_id: int) -> None:
    """Let every twentieth inspection of the month be abnormal, as rounds are, and not most of them.

    Every fiftieth gets new batteries.
    """
    calm = f"{_OF_INSPECTION} AND inspection_id % 20 <> 0"
    for statement in (
        f"UPDATE reading SET verdict = 'normal' WHERE {calm}",
        "UPDATE inspection SET verdict = 'normal' WHERE round_id = :round AND id % 20 <> 0",
        "UPDATE round_task SET outcome = 'normal' "
        "WHERE round_id = :round AND inspection_id % 20 <> 0",
        f"DELETE FROM device_record WHERE {calm}",
        f"DELETE FROM open_item_answer WHERE {calm}",
        "DELETE FROM open_item WHERE opened_inspection_id % 20 <> 0 AND opened_inspection_id IN "
        "(SELECT id FROM inspection WHERE round_id = :round)",
        "INSERT INTO consumable_use (contract_id, inspection_id, device_id, consumable, quantity, "
        "used_on) SELECT contract_id, id, device_id, 'battery', 2, substr(received_at, 1, 10) "
        "FROM inspection WHERE round_id = :round AND id % 50 = 0",
    ):
        connection.execute(statement, {"round": round_id})


def _last_id(connection: sqlite3.Connection, table: str) -> int:
    (last,) = connection.execute(f"SELECT max(id) FROM {table}").fetchone()
    return int(last or 1)


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
