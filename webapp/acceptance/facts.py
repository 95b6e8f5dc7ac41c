"""What signing is decided by, read for a whole round (or some rooms) in a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance.models import Recheck, ReturnedAnswer, SignOff
from webapp.acceptance.return_queries import state_column
from webapp.acceptance.rules import (
    PEER_CHECK,
    SELF_CHECK,
    Candidate,
    Risk,
    RoomFacts,
    Signer,
    sample,
)
from webapp.errors import AppError
from webapp.identity.contract_settings import ContractSettings, contract_settings
from webapp.identity.models import Contract
from webapp.identity.rules import Access
from webapp.rounds.models import Inspection, InspectionRevision, Photo, Round, RoundTask


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """A task with the inspection that counts; without one its id and what follows are None."""

    id: int
    room_id: int
    device_id: int | None
    outcome: str
    pair_open: bool
    assignee_id: int | None
    inspection_id: int | None
    uid: str | None
    revision: int
    author_id: int | None
    bulk_ok: bool
    dwell_seconds: int
    flags: frozenset[str]


@dataclass(slots=True)
class RoomState:
    """A room of a round: its tasks, its standing sign-offs, and what is looked at again.

    ``voided`` is for those who show it: by level what stood last, where nothing stands now.
    """

    id: int
    tasks: list[TaskFacts] = field(default_factory=list)
    standing: list[SignOff] = field(default_factory=list)
    voided: dict[str, SignOff] = field(default_factory=dict)
    authors: set[int] = field(default_factory=set)
    sample: dict[int, tuple[Risk, ...]] = field(default_factory=dict)
    checked: set[int] = field(default_factory=set)
    returned: int = 0

    @property
    def facts(self) -> RoomFacts:
        """What the rules ask."""
        return RoomFacts(
            tasks=len(self.tasks),
            todo=sum(task.outcome == "todo" for task in self.tasks),
            authors=frozenset(self.authors),
            assignees=frozenset(t.assignee_id for t in self.tasks if t.assignee_id is not None),
            self_signers=self.signers(SELF_CHECK),
            peer_signers=self.signers(PEER_CHECK),
            sample_left=len(self.sample.keys() - self.checked),
            returned=self.returned,
        )

    def signers(self, level: str) -> frozenset[int]:
        """Whose sign-offs of a level stand."""
        return frozenset(row.user_id for row in self.standing if row.level == level)


@dataclass(frozen=True, slots=True)
class RoundState:
    """A round's rooms by id, the contract's settings, and the final acceptance if it stands."""

    round: Round
    settings: ContractSettings
    rooms: dict[int, RoomState]
    final: SignOff | None


def signer_of(access: Access, settings: ContractSettings) -> Signer:
    """The actor as the rules see him."""
    return Signer(access.user_id, access.rights, settings.acceptance_strictness)


def settings_of(session: Session, contract_id: int) -> ContractSettings:
    """The contract's settings."""
    stored = session.scalar(sa.select(Contract.settings).where(Contract.id == contract_id))
    return contract_settings(stored or {})


def round_state(
    session: Session, of_round: Round, room_ids: Collection[int] | None = None
) -> RoundState:
    """What is known of a round's rooms; of all with None.

    :raise AppError: ``not_found`` for a room that has nothing in the round
    """
    settings = settings_of(session, of_round.contract_id)
    rooms: dict[int, RoomState] = {}
    mine = [RoundTask.round_id == of_round.id, RoundTask.removed.is_(False)]
    if room_ids is not None:
        mine.append(RoundTask.room_id.in_(room_ids))
    for task in _tasks(session, mine):
        rooms.setdefault(task.room_id, RoomState(task.room_id)).tasks.append(task)
    unknown = sorted(set(room_ids or ()) - rooms.keys())
    if unknown:
        raise AppError("not_found", rooms=unknown)
    for room_id, author_id in _authors(session, mine):
        rooms[room_id].authors.add(author_id)
    final = _add_sign_offs(session, of_round.id, rooms)
    _add_returned(session, mine, rooms)
    _add_samples(session, of_round, settings, mine, rooms)
    return RoundState(of_round, settings, rooms, final)


def seed_of(of_round: Round) -> str:
    """What the round's lots are drawn from: the same for everybody, another one every month."""
    return f"{of_round.contract_id}:{of_round.month}"


