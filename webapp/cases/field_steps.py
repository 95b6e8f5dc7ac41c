"""Which steps of a case are taken on the phone, on the spot and without a network, as data for the client.

`make api` writes them where the client reads them; a test holds that nobody forgot. Pure.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from webapp.cases.kinds import KINDS, REFUSED
from webapp.cases.steps import LONGEST_TEXT, Field, Step

# What a phone's form knows; people, other cases and severities are chosen at the desk.
_ASKED = frozenset({"text", "words", "code", "money", "date", "at", "number", "choice"})

# The facts of a case that some step hangs on.
DECIDING_FACTS = sorted(
    {step.when[0] for kind in KINDS.values() for step in kind.steps if step.when is not None}
)


def field_steps() -> dict[str, list[dict[str, Any]]]:
    """By kind: the steps of who handles cases, the one that leads on first, the note last."""
    return {
        kind.key: [_plain(step) for step in kind.steps if _is_of_the_field(step)]
        for kind in KINDS.values()
    }


def write(path: Path) -> None:
    """Write them as the client reads them."""
    text = json.dumps(field_steps(), ensure_ascii=False, separators=(",", ":"))
    path.write_text(f"{text}\n", encoding="utf-8")


def _is_of_the_field(step: Step) -> bool:
    if step.key == "note":
        return True
    can_ask = all(field.kind in _ASKED for field in step.fields if field.required)
    return step.right == "handle" and not step.internal and step.to not in REFUSED and can_ask


def _plain(step: Step) -> dict[str, Any]:
    """A step with what differs from the usual alone, to be small on the wire."""
    plain = {
        "key": step.key,
        "froms": sorted(step.froms),
        "to": step.to,
        "fields": [_asked(field) for field in step.fields if field.kind in _ASKED],
        "meets": sorted(step.meets),
        "owns": step.owns,
    }
    return plain | ({"when": [step.when[0], list(step.when[1])]} if step.when else {})


def _asked(field: Field) -> dict[str, Any]:
    plain: dict[str, Any] = {"key": field.key, "kind": field.kind, "required": field.required}
    if field.choices:
        plain["choices"] = list(field.choices)
    if field.longest != LONGEST_TEXT:
        plain["longest"] = field.longest
    return plain
