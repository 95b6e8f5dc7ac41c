"""Says whether every text stands in both languages, and every error of the server has its own.

The client's types hold the keys together as it is built; this also compares what the texts ask
for (`{name}`), finds empty ones, and finds codes of `webapp/errors.py` that nobody can read.
"""

import json
import re
import sys
from pathlib import Path

from webapp.errors import CATALOGUE

TEXTS = Path(__file__).resolve().parent.parent / "webapp/pwa/client/src/i18n"
ENTRY = re.compile(r'^\s*"?([\w.]+)"?:\s*("(?:[^"\\]|\\.)*")', re.MULTILINE)
PLACEHOLDER = re.compile(r"\{(\w+)")


def read_texts(file: Path) -> dict[str, str]:
    """Return the texts of one catalogue file by their keys."""
    source = file.read_text(encoding="utf-8")
    return {key: json.loads(text) for key, text in ENTRY.findall(source)}


def problems_of_area(area: str, zh: dict[str, str], en: dict[str, str]) -> list[str]:
    """Return a sentence for each key that the two languages don't share as they should."""
    found = [f"{area}: {key} is missing in English" for key in sorted(zh.keys() - en.keys())]
    found += [f"{area}: {key} is missing in Chinese" for key in sorted(en.keys() - zh.keys())]
    for key in sorted(zh.keys() & en.keys()):
        if not zh[key].strip() or not en[key].strip():
            found.append(f"{area}: {key} is empty")
        asked, given = set(PLACEHOLDER.findall(zh[key])), set(PLACEHOLDER.findall(en[key]))
        # A count may show in one language as a plural alone.
        if asked != given:
            found.append(f"{area}: {key} asks for {sorted(asked)} and {sorted(given)}")
    return found


def all_problems(texts: Path = TEXTS) -> list[str]:
    """Return every problem of the catalogues, one sentence each."""
    areas = sorted(file.name for file in (texts / "zh").glob("*.ts"))
    found = [f"{name}: has no English half" for name in areas if not (texts / "en" / name).exists()]
    keys: set[str] = set()
    for name in areas:
        zh = read_texts(texts / "zh" / name)
        en_file = texts / "en" / name
        if en_file.exists():
            found += problems_of_area(name, zh, read_texts(en_file))
        found += [f"{name}: {key} stands in another area too" for key in sorted(keys & zh.keys())]
        keys |= zh.keys()
    missing = sorted(code for code in CATALOGUE if f"error.{code}" not in keys)
    found += [f"errors.ts: the server's code {code} has no text" for code in missing]
    if len(keys) < len(CATALOGUE):
        found.append("the catalogues could not be read")
    return found


if __name__ == "__main__":
    found = all_problems()
    print("\n".join(found) or "Catalogues: every text in both languages, every error readable.")
    sys.exit(1 if found else 0)
