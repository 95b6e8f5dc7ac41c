"""Says whether every lock file is whole: hashes for all, and no registry's address in any."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON_LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-node.lock")
NODE_LOCKS = ("webapp/pwa/client/package-lock.json", "bench/lighthouse/package-lock.json")
ADDRESS = re.compile(
    r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)\b|\w+://|file:",
    re.MULTILINE,
)
# npm keeps who funds a package in its lock; that is no place that anything is fetched from.
NODE_ADDRESS = re.compile(r'"resolved"\s*:')


def problems_of_python_lock(name: str, text: str) -> list[str]:
    """Return a sentence for each requirement without hashes and each address in the text."""
    found = [
        f"{name}: holds an address or an index option: {hit.group(0).strip()}"
        for hit in ADDRESS.finditer(text)
    ]
    for block in re.split(r"\n(?=[a-zA-Z0-9])", text):
        head = block.split("\n", 1)[0]
        if "==" in head and not head.startswith("#") and "--hash=sha256:" not in block:
            found.append(f"{name}: no hash for {head.strip()}")
    return found


def problems_of_node_lock(name: str, text: str) -> list[str]:
    """Return a sentence when npm's lock records where packages were downloaded from."""
    hits = len(NODE_ADDRESS.findall(text))
    found = (
        [f"{name}: records {hits} download addresses (set omit-lockfile-registry-resolved)"]
        if hits
        else []
    )
    if '"integrity"' not in text:
        found.append(f"{name}: has no hashes")
    return found


def all_problems(root: Path = ROOT) -> list[str]:
    """Return every problem of every lock file under the root, one sentence each."""
    found: list[str] = []
    for names, check in (
        (PYTHON_LOCKS, problems_of_python_lock),
        (NODE_LOCKS, problems_of_node_lock),
    ):
        for name in names:
            path = root / name
            if path.exists():
                found += check(name, path.read_text(encoding="utf-8"))
            else:
                found.append(f"{name}: is missing")
    return found


if __name__ == "__main__":
    found = all_problems()
    print("\n".join(found) or "Lock files: hashes for all, no address in any.")
    sys.exit(1 if found else 0)