def _tasks(session: Session, mine: Iterable[sa.ColumnElement[bool]]) -> Iterable[TaskFacts]:
    rows = session.execute(
        sa.select(
            RoundTask.id,
            RoundTask.room_id,
            RoundTask.device_id,
            RoundTask.outcome,
            RoundTask.pair_open,
            RoundTask.assignee_id,
            RoundTask.inspection_id,
            Inspection.uid,
            Inspection.revision,
            Inspection.author_id,
            Inspection.bulk_ok,
            # What an amendment took later doesn't make an "all OK" in seconds a slower one.
            sa.func.coalesce(Inspection.bulk_seconds, Inspection.dwell_seconds).label(
                "dwell_seconds"
            ),
            Inspection.flags,
        )
        .outerjoin(Inspection, Inspection.id == RoundTask.inspection_id)
        .where(*mine)
        .order_by(RoundTask.id)
    )
    for row in rows:
        yield TaskFacts(
            id=row.id,
            room_id=row.room_id,
            device_id=row.device_id,
            outcome=row.outcome,
            pair_open=row.pair_open,
            assignee_id=row.assignee_id,
            inspection_id=row.inspection_id,
            uid=row.uid,
            revision=row.revision or 0,
            author_id=row.author_id,
            bulk_ok=bool(row.bulk_ok),
            dwell_seconds=row.dwell_seconds or 0,
            flags=frozenset(row.flags or ()),
        )


def _authors(session: Session, mine: Iterable[sa.ColumnElement[bool]]) -> Iterable[tuple[int, int]]:
    """Room and author of every revision of what counts: an amendment's author wrote of it too."""
    rows = session.execute(
        sa.select(RoundTask.room_id, InspectionRevision.author_id)
        .join(RoundTask, RoundTask.inspection_id == InspectionRevision.inspection_id)
        .where(*mine)
        .distinct()
    )
    return [(room_id, author_id) for room_id, author_id in rows]


def _add_sign_offs(
    session: Session, round_id: int, rooms: Mapping[int, RoomState]
) -> SignOff | None:
    """Give each room its standing sign-offs; the round's own is the answer."""
    final = None
    rows = session.scalars(
        sa.select(SignOff)
        .where(SignOff.round_id == round_id, SignOff.voided_at.is_(None))
        .order_by(SignOff.id)
    )
    for row in rows:
        if row.room_id is None:
            final = row
        elif row.room_id in rooms:
            rooms[row.room_id].standing.append(row)
    return final


def _add_returned(
    session: Session, mine: Iterable[sa.ColumnElement[bool]], rooms: Mapping[int, RoomState]
) -> None:
    """Count the answers that were sent back and not given yet."""
    rows = session.execute(
        sa.select(RoundTask.room_id, sa.func.count())
        .select_from(ReturnedAnswer)
        .join(Inspection, Inspection.id == ReturnedAnswer.inspection_id)
        .join(RoundTask, RoundTask.id == Inspection.task_id)
        .where(*mine, ReturnedAnswer.state == "open", state_column() == "open")
        .group_by(RoundTask.room_id)
    )
    for room_id, count in rows:
        rooms[room_id].returned = count


def _add_samples(
    session: Session,
    of_round: Round,
    settings: ContractSettings,
    mine: Iterable[sa.ColumnElement[bool]],
    rooms: Mapping[int, RoomState],
) -> None:
    reused = _with_reused_photos(session, mine)
    checks = _rechecks(session, mine)
    for room in rooms.values():
        candidates = [
            _candidate(task, reused, checks) for task in room.tasks if task.uid is not None
        ]
        room.sample = sample(
            candidates,
            seed=seed_of(of_round),
            share=settings.recheck_share,
            fast_bulk_seconds=settings.fast_bulk_seconds,
        )
        room.checked = {
            task.id for task in room.tasks if _is_checked(checks.get(task.id, []), task)
        }


def _candidate(task: TaskFacts, reused: set[int], checks: Mapping[int, list[Any]]) -> Candidate:
    return Candidate(
        task_id=task.id,
        inspection_uid=task.uid or "",
        verdict=task.outcome,
        bulk_ok=task.bulk_ok,
        dwell_seconds=task.dwell_seconds,
        flags=task.flags,
        reused_photo=task.inspection_id in reused,
        returned=any(check.result == "returned" for check in checks.get(task.id, [])),
    )


def _is_checked(checks: Iterable[Any], task: TaskFacts) -> bool:
    """Whether what counts now was confirmed by somebody, and sent back by nobody."""
    results = {
        check.result
        for check in checks
        if (check.inspection_id, check.revision) == (task.inspection_id, task.revision)
    }
    return results == {"confirmed"}


def _with_reused_photos(session: Session, mine: Iterable[sa.ColumnElement[bool]]) -> set[int]:
    """The inspections with a photo that repeats an earlier one."""
    return set(
        session.scalars(
            sa.select(Photo.inspection_id)
            .join(RoundTask, RoundTask.inspection_id == Photo.inspection_id)
            .where(*mine, Photo.reused_of.is_not(None), Photo.withdrawn.is_(False))
        )
    )


def _rechecks(session: Session, mine: Iterable[sa.ColumnElement[bool]]) -> dict[int, list[Any]]:
    rows = session.execute(
        sa.select(Recheck.task_id, Recheck.inspection_id, Recheck.revision, Recheck.result)
        .join(RoundTask, RoundTask.id == Recheck.task_id)
        .where(*mine)
    )
    checks: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        checks[row.task_id].append(row)
    return checks
