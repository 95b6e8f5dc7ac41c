"""Writes the generated vectors: ``checklist.json`` and ``seeded.json``; the others are by hand.

The seeded ones pin nothing but that both languages answer alike; what is right stands in the others.
Run from the project's root: ``.venv/bin/python -m tests.vectors.generate``. Same seed, same files.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from webapp.checklists import due, rules
from webapp.checklists.content import Item
from webapp.checklists.document import default_content

HERE = Path(__file__).parent
SEED = 20260110
WORDS = ("", " ", "v2.18", "V2.18 ", "Ｖ２．１８", "off", "pass", "fail", "是", "３０００", "3,000")
FIELDS = ("a", "b", "firmware")


def number(draw: random.Random) -> float:
    """A number as people and spreadsheets write them, now and then an awkward one."""
    kind = draw.randrange(6)
    if kind == 0:
        return draw.randrange(-20, 4000)
    if kind == 1:
        return draw.randrange(-200, 40000) / 10
    if kind == 2:
        return draw.randrange(1, 10**7) / 10 ** draw.randrange(1, 7)
    if kind == 3:
        return draw.choice([0, 0.1, 0.7, 1.1, 4.8, 6, 7.2, 2550, 1e12, 1.5e12, 1e-7])
    return draw.randrange(1, 60) / draw.choice([1, 2, 4, 5, 10, 20])


def number_item(draw: random.Random) -> dict[str, Any]:
    """A number with one to three rules."""
    normal: dict[str, Any] = {}
    for rule in draw.sample(["min", "max", "register", "share", "within"], draw.randrange(1, 4)):
        if rule in {"min", "max"}:
            normal[rule] = number(draw)
        elif rule == "register":
            normal["register"] = draw.choice(FIELDS)
        elif rule == "share":
            share = draw.randrange(1, 200) / 100
            normal["max_share_of_register"] = [draw.choice(FIELDS), share]
        else:
            normal["register_within"] = [draw.choice(FIELDS), draw.randrange(1, 100) / 100]
    by = {f"above_{draw.randrange(50)}": 2, f"below_{draw.randrange(-5, 5)}.5": 1}
    return {"kind": "number", "unit": "h", "severity": 3, "normal": normal, "by": by}


def item(draw: random.Random) -> dict[str, Any]:
    """An item of any kind."""
    kind = draw.choice(["number", "number", "number", "number", "choice", "text", "pass_fail"])
    names = {"key": "x", "zh": "某项", "en": "x"}
    if kind == "number":
        return names | number_item(draw)
    if kind == "choice":
        options = [{"key": key, "zh": key, "en": key} for key in ("ok", "off", "pass")]
        normal = draw.sample(["ok", "off", "pass"], draw.randrange(1, 3))
        return names | {
            "kind": "choice",
            "options": options,
            "normal": normal,
            "severity": 4,
            "by": {"off": 1},
        }
    if kind == "text" and draw.random() < 0.8:
        return names | {"kind": "text", "severity": 4, "normal": {"register": draw.choice(FIELDS)}}
    return names | {"kind": kind, "severity": draw.randrange(1, 5)}


def near(draw: random.Random, of: Item, register: dict[str, Any]) -> Any:
    """A value: half of the time on or beside a limit, where the languages could part."""
    fitting = {"choice": ["ok", "off", "pass"], "pass_fail": ["pass", "fail"], "text": WORDS}
    if of["kind"] in fitting and draw.random() < 0.8:
        return draw.choice(fitting[of["kind"]])
    known = rules.normal_range(of, register)
    limits = [bound for bound in (known.minimum, known.maximum) if bound is not None]
    if limits and draw.random() < 0.6:
        bound = draw.choice(limits)
        return draw.choice([bound, bound, bound + 1e-6, bound - 1e-6, bound + 0.1, bound - 0.1])
    return draw.choice([number(draw), number(draw), draw.choice(WORDS), None, True])


def reading(draw: random.Random) -> list[Any]:
    """``[item, register, value, verdict, severity, reason]``."""
    made: Any = item(draw)
    register = {
        name: draw.choice([number(draw), number(draw), draw.choice(WORDS), True, None])
        for name in draw.sample(FIELDS, draw.randrange(4))
    }
    value = near(draw, made, register)
    judged = rules.judge_reading(made, value, register)
    return [made, register, value, judged.verdict, judged.severity, judged.reason]


def month(draw: random.Random) -> str:
    """A month of 2024 to 2027."""
    return f"{draw.randrange(2024, 2028)}-{draw.randrange(1, 13):02}"


def due_row(draw: random.Random) -> list[Any]:
    """``[every, round month, anchor month, last read month, due]``."""
    every = draw.choice(["month", "quarter", "year"])
    made: Any = {"kind": "pass_fail", "every": every}
    months = month(draw), month(draw), draw.choice([month(draw), None])
    return [every, *months, due.is_due(made, *months)]


def spot_check(draw: random.Random, content: Any) -> list[Any]:
    """``[seed, type, share, keys]``."""
    chosen = draw.choice(content["types"])
    seed = draw.choice(["task-", "巡检-", "0199a1c2-7d3e-7"]) + str(draw.randrange(10**6))
    share = draw.choice([0.1, 0.2, 0.25, 0.3, 0.34, 0.5, 0.75])
    return [seed, chosen["key"], share, due.random_spot_checks(seed, chosen["items"], share)]


def write(name: str, data: dict[str, Any]) -> None:
    """One row a line, so that a change can be read."""
    parts = []
    for key, value in data.items():
        if isinstance(value, list) and len(value) > 1:
            rows = ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in value)
            parts.append(f"  {json.dumps(key)}: [\n{rows}\n  ]")
        else:
            parts.append(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    (HERE / name).write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def main() -> None:
    """Write both files."""
    draw = random.Random(SEED)
    content: Any = default_content()
    write("checklist.json", content)
    write(
        "seeded.json",
        {
            "about": f"Made by generate.py with seed {SEED}; both languages must answer alike.",
            "readings": [reading(draw) for _ in range(500)],
            "due": [due_row(draw) for _ in range(200)],
            "spot_checks": [spot_check(draw, content) for _ in range(120)],
            "mix_hash": [
                [text, due.mix_hash(text)] for text in ("a", "ab", "巡检", "😀", "task-1:x")
            ],
        },
    )


if __name__ == "__main__":
    main()
