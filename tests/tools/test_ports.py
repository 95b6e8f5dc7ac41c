"""A port that was given out is nobody else's, whatever else runs here; and a server whose port a
stranger has taken comes up on another."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.server import Server, prepare
from tools import ports

ROOT = Path(__file__).parents[2]


def test_no_two_runs_are_given_the_same_port(monkeypatch: pytest.MonkeyPatch) -> None:
    few = [ports.free_port() for _ in range(2)]
    code = f"from tools import ports; print([p for p in {few} if ports._claim(p)])"
    asked = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert asked.stdout == "[]\n"
    monkeypatch.setattr(ports, "candidates", lambda: list(few))
    with pytest.raises(StopIteration):
        ports.free_port()


def test_ports_are_none_that_a_client_on_its_way_out_may_take() -> None:
    found = ports.candidates()
    with socket.create_server((ports.HERE, 0)) as server:
        address = server.getsockname()
        assert address[1] not in found
        with socket.create_connection(address) as client:
            assert client.getsockname()[1] not in found


def test_a_port_that_a_stranger_listens_on_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, free = ports.candidates()[:2]
    with socket.socket() as stranger:
        monkeypatch.setattr(ports, "_claimed", set())
        stranger.bind((ports.HERE, taken))
        stranger.listen()
        monkeypatch.setattr(ports, "candidates", lambda: [taken] * 3 + [free])
        assert ports.free_port() == free


@pytest.mark.slow
def test_a_server_whose_port_was_taken_comes_up_on_another(tmp_path: Path) -> None:
    prepare(tmp_path, demo=False)
    server = Server(tmp_path)
    taken = server.port
    try:
        with socket.create_server((ports.HERE, taken)):
            server.start()
        assert server.port != taken
    finally:
        server.kill()


def test_a_server_that_ends_for_another_reason_says_so_at_once(tmp_path: Path) -> None:
    server = Server(tmp_path, command=["sh", "-c", "echo no such thing >&2; exit 1"])
    with pytest.raises(OSError, match="no such thing"):
        server.start()
    server.kill()
