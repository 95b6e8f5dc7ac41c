"""Makes .venv from the lock files, and does nothing when it is there and up to date.

`python3 -m tools.venv run` brings what the server needs, `dev` also what tests and checks need,
`node` the pinned Node for machines that have none. It is run by the system's Python, before
anything is installed, so it uses the standard library alone.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("VENV", ROOT / ".venv"))
LOCKS = {
    "run": "requirements.lock",
    "dev": "requirements-dev.lock",
    "node": "requirements-node.lock",
}
NEEDED = (3, 11)

TOO_OLD = (
    "Roundbook needs Python 3.11 or newer; {path} is {version}. Install a newer one and run "
    "`make PYTHON=python3.12 …`.\n"
    "需要 Python 3.11 或更高版本；{path} 是 {version}。请安装新版本后运行 `make PYTHON=python3.12 …`。"
)
NO_VENV = (
    "Python's venv module is incomplete here. Install it with: sudo apt-get install python3-venv\n"
    "本机缺少 Python 的 venv 模块，请运行：sudo apt-get install python3-venv"
)
FAILED = (
    "Installing the locked packages failed; pip's own words are above.\n"
    "安装锁定的依赖失败，pip 的输出见上。"
)


def fingerprint(kind: str) -> str:
    """Return what the environment is made of: the lock, the Python and the place, hashed."""
    lock = (ROOT / LOCKS[kind]).read_bytes()
    about = f"{sys.version_info[:2]} {VENV}".encode()
    return hashlib.sha256(lock + about).hexdigest()


def stamp(kind: str) -> Path:
    """Return the file that remembers the fingerprint of what was installed last."""
    return VENV / f".roundbook-{kind}"


def is_current(kind: str) -> bool:
    """Tell whether nothing needs to be done for this kind."""
    path = stamp(kind)
    return (
        (VENV / "bin/python").exists()
        and path.exists()
        and (path.read_text(encoding="utf-8") == fingerprint(kind))
    )


def make_environment() -> None:
    """Make an empty environment, or say plainly what this machine lacks for it."""
    if sys.version_info < NEEDED:
        version = ".".join(map(str, sys.version_info[:3]))
        sys.exit(TOO_OLD.format(path=sys.executable, version=version))
    if (VENV / "bin/python").exists() and runs_our_version():
        return
    print(f"Making the Python environment in {VENV.name} …", flush=True)
    if not venv_is_complete():
        from tools.debian import install

        if not install("python3-venv"):
            sys.exit(NO_VENV)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)


def runs_our_version() -> bool:
    """Tell whether the environment that is there is whole and of this Python's version."""
    asked = "import sys, pip; print(sys.version_info[:2])"
    done = subprocess.run(
        [str(VENV / "bin/python"), "-c", asked], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() == str(sys.version_info[:2])


def venv_is_complete() -> bool:
    """Tell whether this Python can make environments with pip (Debian packs that apart)."""
    done = subprocess.run(
        [sys.executable, "-c", "import venv, ensurepip"], capture_output=True, check=False
    )
    return done.returncode == 0


def install_lock(lock: str) -> bool:
    """Install exactly what the lock names, printing a line of progress for each package."""
    total = len(
        re.findall(r"^[a-z0-9].*==", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)
    )
    print(f"Installing up to {total} locked packages from {lock} …", flush=True)
    command = [
        str(VENV / "bin/python"),
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--no-deps",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar",
        "off",
        "-r",
        str(ROOT / lock),
    ]
    log: list[str] = []
    done = 0
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as pip:
        for line in pip.stdout or ():
            log.append(line)
            # A package from a local folder is "processed", one from a registry "collected".
            named = re.match(r"(?:Collecting|Processing) (?:\S*/)?(\S+) \(from -r", line)
            if named:
                done += 1
                print(f"  {done:3} {named.group(1).removesuffix('.whl')}", flush=True)
            elif line.startswith("Installing collected"):
                print("  unpacking …", flush=True)
    if pip.returncode:
        print("".join(log[-40:]))
    return pip.returncode == 0


def main(kind: str) -> int:
    """Bring the environment up to date for one kind; several callers wait for each other."""
    # Whoever has the developers' environment also has all that the server needs.
    if is_current(kind) or (kind == "run" and is_current("dev")):
        return 0
    with one_at_a_time(ROOT):
        return 0 if is_current(kind) else bring_up_to_date(kind)


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold a folder's lock, so that two makes in one tree wait for each other."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def bring_up_to_date(kind: str) -> int:
    """Make the environment where it is missing and install the kind's lock into it."""
    began = time.monotonic()
    make_environment()
    if not install_lock(LOCKS[kind]):
        print(FAILED)
        return 1
    stamp(kind).write_text(fingerprint(kind), encoding="utf-8")
    print(f"The Python environment is ready ({time.monotonic() - began:.0f} s).", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "dev"))
