"""Faults and what is repaired or replaced for them, as data (clauses 7-14, 22-24, 38-42)."""

from __future__ import annotations

from webapp.cases.kind_parts import (
    CAUSE_REPORT,
    RATE,
    RATING,
    REPAIR,
    RESPONSE,
    VENDOR_REPORT,
    WHY,
    WORDS,
    make_kind,
    step,
)
from webapp.cases.steps import LONGEST_OF_DEVICE, Field, Step

# Declared by the client's IT, an engineer, the hotline, a mail, or whoever scans the label (clause 8).
FAULT = make_kind(
    "fault",
    "F",
    "declared taken on_site explained solved closed folded",
    "closed folded",
    "view",
    (),
    (
        step("take_over", "declared", "taken", "handle", WORDS, owns=True),
        step(
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
        step(
            "explain",
            "on_site",
            "explained",
            "handle",
            Field("cause", "words", required=True),
            Field("plan", "words", required=True),
            Field("cost", "money"),
            meets=(CAUSE_REPORT,),
        ),
        step(
            "ask_vendor",
            "on_site explained",
            None,
            "handle",
            Field("vendor", "text", required=True),
            WORDS,
            starts=(VENDOR_REPORT,),
        ),
        step(
            "vendor_report",
            "on_site explained",
            None,
            "handle",
            Field("vendor_report", "words", required=True),
            Field("cost", "money"),
            meets=(VENDOR_REPORT,),
        ),
        step(
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
        step("close", "solved", "closed", "view", RATING, WORDS),
        RATE,
        step(
            "reopen",
            "solved closed",
            "declared",
            "view",
            WHY,
            starts=(RESPONSE,),
            forgets=("rating",),
        ),
        step(
            "hand_over",
            "declared taken on_site explained",
            None,
            "handle",
            Field("owner", "person", required=True),
            WHY,
        ),
        step(
            "set_severity",
            "declared taken on_site explained",
            None,
            "handle",
            Field("severity", "severity", required=True),
            WHY,
        ),
        step(
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


# The step after which another device stands in the place of the case's.
REPLACE = "replace"


def _replace(*ways: str) -> Step:
    """The new device stands in the old one's place: the register and the label follow (clause 35)."""
    return step(
        REPLACE,
        "approved returned",
        "in_service",
        "handle",
        # The label that is stuck on the new one.
        Field("code", "code"),
        Field("serial", "text", required=True, longest=LONGEST_OF_DEVICE),
        Field("maker", "text", longest=LONGEST_OF_DEVICE),
        Field("model", "text", longest=LONGEST_OF_DEVICE),
        Field("asset_number", "text", longest=LONGEST_OF_DEVICE),
        Field("warranty_until", "date"),
        Field("solution", "words", required=True),
        Field("cost", "money"),
        meets=(REPAIR,),
        when=("way", ways),
    )


_SENDING = (Field("vendor", "text"), Field("waybill", "text"), Field("expected_on", "date"))
_REPAIR_LIVE = "planned vendor_asked approved sent at_factory returned in_service"
# Clauses 32-36, 40-41: in warranty, out of warranty, or replaced by a new one.
REPAIR_CASE = make_kind(
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
        step(
            "ask_vendor",
            "planned",
            "vendor_asked",
            "handle",
            Field("vendor", "text", required=True),
            WORDS,
        ),
        # Counted from the user's confirmation of the plan (clause 40).
        step("approve", "planned vendor_asked", "approved", "confirm", WORDS, starts=(REPAIR,)),
        step(
            "decline",
            "planned vendor_asked",
            "cancelled",
            "confirm",
            WHY,
            cancels=(REPAIR,),
        ),
        _replace("replacement"),
        # In warranty it goes back at once; what costs the client waits for his approval (clause 34).
        step(
            "send", "planned", "sent", "handle", *_SENDING, owns=True, when=("way", ("warranty",))
        ),
        step("send", "approved", "sent", "handle", *_SENDING, owns=True),
        step("arrive_factory", "sent", "at_factory", "handle", WORDS),
        step("return", "sent at_factory", "returned", "handle", Field("waybill", "text"), WORDS),
        step(
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
        # The factory sometimes sends another one back.
        _replace("warranty", "paid"),
        # What comes back and is still broken goes there again.
        step("send", "returned", "sent", "handle", *_SENDING),
        step(
            "lend",
            "planned vendor_asked approved sent at_factory",
            None,
            "handle",
            Field("loaner", "text", required=True),
            Field("due_back_on", "date"),
            WORDS,
        ),
        # Longer than the term, with the client's prior consent alone (clause 40).
        step(
            "consent",
            "approved sent at_factory returned",
            None,
            "confirm",
            Field("expected_on", "date", required=True),
            WHY,
            extends=(REPAIR,),
        ),
        # Repaired and reported are two things.
        step("report", "in_service", "reported", "handle", Field("report", "words", required=True)),
        step(
            "take_loaner_back",
            "in_service returned",
            None,
            "handle",
            WORDS,
            when=("loaner", ()),
        ),
        # The factory says that it is not in warranty, or past mending: it costs, and is asked for anew.
        step(
            "reclassify",
            "sent at_factory returned",
            "vendor_asked",
            "handle",
            Field("way", "choice", required=True, choices=("paid", "replacement")),
            WHY,
            cancels=(REPAIR,),
        ),
        step(
            "cancel",
            "planned vendor_asked approved sent at_factory returned",
            "cancelled",
            "handle",
            WHY,
            cancels=(REPAIR,),
        ),
    ),
)

# Clause 22: renovation, change of function, installation; the client pays separately.
