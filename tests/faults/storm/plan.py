"""What everybody will do in a storm, wave by wave: drawn from the seed, and from nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

# How often an engineer does what, among his deeds.
DEEDS = {
    "save": 30,
    "amend": 12,
    "undo": 8,
    "amend_and_undo": 4,
    "sign": 8,
    "scan": 6,
    "declare": 5,
    "step": 10,
    "log_hours": 6,
    "undo_case": 4,
    "photo": 6,
    "sync": 14,
    "sync_meanwhile": 16,
    "worker": 6,
    "restart": 5,
    "killed_while_saving": 4,
    "killed_while_sending": 4,
    "killed_while_declaring": 2,
    "set_clock": 3,
    "forget_session": 1,
}
# What the nemesis does to a phone's network (met by the requests that fit), and how often.
NETWORK = {
    "lost": 10,
    "reply_lost": 14,
    "request_cut": 8,
    "reply_cut": 8,
    "empty": 4,
    "damaged": 4,
    "delayed": 8,
    "doubled": 10,
    "held_back": 8,
    "portal": 6,
    "busy": 8,
    "failing": 6,
    "too_large": 3,
}
# What it does to the server.
SERVER = {
    "kill_worker": 8,
    "kill_server": 8,
    "restart_server": 3,
    "pause_server": 5,
    "break_database": 5,
    "break_store": 5,
    "new_secret": 1,
}
PATHS = ["", "sync/push", "sync/push", "/photos", "/photos", "sync/pull", "sync/missing"]
DEEDS_A_WAVE = (10, 24)
# An older backup is put back in every so many waves, one that was taken so many waves before.
RESTORE_EVERY, BACKUP_BEFORE = 5, 2


@dataclass(frozen=True)
class Deed:
    """One thing that an engineer does; ``draw`` (0 to 1) chooses on what, ``photos`` are lengths."""

    what: str
    draw: float
    photos: tuple[int, ...] = ()


@dataclass(frozen=True)
class Blow:
    """One thing that the nemesis does, once so many requests of the wave have come; else never.

    ``phone`` is whose network is meant, None for the server; ``amount`` (0 to 1) is how much of a
    body goes through, or how long it takes.
    """

    what: str
    after_requests: int
    amount: float
    phone: int | None = None
    path: str = ""
    times: int = 1


@dataclass(frozen=True)
class Wave:
    """What happens at once: each engineer's deeds in their order, the blows in theirs."""

    number: int
    deeds: tuple[tuple[Deed, ...], ...]
    blows: tuple[Blow, ...]
    backup: bool
    restore: bool


def wave_of(seed: int, number: int, phones: int) -> Wave:
    """The wave of this number, from 1 on."""
    random = Random(f"{seed}/{number}")
    deeds = tuple(
        tuple(_deed(random) for _ in range(random.randint(*DEEDS_A_WAVE))) for _ in range(phones)
    )
    network = [_network_blow(random, phones) for _ in range(random.randint(2 * phones, 6 * phones))]
    server = [_server_blow(random, phones) for _ in range(random.randint(0, 3))]
    return Wave(
        number,
        deeds,
        tuple(sorted(network + server, key=lambda blow: blow.after_requests)),
        backup=(number + BACKUP_BEFORE) % RESTORE_EVERY == 0,
        restore=number % RESTORE_EVERY == 0,
    )


def _one_of(random: Random, weights: dict[str, int]) -> str:
    return random.choices(list(weights), list(weights.values()))[0]


def _deed(random: Random) -> Deed:
    what = _one_of(random, DEEDS)
    number = random.choice([0, 1, 1, 2, 4])
    lengths = [random.choice([500, 3000, 30_000]) for _ in range(number)]
    return Deed(what, random.random(), tuple(lengths))


def _network_blow(random: Random, phones: int) -> Blow:
    return Blow(
        _one_of(random, NETWORK),
        after_requests=random.randrange(15 * phones),
        amount=random.random(),
        phone=random.randrange(phones),
        path=random.choice(PATHS),
        times=random.randint(1, 4),
    )


def _server_blow(random: Random, phones: int) -> Blow:
    return Blow(
        _one_of(random, SERVER),
        after_requests=random.randrange(15 * phones),
        amount=random.random(),
    )
