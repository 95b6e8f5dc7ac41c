"""What has become of an answer that was sent back (feature 5). Pure."""

from __future__ import annotations

from typing import Literal

from webapp.rounds.rules import SET_ASIDE

State = Literal["answered", "open", "closed", "withdrawn"]
# In the order in which a supervisor wants to see them: what was answered waits for a second look.
STATES: tuple[State, ...] = ("answered", "open", "closed", "withdrawn")


def state_of(stored: str, returned_revision: int, revision: int, choice: str) -> State:
    """The state that is shown of an answer that was sent back.

    It is answered as soon as its inspection has a later revision, and waits for nobody while its
    inspection is set aside.

    :param stored: ``open``, ``closed`` or ``withdrawn``, as a supervisor left it
    :param choice: what was made of the inspection in a pair
    """
    if stored == "closed":
        return "closed"
    if stored == "withdrawn" or choice == SET_ASIDE:
        return "withdrawn"
    return "answered" if revision > returned_revision else "open"
