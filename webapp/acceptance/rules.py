"""Who may sign what, and which work is checked again (clauses 30 and 45, feature 7). Pure.

Three levels: the engineer's self-check 自检 and a colleague's peer check 互检 of each room, then the
final acceptance 终验 of the round. How many different people they need is the contract's strictness.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Literal

from webapp.identity.contract_settings import Strictness
from webapp.identity.rules import Right
from webapp.rounds.rules import TAKING

Level = Literal["self_check", "peer_check", "final"]
LEVELS: tuple[Level, ...] = ("self_check", "peer_check", "final")
SELF_CHECK, PEER_CHECK, FINAL = LEVELS
ROOM_LEVELS: tuple[Level, ...] = (SELF_CHECK, PEER_CHECK)

# Why somebody may not sign: the client has a sentence for each.
Reason = Literal[
    "",
    "no_right",
    "round_closed",
    "nothing_to_sign",
    "todo",
    "signed",
    "not_inspected_here",
    "self_check_first",
    "own_work",
    "own_self_check",
    "own_peer_check",
    "answers_returned",
    "sample_left",
    "round_not_finished",
    "blocked",
]
REASONS: tuple[Reason, ...] = (
    "no_right",
    "round_closed",
    "nothing_to_sign",
    "todo",
    "signed",
    "not_inspected_here",
    "self_check_first",
    "own_work",
    "own_self_check",
    "own_peer_check",
    "answers_returned",
    "sample_left",
    "round_not_finished",
    "blocked",
)
# Why an inspection is looked at again; ``drawn`` is by lot, ``returned`` that it was sent back before.
Risk = Literal[
    "abnormal", "fast_bulk", "reused_photo", "implausible", "spot_check", "returned", "drawn"
]
RISKS: tuple[Risk, ...] = (
    "abnormal",
    "fast_bulk",
    "reused_photo",
    "implausible",
    "spot_check",
    "returned",
    "drawn",
)
_RISKY_FLAGS: dict[str, Risk] = {"question": "implausible", "spot_check_missing": "spot_check"}

MOST_STROKES = 100
MOST_POINTS = 3000
Strokes = Sequence[Sequence[Sequence[float]]]


@dataclass(frozen=True, slots=True)
class Signer:
    """Who wants to sign, under which strictness."""

    user_id: int
    rights: frozenset[Right]
    strictness: Strictness


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What is known of a room in a round; the signers are of the sign-offs that stand.

    ``authors`` wrote what counts in it, amendments included. ``returned`` counts the answers that
    were sent back and not given yet, ``sample_left`` the inspections still to be looked at again.
    """

    tasks: int
    todo: int
    authors: frozenset[int] = frozenset()
    assignees: frozenset[int] = frozenset()
    self_signers: frozenset[int] = frozenset()
    peer_signers: frozenset[int] = frozenset()
    sample_left: int = 0
    returned: int = 0


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """What is known of a round; ``missing`` is what keeps it from being accepted, by kind."""

    state: str
    rooms: Sequence[RoomFacts]
    missing: Mapping[str, int] = field(default_factory=dict)
    final_signed: bool = False


def may_recheck(who: Signer) -> bool:
    """Whether one may look at others' work again: an engineer, or who reviews (clause 45)."""
    return bool(who.rights & {"inspect", "review"})


def why_not(level: Level, room: RoomFacts, who: Signer, round_state: str) -> Reason:
    """Why ``who`` may not sign a room's self-check or peer check now; empty when he may."""
    may = "inspect" in who.rights if level == SELF_CHECK else may_recheck(who)
    if not may:
        return "no_right"
    if round_state not in TAKING:
        return "round_closed"
    if room.tasks == 0:
        return "nothing_to_sign"
    if room.todo:
        return "todo"
    return _why_no_self_check(room, who) if level == SELF_CHECK else _why_no_peer_check(room, who)


def _why_no_self_check(room: RoomFacts, who: Signer) -> Reason:
    if room.self_signers:
        return "signed"
    if who.user_id not in room.authors | room.assignees:
        return "not_inspected_here"
    return "answers_returned" if room.returned else ""


def _why_no_peer_check(room: RoomFacts, who: Signer) -> Reason:
    if room.peer_signers:
        return "signed"
    mine = why_not_recheck(room, who)
    if mine:
        return mine
    if not room.self_signers:
        return "self_check_first"
    if room.returned:
        return "answers_returned"
    return "sample_left" if room.sample_left else ""


