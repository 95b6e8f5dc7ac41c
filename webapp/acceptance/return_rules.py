"""What has become of an answer that was sent back (feature 5). Pure."""

from __future__ import annotations

from typing import Literal

State = Literal["answered", "open", "closed", "withdrawn"]
# In the order in which a supervisor wants to see them: what was answered waits for a second look.
STATES: tuple[State, ...] = ("answered", "open", "closed", "withdrawn")


def state_of(stored: str, returned_revision: int, revision: int, *, stands: bool) -> State:
    """The state that is shown of an answer that was sent back.

    It is answered as soon as its inspection has a later revision, and waits for nobody while its
    inspection does not stand: set aside, or with a second visit in its place.

    :param stored: ``open``, ``closed`` or ``withdrawn``, as a supervisor left it
    :param stands: :func:`webapp.rounds.rules.stands` of the inspection
    """
    if stored == "closed":
        return "closed"
    if stored == "withdrawn" or not stands:
        return "withdrawn"
    return "answered" if revision > returned_revision else "open"
