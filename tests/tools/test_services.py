"""The servers that CI starts end with the command that they are for, whatever happens."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools import services

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


def is_alive(pid: int) -> bool:
    """Tell whether a process runs (one that ended and was not yet waited for does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_server_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('no such disk'); raise SystemExit(3)"]
    with (
        pytest.raises(services.Trouble, match="The store did not start:\nno such disk"),
        services.running("The store", command, tmp_path / "log", lambda: False),
    ):
        pytest.fail("it is not up")


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_args, **_options: None)
    with pytest.raises(services.Trouble, match=r"initdb is not installed here"):
        services.program("initdb")


def test_a_server_ends_when_the_work_fails(tmp_path: Path) -> None:
    started: list[int] = []
    real_start = services.start

    def start(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        process = real_start(*arguments, **options)  # type: ignore[arg-type]
        started.append(process.pid)
        return process

    services.start = start
    try:
        with (
            pytest.raises(ZeroDivisionError),
            services.running("It", SLEEPER, tmp_path / "log", lambda: True),
        ):
            raise ZeroDivisionError
    finally:
        services.start = real_start
    assert not is_alive(started[0])


def test_a_server_ends_even_when_its_starter_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from tools import services;"
        f"print(services.start({SLEEPER!r}, Path({str(tmp_path / 'log')!r})).pid, flush=True);"
        "time.sleep(60)"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=root
    ) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        assert is_alive(pid)
        starter.kill()
    deadline = time.monotonic() + 10
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(pid)


def test_the_commands_own_exit_code_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nothing:
        def __enter__(self) -> dict[str, str]:
            return {"TEST_REDIS_URL": "redis://here"}

        def __exit__(self, *_what: object) -> None:
            return None

    monkeypatch.setattr(services, "all_services", Nothing)
    asks = "import os; raise SystemExit(7 if os.environ['TEST_REDIS_URL'] else 1)"
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert services.main(["run", "--", sys.executable, "-c", asks]) == 7
    finally:
        signal.signal(signal.SIGTERM, before)
    assert "TEST_REDIS_URL" not in os.environ or os.environ["TEST_REDIS_URL"] != "redis://here"
