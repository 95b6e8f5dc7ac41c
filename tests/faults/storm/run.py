"""Lets engineers and nemesis loose, heals everything, waits for quiet, and asks the oracle."""

from __future__ import annotations

import secrets
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.faults.engineer import NodePhone, build_phone
from tests.faults.oracle import judge
from tests.faults.proxy import Proxy
from tests.faults.storm.engineer import Engineer
from tests.faults.storm.nemesis import Nemesis
from tests.faults.storm.plan import Wave, wave_of
from tests.faults.storm.world import World, login

# The oracle reads every byte there is, so it is not asked after each wave.
JUDGED_EVERY = 4
# Two phones are one person's: his office phone and his own.
SHARED_LOGINS = 1


@dataclass(frozen=True)
class Storm:
    """How long (in seconds, and in waves), how many phones, on what; the plan is the seed's."""

    seed: int
    seconds: float = 30.0
    waves: int = 10_000
    phones: int = 4
    postgres: str = ""
    store_url: str = ""

    @property
    def ground(self) -> str:
        """What it rages on, in words."""
        database = "PostgreSQL" if self.postgres else "SQLite"
        return f"{database} and {'an S3-compatible store' if self.store_url else 'a folder'}"


@dataclass
class Figures:
    """What a storm came to."""

    seconds: float = 0.0
    waves: int = 0
    judged: int = 0
    operations: int = 0
    amendments: int = 0
    photos: int = 0
    requests: int = 0
    deeds: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def lines(self) -> list[str]:
        """The figures as a person reads them."""
        return [
            f"{self.operations} operations ({self.amendments} of them amendments) with "
            f"{self.photos} photos, {self.requests} requests, {self.faults.total()} faults, in "
            f"{self.waves} waves and {self.seconds:.0f} s; judged {self.judged} times: "
            "nothing lost, nothing twice.",
            "deeds: " + _listed(self.deeds),
            "faults: " + _listed(self.faults),
        ]


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{what} {times}" for what, times in sorted(counted.items()))


class Lost(AssertionError):
    """The oracle's verdict, or what broke down, and how to see it again."""


@contextmanager
def _ground(storm: Storm) -> Iterator[tuple[World, list[Engineer], Nemesis]]:
    """The server, the phones, and a network for each; all ended afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storm-")))
        world = World(folder, storm.postgres, storm.store_url)
        stack.callback(world.end)
        world.build(storm.phones)
        networks = [Proxy(world.server.port).start() for _ in range(storm.phones)]
        for network in networks:
            stack.callback(network.stop)
        script = build_phone(folder)
        engineers = []
        for number, network in enumerate(networks):
            phone = NodePhone(script, f"http://127.0.0.1:{network.port}")
            stack.callback(phone.stop)
            person = login(max(0, number - SHARED_LOGINS))
            engineers.append(Engineer(phone, person, secrets.randbits(60)))
        yield world, engineers, Nemesis(world, networks)


def weather(storm: Storm) -> Figures:
    """One storm. :raise Lost: what the oracle found, and how to see it again"""
    figures, began = Figures(), time.monotonic()
    with _ground(storm) as (world, engineers, nemesis):
        try:
            _together([one.begin for one in engineers])
            while figures.waves < storm.waves and time.monotonic() - began < storm.seconds:
                figures.waves += 1
                wave = wave_of(storm.seed, figures.waves, storm.phones)
                _live_through(wave, engineers, nemesis)
                # A restored server lacks much until the phones have offered it again.
                if wave.restore or figures.waves % JUDGED_EVERY == 0:
                    figures.judged += _judge(world, engineers, quiet=wave.restore)
            figures.judged += _judge(world, engineers, quiet=True)
            _count(figures, engineers, nemesis)
        except BaseException as error:
            told = f"{type(error).__name__}: {error}"
            raise Lost(f"after wave {figures.waves}: {told}\n{again(storm, figures)}") from error
    figures.seconds = time.monotonic() - began
    return figures


def again(storm: Storm, figures: Figures) -> str:
    """The command that plays the same plan as far as this."""
    return (
        f"on {storm.ground}; again: python -m tests.faults.storm --seed {storm.seed} "
        f"--phones {storm.phones} --waves {figures.waves} --seconds 3600"
    )


def _together(works: Sequence[Callable[[], None]]) -> None:
    """All at once; the first failure is raised when the last has ended."""
    with ThreadPoolExecutor(len(works)) as pool:
        for begun in [pool.submit(work) for work in works]:
            begun.result()


def _live_through(wave: Wave, engineers: Sequence[Engineer], nemesis: Nemesis) -> None:
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        struck = pool.submit(nemesis.strike, wave, over)
        try:
            pairs = zip(engineers, wave.deeds, strict=True)
            _together([partial(one.work, deeds) for one, deeds in pairs])
        finally:
            over.set()
        struck.result()
    nemesis.calm()


def _judge(world: World, engineers: Sequence[Engineer], *, quiet: bool = False) -> int:
    if quiet:
        _together([one.rest for one in engineers])
    dropped = [(one, one.look()) for one in engineers]
    server = world.read()
    for one, photos in dropped:
        one.forget_photos(photos - server.photos.keys())
    judge([one.phone.told for one in engineers], server, quiet=quiet)
    return 1


def _count(figures: Figures, engineers: Sequence[Engineer], nemesis: Nemesis) -> None:
    told = [one.phone.told for one in engineers]
    figures.operations = sum(len(one.saved) for one in told)
    figures.photos = sum(len(one.saved_photos) for one in told)
    reports = [one.phone.ask("report") for one in engineers]
    kinds = Counter(sent["kind"] for report in reports for sent in report["operations"])
    figures.amendments = kinds["amendment"]
    figures.requests = sum(len(network.seen) for network in nemesis.networks)
    figures.deeds = sum((one.done for one in engineers), Counter())
    figures.faults = nemesis.struck
