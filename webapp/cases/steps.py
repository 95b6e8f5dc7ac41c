"""What a kind of case is made of: its states, its steps, and the fields that a step asks for. Pure.

Faults, repairs, changes, complaints differ in data, not in code: each is a :class:`Kind`, and
:func:`step_of` and :func:`checked_fields` decide for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from webapp.errors import AppError
from webapp.identity.rules import Right

FieldKind = Literal[
    "text",
    "words",
    "date",
    "at",
    "choice",
    "severity",
    "rating",
    "person",
    "device",
    "code",
    "case",
    "money",
    "number",
    "flag",
]
# Characters at most: one line, and words of several.
LONGEST_TEXT, LONGEST_WORDS = 200, 4000
# What goes into the register is no longer than the register takes.
LONGEST_OF_DEVICE = 120
_CASE = re.compile(r"[A-Z][1-9][0-9]{0,8}")
_WHOLE = {"person": (1, 2**31 - 1), "device": (1, 2**31 - 1), "severity": (1, 4), "rating": (1, 5)}


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a step asks for; ``choices`` are the keys of a choice, ``longest`` a text's characters.

    ``right``: who has an account is asked for it only where he holds this.
    """

    key: str
    kind: FieldKind
    required: bool = False
    choices: tuple[str, ...] = ()
    longest: int = LONGEST_TEXT
    right: Right | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody does with a case: allowed in the states ``froms``, leads to ``to`` (None: it stays).

    ``starts``, ``meets``, ``pauses``, ``resumes``, ``cancels`` and ``extends`` name clocks. ``owns``
    makes the actor its owner where it has none. ``internal`` steps are the provider's own and not shown to the client.
    ``forgets`` names facts of the case that no longer hold: its story alone keeps them.
    ``when`` names a fact of the case and the values of it with which the step is there at all; no values:
    whatever it is, it has to be known.
    """

    key: str
    froms: frozenset[str]
    to: str | None
    right: Right
    fields: tuple[Field, ...] = ()
    starts: tuple[str, ...] = ()
    meets: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ()
    resumes: tuple[str, ...] = ()
    cancels: tuple[str, ...] = ()
    extends: tuple[str, ...] = ()
    owns: bool = False
    internal: bool = False
    forgets: tuple[str, ...] = ()
    when: tuple[str, tuple[str, ...]] | None = None

    def fits(self, state: str, facts: Mapping[str, Any]) -> bool:
        """Whether it can be taken in this state of a case with these facts."""
        if state not in self.froms:
            return False
        if self.when is None:
            return True
        fact, values = self.when
        return facts.get(fact) in values if values else fact in facts


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of case. ``states`` are in the order in which they are gone through, the first is the
    one that it is opened in; in those of ``ends`` nothing waits for anybody any more.

    ``declare`` is the right that opens one; ``opening`` what is asked then; ``starts`` the clocks that
    run from the opening.
    """

    key: str
    prefix: str
    states: tuple[str, ...]
    ends: frozenset[str]
    declare: Right
    opening: tuple[Field, ...]
    steps: tuple[Step, ...]
    starts: tuple[str, ...] = ()
    has_severity: bool = False

    @property
    def live(self) -> tuple[str, ...]:
        """The states in which something is still to be done."""
        return tuple(state for state in self.states if state not in self.ends)


def step_of(kind: Kind, key: str, state: str, facts: Mapping[str, Any]) -> Step:
    """The step ``key`` of a case in ``state``.

    :raise AppError: ``step_unknown``; ``step_not_now``, with the state that it is in
    """
    known = [step for step in kind.steps if step.key == key]
    if not known:
        raise AppError("step_unknown", step=key)
    for step in known:
        if step.fits(state, facts):
            return step
    raise AppError("step_not_now", state=state, step=key)


def possible_steps(
    kind: Kind, state: str, facts: Mapping[str, Any], rights: Iterable[Right]
) -> tuple[Step, ...]:
    """The steps that a person with these rights can take now, the one that leads on first.

    Each asks for what is his to say.
    """
    held = frozenset(rights)
    return tuple(
        replace(step, fields=tuple(one for one in step.fields if one.right in {None, *held}))
        for step in kind.steps
        if step.fits(state, facts) and step.right in held
    )


def checked_fields(fields: Iterable[Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, each in its plain form; what was left empty is left out.

    Dates are ``YYYY-MM-DD``, times ISO 8601 with their offset, money a decimal text with at most two
    places.

    :raise AppError: ``invalid``, by field: ``missing``, ``unknown`` or ``invalid``
    """
    asked = {field.key: field for field in fields}
    wrong = {key: ["unknown"] for key in given if key not in asked}
    checked: dict[str, Any] = {}
    for key, field in asked.items():
        value = given.get(key)
        if isinstance(value, str):
            value = value.strip()
        if value is None or value == "":
            if field.required:
                wrong[key] = ["missing"]
            continue
        plain = _plain(field, value)
        if plain is None:
            wrong[key] = ["invalid"]
        else:
            checked[key] = plain
    if wrong:
        raise AppError("invalid", fields=wrong)
    return checked


def _plain(field: Field, value: Any) -> Any:
    """The plain form of one value; None where it is none of the field's kind."""
    if field.kind in _WHOLE:
        least, most = _WHOLE[field.kind]
        return value if _is_whole(value) and least <= value <= most else None
    if field.kind == "flag":
        return value if isinstance(value, bool) else None
    if field.kind == "number":
        return value if _is_whole(value) and 0 <= value < 10**6 else None
    return _plain_text(field, value) if isinstance(value, str) else None


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _plain_text(field: Field, value: str) -> str | None:
    if "\x00" in value:
        return None
    match field.kind:
        case "text" | "code":
            return value if len(value) <= field.longest and "\n" not in value else None
        case "words":
            return value if len(value) <= LONGEST_WORDS else None
        case "choice":
            return value if value in field.choices else None
        case "case":
            return value if _CASE.fullmatch(value) else None
        case "money":
            return _money(value)
    try:
        if field.kind == "date":
            return date.fromisoformat(value).isoformat()
        at = datetime.fromisoformat(value)
        return at.isoformat() if at.tzinfo else None
    except ValueError:
        return None


def _money(value: str) -> str | None:
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount < 10**10:
        return None
    exponent = amount.as_tuple().exponent
    return str(amount.quantize(Decimal("0.01"))) if int(exponent) >= -2 else None
