"""三级验收: who signed which rooms, who accepted the round, and by how many different people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa

from webapp.acceptance import models
from webapp.acceptance.queries import standing_sign_offs
from webapp.identity.contract_settings import STRICTNESSES, Strictness, contract_settings
from webapp.reports.facts import MonthFacts
from webapp.reports.shape import Acceptance, AcceptanceWork, Level, Person, SignOff

LEVELS: tuple[Level, ...] = ("self_check", "peer_check", "final")


def read_sign_offs(facts: MonthFacts) -> Sequence[models.SignOff]:
    """The round's sign-offs that hold, the oldest first."""
    return standing_sign_offs(facts.session, facts.round.id)


def acceptance(facts: MonthFacts, signed: Sequence[models.SignOff]) -> Acceptance:
    """The acceptance as it stands."""
    final = [row for row in signed if row.level == "final"]
    settings = contract_settings(facts.contract.settings)
    rechecked = facts.session.scalar(
        sa.select(sa.func.count(sa.distinct(models.Recheck.inspection_id))).where(
            models.Recheck.round_id == facts.round.id
        )
    )
    return {
        "strictness": _strictness(signed) or settings.acceptance_strictness,
        "rooms": len(facts.rooms),
        "self_checked": _rooms(facts, signed, "self_check"),
        "peer_checked": _rooms(facts, signed, "peer_check"),
        "rechecked": rechecked or 0,
        "final": sign_off(facts, final[-1]) if final else None,
        "people": _people(facts, signed),
    }


def _strictness(signed: Sequence[models.SignOff]) -> Strictness | None:
    """The least that a sign-off was given under: a setting made stricter later changes no past."""
    given = {row.strictness for row in signed}
    return next((one for one in reversed(STRICTNESSES) if one in given), None)


def _rooms(facts: MonthFacts, signed: Sequence[models.SignOff], level: Level) -> int:
    return len({row.room_id for row in signed if row.level == level} & facts.rooms.keys())


def sign_off(facts: MonthFacts, row: models.SignOff) -> SignOff:
    """A sign-off as documents show it."""
    return {
        "level": _level(row),
        "person": _person(facts, row.user_id),
        "signed_at": facts.clock_of(row.signed_at),
        "sha256": row.content_sha256,
        "strokes": row.strokes,
        "signed_name": row.signed_name,
        "remark": row.remark,
    }


def _level(row: models.SignOff) -> Level:
    return next(level for level in LEVELS if level == row.level)


def _person(facts: MonthFacts, user_id: int) -> Person:
    nobody: Person = {"id": user_id, "name": facts.name_of(user_id), "role": ""}
    return facts.people.get(user_id, nobody)


def _people(facts: MonthFacts, signed: Sequence[models.SignOff]) -> list[AcceptanceWork]:
    work: dict[tuple[int, int], list[models.SignOff]] = defaultdict(list)
    for row in signed:
        work[LEVELS.index(_level(row)), row.user_id].append(row)
    return [
        {
            "level": LEVELS[level],
            "person": _person(facts, user_id),
            "rooms": len({row.room_id for row in rows if row.room_id is not None}),
            "first_at": facts.clock_of(rows[0].signed_at),
            "last_at": facts.clock_of(rows[-1].signed_at),
        }
        for (level, user_id), rows in sorted(work.items())
    ]
