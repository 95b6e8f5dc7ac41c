"""A short storm, always the same, among the other tests; `make storm` raises long ones."""

from __future__ import annotations

from tests.faults.storm.plan import DEEDS, NETWORK, SERVER, wave_of
from tests.faults.storm.run import Storm, weather
from webapp.config import Settings

SEED = 2026
WAVES = 5
# Bounded by its waves: a busy machine takes longer for the same.
SECONDS = 600


def test_engineers_lose_nothing_in_a_storm(settings: Settings) -> None:
    """Whatever the network and the server do; an older backup is put back on the way."""
    postgres = "" if settings.embedded else settings.database_url
    figures = weather(Storm(SEED, SECONDS, WAVES, 4, postgres, settings.object_store_url))
    assert figures.faults["restore"] == 1
    assert min(figures.operations, figures.photos) > 50
    assert figures.faults.total() > 20
    assert figures.judged >= 2


def test_a_storms_plan_comes_from_its_seed_alone() -> None:
    first = [wave_of(SEED, number, 4) for number in range(1, 60)]
    assert first == [wave_of(SEED, number, 4) for number in range(1, 60)]
    assert wave_of(SEED + 1, 1, 4) != first[0]
    deeds = {deed.what for wave in first for one in wave.deeds for deed in one}
    assert deeds == DEEDS.keys()
    blows = {blow.what for wave in first for blow in wave.blows}
    assert blows == NETWORK.keys() | SERVER.keys()
