"""Strikes when its time has come: a fault for a phone's next requests, or a blow to the server."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.proxy import Answer, Fault, Proxy, portal
from tests.faults.storm.plan import Blow, Wave
from tests.faults.storm.world import World

LOOKED_EVERY_SECONDS = 0.01
PROBLEM = {"Content-Type": "application/problem+json"}
JSON = {"Content-Type": "application/json"}


def fault_of(blow: Blow) -> Fault:
    """The fault that a phone's network will have."""
    length = int(blow.amount * 2000)
    choice = int(blow.amount * 1000)
    fault = {
        "lost": lambda: Fault(lost=True),
        "reply_lost": lambda: Fault(reply_lost=True),
        "request_cut": lambda: Fault(request_bytes=length),
        "reply_cut": lambda: Fault(reply_bytes=length // 8),
        "empty": lambda: Fault(empty=True),
        # A photo alone: what else is changed on its way, the encryption of the line would tell.
        "damaged": lambda: Fault(method="PUT", damage=_turned_over),
        "delayed": lambda: Fault(delay_seconds=blow.amount),
        "doubled": lambda: Fault(twice=True),
        "held_back": lambda: Fault(held=True, held_seconds=2 * blow.amount),
        "portal": lambda: Fault(answer=portal([200, 302, 511][choice % 3])),
        "busy": lambda: Fault(answer=_busy([429, 503][choice % 2])),
        "failing": lambda: Fault(answer=_failing(choice)),
        "too_large": lambda: Fault(answer=Answer(413, PROBLEM, b'{"code": "too_large"}')),
    }[blow.what]()
    fault.path, fault.times = blow.path, blow.times
    return fault


def _turned_over(body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1]) if body else body


def _busy(status: int) -> Answer:
    return Answer(status, PROBLEM | {"Retry-After": "1"}, b'{"code": "busy"}')


def _failing(choice: int) -> Answer:
    return [
        Answer(500, {"Content-Type": "text/html"}, b"<h1>Internal Server Error</h1>"),
        Answer(502, {"Content-Type": "text/html"}, b"<h1>Bad Gateway</h1>"),
        Answer(200, JSON, b'{"envelope": 1, "results": []}'),
        Answer(204),
    ][choice % 4]


@dataclass
class Nemesis:
    """Knows the world and everybody's network; counts what it did."""

    world: World
    networks: Sequence[Proxy]
    struck: Counter[str] = field(default_factory=Counter)
    _added: list[tuple[str, Fault]] = field(default_factory=list)

    def strike(self, wave: Wave, over: threading.Event) -> None:
        """The wave's blows, each when its time has come, until all others are through with it."""
        before = self._requests()
        for blow in wave.blows:
            if self._come(before + blow.after_requests, over):
                self._strike_now(blow)
        if wave.backup:
            self.world.backup()
        if wave.restore:
            self.world.restore()
            self.struck["restore"] += 1

    def _requests(self) -> int:
        return sum(len(network.seen) for network in self.networks)

    def _come(self, requests: int, over: threading.Event) -> bool:
        while self._requests() < requests:
            if over.wait(LOOKED_EVERY_SECONDS):
                return False
        return True

    def _strike_now(self, blow: Blow) -> None:
        if blow.phone is not None:
            fault = self.networks[blow.phone].add(fault_of(blow))
            self._added.append((blow.what, fault))
            return
        if blow.what == "break_store" and not self.world.store_network:
            return  # A folder has no network.
        self.struck[blow.what] += 1
        amount, world = blow.amount, self.world
        {
            "kill_worker": lambda: world.kill_worker(int(amount * 100)),
            "kill_server": lambda: world.kill_server(amount),
            "restart_server": world.restart_server,
            "pause_server": lambda: world.pause_server(3 * amount),
            "break_database": lambda: world.break_database(2 * amount),
            "break_store": lambda: world.break_store(1 + int(amount * 5)),
            "new_secret": world.new_secret,
        }[blow.what]()

    def calm(self) -> None:
        """Leave everybody alone from now on; what was met is counted."""
        for network in self.networks:
            network.heal()
        self.world.heal()
        for what, fault in self._added:
            self.struck[what] += fault.met
        self._added.clear()
