"""What the kinds of case are made with: their clocks' names, common fields and common steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from webapp.cases.steps import Field, Kind, Step
from webapp.identity.rules import Right

# The clocks that a case can have; the terms of each are the contract's settings.
RESPONSE, CAUSE_REPORT, VENDOR_REPORT = "response", "cause_report", "vendor_report"
REPAIR, COMPLAINT = "repair", "complaint"
WHY = Field("text", "words", required=True)
WORDS = Field("text", "words")
# How content the user is, 1 to 5: the client's word is the client's (clause 27).
RATING = Field("rating", "rating", right="confirm")


def step(
    key: str, froms: str, to: str | None, right: Right, *fields: Field, **more: object
) -> Step:
    """A step that leads from any of the states named in ``froms`` to ``to``; None: it changes none."""
    return Step(key, frozenset(froms.split()), to, right, fields, **more)  # type: ignore[arg-type]


def rate(state: str) -> Step:
    """The client's own word on what is over already."""
    return step("rate", state, None, "confirm", replace(RATING, required=True), WORDS)


# Asked for again where it was closed by somebody else.
RATE = rate("closed")


def _common(live: str) -> tuple[Step, ...]:
    """What can be done with every case that still waits for somebody."""
    return (
        step("assign", live, None, "handle", Field("owner", "person", required=True), WORDS),
        step("note", live, None, "view", WHY),
        step("note_internal", live, None, "handle", WHY, internal=True),
    )


def make_kind(
    key: str,
    prefix: str,
    states: str,
    ends: str,
    declare: Right,
    opening: Iterable[Field],
    steps: Iterable[Step],
    *,
    starts: tuple[str, ...] = (),
    has_severity: bool = False,
) -> Kind:
    """A kind, its states and ``ends`` named in order; to its steps are added those that every case has."""
    known, over = tuple(states.split()), frozenset(ends.split())
    live = " ".join(state for state in known if state not in over)
    return Kind(
        key,
        prefix,
        known,
        over,
        declare,
        tuple(opening),
        (*steps, *_common(live)),
        starts,
        has_severity,
    )


# Declared by the client's IT, an engineer, the hotline, a mail, or whoever scans the label (clause 8).
