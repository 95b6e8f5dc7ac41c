"""What the client asks for and what is planned with him, as data (clauses 32-37, 43-48)."""

from __future__ import annotations

from webapp.cases.kind_parts import COMPLAINT, RATE, RATING, WHY, WORDS, make_kind, rate, step
from webapp.cases.steps import Field

CHANGE = make_kind(
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
        step(
            "survey",
            "requested",
            "surveyed",
            "handle",
            Field("finding", "words", required=True),
            owns=True,
        ),
        step("quote", "requested surveyed", "quoted", "handle", WORDS),
        step("approve", "quoted", "approved", "confirm", WORDS),
        step("decline", "requested surveyed quoted", "declined", "confirm", WHY),
        step(
            "plan",
            "approved planned",
            "planned",
            "handle",
            # Outside meeting hours, as agreed with whoever books the room.
            Field("from_at", "at", required=True),
            Field("to_at", "at", required=True),
            WORDS,
        ),
        step("execute", "planned", "executed", "handle", Field("done", "words", required=True)),
        step("accept", "executed", "accepted", "confirm", RATING, WORDS),
        step("redo", "executed", "planned", "confirm", WHY),
        # Said, so that it can be told from forgotten: the asset register stays as it is.
        step("keep_register", "planned executed accepted", None, "manage_estate", WHY),
    ),
)

# Clauses 23-24: meetings and events outside working hours, emergencies.
AFTER_HOURS = make_kind(
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
        step(
            "plan",
            "requested planned",
            "planned",
            "handle",
            Field("owner", "person", required=True),
            Field("people", "number"),
            WORDS,
        ),
        step(
            "finish",
            "planned requested",
            "done",
            "handle",
            Field("done", "words", required=True),
            owns=True,
        ),
        step("confirm", "done", "confirmed", "confirm", RATING, WORDS),
        step("cancel", "requested planned", "cancelled", "view", WHY),
    ),
)

# Clauses 46 and 48: receive, acknowledge, confirm, correct, reply, close; three working days.
COMPLAINT_CASE = make_kind(
    "complaint",
    "C",
    "received acknowledged confirmed corrected answered closed",
    "closed",
    "view",
    (),
    (
        step("acknowledge", "received", "acknowledged", "handle", WORDS, owns=True),
        step(
            "confirm",
            "received acknowledged",
            "confirmed",
            "handle",
            Field("finding", "words", required=True),
            Field("justified", "choice", required=True, choices=("yes", "partly", "no")),
        ),
        step(
            "correct", "confirmed", "corrected", "handle", Field("measures", "words", required=True)
        ),
        step(
            "answer",
            "confirmed corrected",
            "answered",
            "handle",
            Field("answer", "words", required=True),
            meets=(COMPLAINT,),
        ),
        step("close", "answered", "closed", "view", RATING, WORDS),
        RATE,
        step(
            "reopen",
            "answered closed",
            "received",
            "view",
            WHY,
            starts=(COMPLAINT,),
            forgets=("rating",),
        ),
    ),
    starts=(COMPLAINT,),
)

# Clause 47: what the hotline hears beside faults and complaints.
HOTLINE = make_kind(
    "hotline",
    "H",
    "noted answered",
    "answered",
    "handle",
    (Field("category", "choice", required=True, choices=("question", "wish", "care")),),
    (
        step(
            "answer",
            "noted",
            "answered",
            "handle",
            Field("answer", "words", required=True),
            owns=True,
        ),
        step("reopen", "answered", "noted", "handle", WHY),
    ),
)

# Clause 12: upgrade, extension, renovation thought through for the client.
PROPOSAL = make_kind(
    "proposal",
    "P",
    "drafted submitted adopted rejected",
    "adopted rejected",
    "handle",
    (),
    (
        step(
            "submit",
            "drafted",
            "submitted",
            "handle",
            Field("proposal", "words", required=True),
            owns=True,
        ),
        step("adopt", "submitted", "adopted", "confirm", WORDS),
        step("reject", "submitted", "rejected", "confirm", WHY),
        step("revise", "submitted rejected", "drafted", "handle", WHY),
    ),
)

# Clause 11: firmware and software.
UPGRADE = make_kind(
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
        step(
            "finish", "planned", "done", "handle", Field("done", "words", required=True), owns=True
        ),
        step("roll_back", "planned done", "rolled_back", "handle", WHY),
        step(
            "plan_again",
            "rolled_back cancelled",
            "planned",
            "handle",
            Field("planned_on", "date", required=True),
        ),
        step("cancel", "planned", "cancelled", "handle", WHY),
    ),
)

# Clause 13: for IT and for users, as needed.
TRAINING = make_kind(
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
        step(
            "hold",
            "planned",
            "held",
            "handle",
            Field("people", "number", required=True),
            Field("done", "words", required=True),
            owns=True,
        ),
        # Whoever has learned something says how it was, not whoever taught.
        rate("held"),
        step("move", "planned", None, "handle", Field("from_at", "at", required=True), WORDS),
        step("cancel", "planned", "cancelled", "handle", WHY),
    ),
)
