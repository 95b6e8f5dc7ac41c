"""The kinds of case, as data: what the contract asks of each (clauses 7-14, 22-24, 32-48).

Every kind has its letter, which with its number is what people call a case by: F12.
"""

from __future__ import annotations

from collections.abc import Iterable

from webapp.cases.steps import Field, Kind, Step
from webapp.errors import AppError
from webapp.identity.rules import Right

# The clocks that a case can have; the terms of each are the contract's settings.
RESPONSE, CAUSE_REPORT, VENDOR_REPORT = "response", "cause_report", "vendor_report"
REPAIR, COMPLAINT = "repair", "complaint"
WHY = Field("text", "words", required=True)
WORDS = Field("text", "words")
# How content the user is, 1 to 5 (clause 27).
RATING = Field("rating", "rating")


def _step(
    key: str, froms: str, to: str | None, right: Right, *fields: Field, **more: object
) -> Step:
    return Step(key, frozenset(froms.split()), to, right, fields, **more)  # type: ignore[arg-type]


def _common(live: str) -> tuple[Step, ...]:
    """What can be done with every case that still waits for somebody."""
    return (
        _step("assign", live, None, "handle", Field("owner", "person", required=True), WORDS),
        _step("note", live, None, "view", WHY),
        _step("note_internal", live, None, "handle", WHY, internal=True),
    )


