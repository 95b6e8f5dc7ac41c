"""Roles and rights by contract (clauses 25-30)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Right = Literal[
    "view",
    "inspect",
    "manage_round",
    "review",
    "accept",
    "confirm",
    "handle",
    "manage_estate",
    "manage_checklists",
    "manage_people",
]
RIGHTS: tuple[Right, ...] = (
    "view",
    "inspect",
    "manage_round",
    "review",
    "accept",
    "confirm",
    "handle",
    "manage_estate",
    "manage_checklists",
    "manage_people",
)
_ENGINEER: frozenset[Right] = frozenset({"view", "inspect", "handle"})
# What a role alone gives, and no administrator has: the client's word is the client's (clause 30 ∆).
_OWN: frozenset[Right] = frozenset({"inspect", "confirm"})
ROLE_RIGHTS: dict[str, frozenset[Right]] = {
    "project_manager": frozenset(RIGHTS) - {"confirm"},
    "on_site_engineer": _ENGINEER | {"manage_round", "review", "manage_estate"},
    "inspection_engineer": _ENGINEER,
    "backup_engineer": _ENGINEER,
    "client_it_lead": frozenset({"view", "confirm"}),
}
ROLES = tuple(ROLE_RIGHTS)
ADMINISTRATOR = "administrator"
MINIMUM_PASSWORD_LENGTH = 8
LONGEST_NAME = 80
_PHONE_CHARACTERS = re.compile(r"\+?[0-9 ()-]+")


@dataclass(frozen=True)
class Access:
    """Who acts, in which contract, with which rights: what services are given instead of a request."""

    user_id: int
    user_name: str
    session_id: int | None
    contract_id: int
    contract_code: str
    role: str
    rights: frozenset[Right]

    def may(self, right: Right) -> bool:
        """Whether the actor holds ``right`` in this contract."""
        return right in self.rights


def is_name(text: str) -> bool:
    """Whether a login, or a name that others see, can be one."""
    return 1 <= len(text) <= LONGEST_NAME


def rights_of(role: str | None, *, is_admin: bool) -> frozenset[Right]:
    """The rights of a role; an administrator has all but inspecting and the client's confirming."""
    rights = ROLE_RIGHTS.get(role or "", frozenset())
    return rights | (frozenset(RIGHTS) - _OWN) if is_admin else rights


def is_phone_number(text: str) -> bool:
    """Whether a text can be dialled: 5 to 20 digits with spaces, hyphens, brackets, a leading plus."""
    digits = sum(character.isdigit() for character in text)
    return _PHONE_CHARACTERS.fullmatch(text) is not None and 5 <= digits <= 20