def why_not_recheck(room: RoomFacts, who: Signer) -> Reason:
    """Why ``who`` may not look at the work in a room again: it is his own. A team of one may."""
    if not may_recheck(who):
        return "no_right"
    if who.strictness == "one":
        return ""
    if who.user_id in room.authors:
        return "own_work"
    return "own_self_check" if who.user_id in room.self_signers else ""


def why_not_final(of_round: RoundFacts, who: Signer) -> Reason:
    """Why ``who`` may not accept the round; empty when he may.

    With three people he must have signed no room and inspected nothing; with two he may have made
    the peer checks; a team of one may sign all.
    """
    if "accept" not in who.rights:
        return "no_right"
    if of_round.final_signed:
        return "signed"
    own = _own_hand(of_round.rooms, who)
    if own:
        return own
    if of_round.state != "finished":
        return "round_not_finished"
    return "blocked" if any(of_round.missing.values()) else ""


def _own_hand(rooms: Iterable[RoomFacts], who: Signer) -> Reason:
    if who.strictness == "one":
        return ""
    for room in rooms:
        if who.user_id in room.self_signers:
            return "own_self_check"
        if who.user_id in room.authors:
            return "own_work"
        if who.strictness == "three" and who.user_id in room.peer_signers:
            return "own_peer_check"
    return ""


def missing_sign_offs(rooms: Iterable[RoomFacts]) -> dict[str, int]:
    """The rooms that wait for their self-check, and those that wait for their peer check.

    Each room waits for one thing at a time: while something is to be inspected, for that.
    """
    ready = [room for room in rooms if room.tasks and not room.todo]
    return {
        "self_checks": sum(not room.self_signers for room in ready),
        "peer_checks": sum(bool(room.self_signers) and not room.peer_signers for room in ready),
    }


@dataclass(frozen=True, slots=True)
class Candidate:
    """An inspection that counts, as far as the choice of what is looked at again asks."""

    task_id: int
    inspection_uid: str
    verdict: str
    bulk_ok: bool = False
    dwell_seconds: int = 0
    flags: frozenset[str] = frozenset()
    reused_photo: bool = False
    returned: bool = False


def risks(candidate: Candidate, fast_bulk_seconds: int) -> tuple[Risk, ...]:
    """Why an inspection must be looked at again, whatever the lot says."""
    found: list[Risk] = []
    if candidate.verdict == "abnormal":
        found.append("abnormal")
    if candidate.bulk_ok and candidate.dwell_seconds < fast_bulk_seconds:
        found.append("fast_bulk")
    if candidate.reused_photo:
        found.append("reused_photo")
    found += [risk for flag, risk in _RISKY_FLAGS.items() if flag in candidate.flags]
    if candidate.returned:
        found.append("returned")
    return tuple(found)


def sample(
    room: Iterable[Candidate], *, seed: str, share: float, fast_bulk_seconds: int
) -> dict[int, tuple[Risk, ...]]:
    """What is looked at again in a room: all that is risky, and a share of the rest by lot.

    The lot is the same for everybody, and falls on one at least unless the share is 0. It is drawn
    from the round's seed and the inspection's own id, so that nobody can know it before he inspects.

    :param share: 0..1
    :return: why, by the task's id
    """
    found: dict[int, tuple[Risk, ...]] = {}
    rest: list[Candidate] = []
    for candidate in room:
        why = risks(candidate, fast_bulk_seconds)
        if why:
            found[candidate.task_id] = why
        else:
            rest.append(candidate)
    rest.sort(key=lambda candidate: _lot(seed, candidate))
    # Of 10 a share of 0.3 is 3, whatever the floating point makes of 0.3 times 10.
    for candidate in rest[: ceil(round(share * len(rest), 6))]:
        found[candidate.task_id] = ("drawn",)
    return found


def _lot(seed: str, candidate: Candidate) -> str:
    text = f"{seed}:{candidate.task_id}:{candidate.inspection_uid}"
    return hashlib.sha256(text.encode()).hexdigest()


def strokes_problem(strokes: Strokes) -> str:
    """What is wrong with a signature drawn by hand; empty when it can be kept.

    It is lists of points ``[x, y]``, in shares of its box (0..1).
    """
    if len(strokes) > MOST_STROKES or sum(map(len, strokes)) > MOST_POINTS:
        return "too_many_points"
    if any(len(point) != 2 for stroke in strokes for point in stroke):
        return "not_a_point"
    inside = all(0 <= number <= 1 for stroke in strokes for point in stroke for number in point)
    return "" if inside else "outside"