def _kind(
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
FAULT = _kind(
    "fault",
    "F",
    "declared taken on_site explained solved closed folded",
    "closed folded",
    "view",
    (),
    (
        _step("take_over", "declared", "taken", "handle", WORDS, owns=True),
        _step(
            "arrive",
            "declared taken",
            "on_site",
            "handle",
            # Scanned on the spot: the proof of presence.
            Field("code", "code"),
            WORDS,
            meets=(RESPONSE,),
            starts=(CAUSE_REPORT,),
            owns=True,
        ),
        _step(
            "explain",
            "on_site",
            "explained",
            "handle",
            Field("cause", "words", required=True),
            Field("plan", "words", required=True),
            Field("cost", "money"),
            meets=(CAUSE_REPORT,),
        ),
        _step(
            "ask_vendor",
            "on_site explained",
            None,
            "handle",
            Field("vendor", "text", required=True),
            WORDS,
            starts=(VENDOR_REPORT,),
        ),
        _step(
            "vendor_report",
            "on_site explained",
            None,
            "handle",
            Field("vendor_report", "words", required=True),
            Field("cost", "money"),
            meets=(VENDOR_REPORT,),
        ),
        _step(
            "solve",
            "taken on_site explained",
            "solved",
            "handle",
            Field("cause", "words", required=True),
            Field("solution", "words", required=True),
            Field("part", "text"),
            meets=(RESPONSE, CAUSE_REPORT, VENDOR_REPORT),
            owns=True,
        ),
        _step("close", "solved", "closed", "view", RATING, WORDS),
        _step(
            "reopen",
            "solved closed",
            "declared",
            "view",
            WHY,
            starts=(RESPONSE,),
        ),
        _step(
            "hand_over",
            "declared taken on_site explained",
            None,
            "handle",
            Field("owner", "person", required=True),
            WHY,
        ),
        _step(
            "set_severity",
            "declared taken on_site explained",
            None,
            "handle",
            Field("severity", "severity", required=True),
            WHY,
        ),
        _step(
            "fold",
            "declared taken",
            "folded",
            "handle",
            Field("into", "case", required=True),
            WORDS,
            cancels=(RESPONSE, CAUSE_REPORT, VENDOR_REPORT),
        ),
    ),
    starts=(RESPONSE,),
    has_severity=True,
)

_SENDING = (Field("vendor", "text"), Field("waybill", "text"), Field("expected_on", "date"))
_REPAIR_LIVE = "planned vendor_asked approved sent at_factory returned in_service"
# Clauses 32-36, 40-41: in warranty, out of warranty, or replaced by a new one.
REPAIR_CASE = _kind(
    "repair",
    "R",
    f"{_REPAIR_LIVE} reported cancelled",
    "reported cancelled",
    "handle",
    (
        Field("way", "choice", required=True, choices=("warranty", "paid", "replacement")),
        Field("origin", "choice", choices=("domestic", "abroad")),
        Field("vendor", "text"),
    ),
    (
        _step(
            "ask_vendor",
            "planned",
            "vendor_asked",
            "handle",
            Field("vendor", "text", required=True),
            WORDS,
        ),
        # Counted from the user's confirmation of the plan (clause 40).
        _step("approve", "planned vendor_asked", "approved", "confirm", WORDS, starts=(REPAIR,)),
        _step(
            "decline",
            "planned vendor_asked",
            "cancelled",
            "confirm",
            WHY,
            cancels=(REPAIR,),
        ),
        # In warranty it goes back at once; what costs the client waits for his approval (clause 34).
        _step(
            "send", "planned", "sent", "handle", *_SENDING, owns=True, when=("way", ("warranty",))
        ),
        _step("send", "approved", "sent", "handle", *_SENDING, owns=True),
        _step("arrive_factory", "sent", "at_factory", "handle", WORDS),
        _step("return", "sent at_factory", "returned", "handle", Field("waybill", "text"), WORDS),
        _step(
            "put_in_service",
            "approved returned",
            "in_service",
            "handle",
            Field("code", "code"),
            Field("solution", "words", required=True),
            Field("part", "text"),
            Field("cost", "money"),
            meets=(REPAIR,),
        ),
        _step(
            "lend",
            "planned vendor_asked approved sent at_factory",
            None,
            "handle",
            Field("loaner", "text", required=True),
            WORDS,
        ),
        _step("take_loaner_back", "in_service returned", None, "handle", WORDS),
        # Longer than the term, with the client's prior consent alone (clause 40).
        _step(
            "consent",
            "approved sent at_factory returned",
            None,
            "confirm",
            Field("expected_on", "date", required=True),
            WHY,
            extends=(REPAIR,),
        ),
        # Repaired and reported are two things.
        _step(
            "report", "in_service", "reported", "handle", Field("report", "words", required=True)
        ),
        _step(
            "cancel",
            "planned vendor_asked approved",
            "cancelled",
            "handle",
            WHY,
            cancels=(REPAIR,),
        ),
    ),
)

# Clause 22: renovation, change of function, installation; the client pays separately.
CHANGE = _kind(
    "change",
    "G",
    "requested surveyed quoted approved planned executed accepted declined",
    "accepted declined",
    "view",
    (
        Field(
            "category",
            "choice",
            required=True,
            choices=("renovation", "function", "installation", "other"),
        ),
        Field("wanted_on", "date"),
    ),
    (
        _step(
            "survey",
            "requested",
            "surveyed",
            "handle",
            Field("finding", "words", required=True),
            owns=True,
        ),
        _step("quote", "requested surveyed", "quoted", "handle", WORDS),
        _step("approve", "quoted", "approved", "confirm", WORDS),
        _step("decline", "requested surveyed quoted", "declined", "confirm", WHY),
        _step(
            "plan",
            "approved planned",
            "planned",
            "handle",
            # Outside meeting hours, as agreed with whoever books the room.
            Field("from_at", "at", required=True),
            Field("to_at", "at", required=True),
            WORDS,
        ),
        _step("execute", "planned", "executed", "handle", Field("done", "words", required=True)),
        _step("accept", "executed", "accepted", "confirm", RATING, WORDS),
        _step("redo", "executed", "planned", "confirm", WHY),
    ),
)

# Clauses 23-24: meetings and events outside working hours, emergencies.
AFTER_HOURS = _kind(
    "after_hours",
    "A",
    "requested planned done confirmed cancelled",
    "confirmed cancelled",
    "view",
    (
        Field("occasion", "choice", required=True, choices=("meeting", "event", "emergency")),
        Field("from_at", "at", required=True),
        Field("to_at", "at", required=True),
        Field("people", "number"),
    ),
    (
        _step(
            "plan",
            "requested planned",
            "planned",
            "handle",
            Field("owner", "person", required=True),
            Field("people", "number"),
            WORDS,
        ),
        _step(
            "finish",
            "planned requested",
            "done",
            "handle",
            Field("done", "words", required=True),
            owns=True,
        ),
        _step("confirm", "done", "confirmed", "confirm", RATING, WORDS),
        _step("cancel", "requested planned", "cancelled", "view", WHY),
    ),
)

# Clauses 46 and 48: receive, acknowledge, confirm, correct, reply, close; three working days.
COMPLAINT_CASE = _kind(
    "complaint",
    "C",
    "received acknowledged confirmed corrected answered closed",
    "closed",
    "view",
    (),
    (
        _step("acknowledge", "received", "acknowledged", "handle", WORDS, owns=True),
        _step(
            "confirm",
            "received acknowledged",
            "confirmed",
            "handle",
            Field("finding", "words", required=True),
            Field("justified", "choice", required=True, choices=("yes", "partly", "no")),
        ),
        _step(
            "correct", "confirmed", "corrected", "handle", Field("measures", "words", required=True)
        ),
        _step(
            "answer",
            "confirmed corrected",
            "answered",
            "handle",
            Field("answer", "words", required=True),
            meets=(COMPLAINT,),
        ),
        _step("close", "answered", "closed", "view", RATING, WORDS),
        _step("reopen", "answered closed", "received", "view", WHY, starts=(COMPLAINT,)),
    ),
    starts=(COMPLAINT,),
)

# Clause 47: what the hotline hears beside faults and complaints.
HOTLINE = _kind(
    "hotline",
    "H",
    "noted answered",
    "answered",
    "handle",
    (Field("category", "choice", required=True, choices=("question", "wish", "care")),),
    (
        _step(
            "answer",
            "noted",
            "answered",
            "handle",
            Field("answer", "words", required=True),
            owns=True,
        ),
        _step("reopen", "answered", "noted", "handle", WHY),
    ),
)

# Clause 12: upgrade, extension, renovation thought through for the client.
PROPOSAL = _kind(
    "proposal",
    "P",
    "drafted submitted adopted rejected",
    "adopted rejected",
    "handle",
    (),
    (
        _step(
            "submit",
            "drafted",
            "submitted",
            "handle",
            Field("proposal", "words", required=True),
            owns=True,
        ),
        _step("adopt", "submitted", "adopted", "confirm", WORDS),
        _step("reject", "submitted", "rejected", "confirm", WHY),
        _step("revise", "submitted rejected", "drafted", "handle", WHY),
    ),
)

# Clause 11: firmware and software.
UPGRADE = _kind(
    "upgrade",
    "U",
    "planned done rolled_back cancelled",
    "done rolled_back cancelled",
    "handle",
    (
        Field("version", "text", required=True),
        Field("planned_on", "date"),
    ),
    (
        _step(
            "finish", "planned", "done", "handle", Field("done", "words", required=True), owns=True
        ),
        _step("roll_back", "planned done", "rolled_back", "handle", WHY),
        _step(
            "plan_again",
            "rolled_back cancelled",
            "planned",
            "handle",
            Field("planned_on", "date", required=True),
        ),
        _step("cancel", "planned", "cancelled", "handle", WHY),
    ),
)

# Clause 13: for IT and for users, as needed.
TRAINING = _kind(
    "training",
    "T",
    "planned held cancelled",
    "held cancelled",
    "handle",
    (
        Field("from_at", "at", required=True),
        Field("audience", "text", required=True),
    ),
    (
        _step(
            "hold",
            "planned",
            "held",
            "handle",
            Field("people", "number", required=True),
            Field("done", "words", required=True),
            RATING,
            owns=True,
        ),
        _step("move", "planned", None, "handle", Field("from_at", "at", required=True), WORDS),
        _step("cancel", "planned", "cancelled", "handle", WHY),
    ),
)

KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (
        FAULT,
        REPAIR_CASE,
        CHANGE,
        AFTER_HOURS,
        COMPLAINT_CASE,
        HOTLINE,
        PROPOSAL,
        UPGRADE,
        TRAINING,
    )
}
_BY_PREFIX = {kind.prefix: kind for kind in KINDS.values()}
# Which kind may come of which: the chain from a finding to what was done about it.
CAME_OF: dict[str, tuple[str, ...]] = {
    "repair": ("fault",),
    "change": ("proposal", "hotline", "complaint"),
    "fault": ("hotline", "complaint"),
    "proposal": ("fault", "hotline"),
    "complaint": ("fault", "hotline"),
    "after_hours": ("fault",),
    "upgrade": ("fault", "proposal"),
    "training": ("hotline", "complaint"),
    "hotline": (),
}


def name_of(kind: str, number: int) -> str:
    """What people call a case: its kind's letter and its number."""
    return f"{KINDS[kind].prefix}{number}"


def parsed_name(name: str) -> tuple[Kind, int]:
    """The kind and the number of a case's name. :raise AppError: ``not_found``"""
    kind, digits = _BY_PREFIX.get(name[:1]), name[1:]
    if kind is None or not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        raise AppError("not_found")
    return kind, int(digits)
