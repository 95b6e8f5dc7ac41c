"""Ports for servers that a run starts, which no other run on this machine is given meanwhile.

To find a free port, close it and bind it a second later is a race: another run finds the same one,
or a client's connection takes it on its way out, and whoever comes second asks the wrong server. So
ports come from outside of what the system gives to outgoing connections, and each is held by a lock
on one byte of a file for as long as this process lives, through every restart of its server.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

HERE = "127.0.0.1"
LOWEST, HIGHEST = 10_000, 65_535
_SYSTEMS_OWN = Path("/proc/sys/net/ipv4/ip_local_port_range")
# What the system gives out where it does not say so: the range that IANA leaves to it.
_USUAL = (49_152, 65_535)
_claimed: set[int] = set()
_locks: list[int] = []


def candidates() -> list[int]:
    """The ports that only somebody who names them gets; all of them where the system gives out any."""
    with contextlib.suppress(OSError):
        low, high = (int(word) for word in _SYSTEMS_OWN.read_text(encoding="ascii").split())
        return _outside(low, high)
    return _outside(*_USUAL)


def _outside(low: int, high: int) -> list[int]:
    ports = range(LOWEST, HIGHEST + 1)
    return [port for port in ports if not low <= port <= high] or list(ports)


def free_port() -> int:
    """A port that nobody listens on; it is this process's until it ends."""
    ports = candidates()
    random.shuffle(ports)
    return next(port for port in ports if _claim(port) and _is_free(port))


def free_ports(count: int) -> list[int]:
    """So many of them."""
    return [free_port() for _ in range(count)]


def _claim(port: int) -> bool:
    """Lock the port's byte. The lock is the process's: what it has already is told apart here."""
    if port in _claimed:
        return False
    if not _locks:
        path = Path(tempfile.gettempdir()) / f"roundbook-ports-{os.getuid()}"
        _locks.append(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
    try:
        fcntl.lockf(_locks[0], fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _claimed.add(port)
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HERE, port))
        except OSError:
            return False
    return True
