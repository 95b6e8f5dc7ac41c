"""Builds the phone's and the desk's face, and only when its sources have changed.

`python -m tools.client build` installs the locked npm packages when the lock has changed and
builds when a source has; `python -m tools.client npm …` runs npm there. It takes the system's
Node where that is new enough, and else a pinned one that comes as a Python package into .venv.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tools import venv

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "webapp/pwa/client"
STATIC = ROOT / "webapp/static"
BUILT = STATIC / "app"
INSTALLED_STAMP = CLIENT / "node_modules/.roundbook-installed"
BUILT_STAMP = CLIENT / "node_modules/.roundbook-built"
# What the build and the packages' own types don't look at.
LEFT_OUT = {"node_modules", "app", "__pycache__", "test-results", "dist", "coverage"}

NPM_FAILED = (
    "npm could not finish; its own words are above. The packages come from the npm registry.\n"
    "npm 未能完成，输出见上。依赖包来自 npm 仓库。"
)


def node_version(environment: dict[str, str]) -> tuple[int, int] | None:
    """Return the major and minor number of the Node on the path, or None without Node and npm."""
    path = environment["PATH"]
    if shutil.which("node", path=path) is None or shutil.which("npm", path=path) is None:
        return None
    done = subprocess.run(
        ["node", "--version"], env=environment, capture_output=True, text=True, check=False
    )
    try:
        major, minor = done.stdout.strip().lstrip("v").split(".")[:2]
        return int(major), int(minor)
    except ValueError:
        return None


def is_new_enough(version: tuple[int, int] | None) -> bool:
    """Tell whether the build tools run on this Node: 20.19, 22.12, or 24 and later."""
    if version is None:
        return False
    major, minor = version
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major >= 24


def environment_with_node() -> dict[str, str]:
    """Return an environment whose path leads to a Node that is new enough, made if need be."""
    environment = dict(os.environ)
    environment.setdefault("PATH", os.defpath)
    if not os.access(Path(environment.get("HOME", "/nonexistent")), os.W_OK):
        environment["npm_config_cache"] = str(ROOT / ".cache/npm")
    if is_new_enough(node_version(environment)):
        return environment
    if venv.main("node"):
        sys.exit(1)
    environment["PATH"] = f"{venv.VENV / 'bin'}:{environment['PATH']}"
    return environment


def sources() -> Iterator[Path]:
    """Yield every file that the build may read, in a fixed order."""
    for top in (CLIENT, STATIC):
        for folder, folders, files in os.walk(top):
            folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
            yield from (Path(folder, name) for name in sorted(files) if name != "openapi.json")


def fingerprint(files: Iterator[Path]) -> str:
    """Return a hash of the names and contents of the files."""
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file.relative_to(ROOT)}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def remembers(stamp: Path, mark: str) -> bool:
    """Tell whether the stamp holds this mark."""
    return stamp.exists() and stamp.read_text(encoding="utf-8") == mark


def npm(arguments: list[str], environment: dict[str, str]) -> int:
    """Run npm in the client's folder and return its exit code."""
    return subprocess.run(
        ["npm", *arguments], cwd=CLIENT, env=environment, stdin=subprocess.DEVNULL, check=False
    ).returncode


def must(arguments: list[str], environment: dict[str, str]) -> None:
    """Run npm, and stop with a clear sentence when it fails."""
    if npm(arguments, environment):
        sys.exit(NPM_FAILED)


def install() -> dict[str, str]:
    """Install the locked packages when the lock has changed; return the environment with Node."""
    environment = environment_with_node()
    mark = fingerprint(iter([CLIENT / "package-lock.json"])) + str(node_version(environment))
    if not remembers(INSTALLED_STAMP, mark):
        print("Installing the locked npm packages …", flush=True)
        must(["ci", "--no-audit", "--no-fund"], environment)
        INSTALLED_STAMP.write_text(mark, encoding="utf-8")
    return environment


def build() -> None:
    """Build into webapp/static/app when a source has changed since the last build."""
    mark = fingerprint(sources())
    if remembers(BUILT_STAMP, mark) and (BUILT / "index.html").exists():
        return
    began = time.monotonic()
    environment = install()
    print("Building the client …", flush=True)
    must(["run", "build"], environment)
    BUILT_STAMP.write_text(mark, encoding="utf-8")
    print(f"The client is ready ({time.monotonic() - began:.0f} s).", flush=True)


def main(arguments: list[str]) -> int:
    """Do what the command line says; several callers wait for each other."""
    if arguments[:1] == ["build"]:
        with venv.one_at_a_time(CLIENT):
            build()
        return 0
    if arguments[:1] == ["npm"]:
        with venv.one_at_a_time(CLIENT):
            environment = install()
        return npm(arguments[1:], environment)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
